// Listening to a model's traits.

/** @template {object} Traits @typedef {import("@anywidget/types").AnyModel<Traits>} Model */

/**
 * React to changes of traits: once for all that change together. Hosts report them one by one, some of them before the
 * others have their new values.
 *
 * @template {object} Traits
 * @param {Model<Traits>} model
 * @param {(keyof Traits & string)[]} names
 * @param {() => void} react
 * @param {AbortSignal} signal  ends it
 * @returns {() => void}  has `react` called for another reason, once with all others
 */
export function listen(model, names, react, signal) {
  let isDue = false;
  const soon = () => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      if (!signal.aborted) react();
    });
  };
  for (const name of names) {
    model.on(`change:${name}`, soon);
    signal.addEventListener("abort", () => model.off(`change:${name}`, soon));
  }
  return soon;
}
