// What the Jupyter extension does around VS Code's widget manager, in a page: a kernel, the manager, outputs.

import { activate } from "./ipywidgets.js";

const WIDGET = "application/vnd.jupyter.widget-view+json";
const { KernelManager, ServerConnection } = window["@jupyterlab/services"];

activate();
window.vscIPyWidgets8.load();

let kernel;
let manager;

/** Show a widget as the extension's renderer does: two elements of this class, one in the other. */
async function show(output) {
  const [outer, inner] = [document.createElement("div"), document.createElement("div")];
  outer.className = inner.className = "cell-output-ipywidget-background";
  outer.append(inner);
  document.body.append(outer);
  const view = await manager.create_view(await manager.get_model(output.model_id), { el: inner });
  await manager.display_view(output, view, { node: inner });
}

window.harness = {
  /** Connect a manager to a kernel that runs. */
  async connect(token, id) {
    const baseUrl = `${location.origin}/`;
    const serverSettings = ServerConnection.makeSettings({
      baseUrl,
      wsUrl: baseUrl.replace("http", "ws"),
      token,
      appendToken: true,
    });
    kernel = new KernelManager({ serverSettings }).connectTo({ model: { id, name: "python3" } });
    await kernel.info;
    // The extension finds a widget's script where it is installed, and tells RequireJS.
    const scripts = {
      widgetsRegisteredInRequireJs: new Set(),
      async loadWidgetScript(name) {
        window.requirejs.config({ paths: { [name]: new URL(`nbextensions/${name}/index`, location.href).href } });
        this.widgetsRegisteredInRequireJs.add(name);
      },
      successHandler() {},
      errorHandler(_class, name, _version, error) {
        throw new Error(`${name} could not be loaded: ${error}`);
      },
    };
    manager = new window.vscIPyWidgets.WidgetManager(kernel, document.body, scripts, () => {});
  },

  /** Run a cell, show its widgets, and return what they are, for a page that comes after this one. */
  async run(code) {
    const outputs = [];
    const future = kernel.requestExecute({ code });
    future.onIOPub = ({ content }) => {
      if (content.data?.[WIDGET]) outputs.push(content.data[WIDGET]);
    };
    const { content } = await future.done;
    if (content.status !== "ok") throw new Error(`${content.ename}: ${content.evalue}`);
    for (const output of outputs) await show(output);
    return outputs;
  },

  /** Show widgets that live on in the kernel from a page before this one. */
  async attach(outputs) {
    await manager._loadFromKernel();
    for (const output of outputs) await show(output);
  },
};
