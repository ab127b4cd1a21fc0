// The anywidget entry of a pad.

import { render } from "./view.js";

/** @type {{ render: import("@anywidget/types").Render<any> }} */
export default { render: (props) => render(props) };
