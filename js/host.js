// What the page around the widget says about it, and what the widget hides on that page.

/**
 * Whether there is no Python: ipywidgets marks the view of a model that was saved in a file.
 * @param {HTMLElement} view
 */
export const isAlone = (view) => view.classList.contains("jupyter-widgets-disconnected");

/**
 * Whether Python is probably gone: the kernel is, or it has nothing to do and does not answer, as after a restart.
 * False where the host does not say, as others than JupyterLab, Notebook and Voila.
 * @param {{ widget_manager?: any }} model  that waits for an answer
 */
export function isGone({ widget_manager: manager }) {
  const { status, connectionStatus } = manager?.kernel ?? {};
  return connectionStatus === "disconnected" || ["idle", "dead", "restarting", "autorestarting"].includes(status);
}

/**
 * @param {HTMLElement} view
 * @param {() => void} onChange  called when `isAlone` may have changed
 * @param {AbortSignal} signal  ends it
 */
export function watchHost(view, onChange, signal) {
  const observer = new MutationObserver(onChange);
  observer.observe(view, { attributeFilter: ["class"] });
  signal.addEventListener("abort", () => observer.disconnect());
}

/**
 * @param {{ widget_manager?: any }} model
 * @param {() => void} onChange  called when `isGone` may have changed
 * @param {AbortSignal} signal  ends it
 */
export function watchKernel({ widget_manager: manager }, onChange, signal) {
  for (const name of ["statusChanged", "connectionStatusChanged"]) {
    const changed = manager?.kernel?.[name];
    changed?.connect(onChange);
    signal.addEventListener("abort", () => changed?.disconnect(onChange));
  }
}

/**
 * A style sheet that hides what a notebook keeps for readers without Python (keepsake.py).
 * @param {Document} document
 * @param {string} name  the widget's, in `_kept_as`
 */
export function hideKept(document, name) {
  const style = document.createElement("style");
  const kept = `.digit-widget-${CSS.escape(name)}`;
  style.textContent = `:is(${kept}, .jp-OutputArea-child:has(${kept})) { display: none }`;
  return style;
}
