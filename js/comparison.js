// The anywidget entry of a comparison: a pad, with the answers of several models.

import { createModels } from "./models.js";
import { render } from "./view.js";

/** @type {{ render: import("@anywidget/types").Render<any> }} */
export default { render: (props) => render(props, createModels) };
