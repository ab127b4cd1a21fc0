// Answers where there is no Python: has the engine that Python packed answer on the page.

/**
 * What Python packs (offline.py): the engine, as the source of a module, and what it needs. A page of its own has the
 * module itself. Empty unless it is wanted.
 * @typedef {object} Offline
 * @property {string | typeof import("./engine/index.js")} engine
 * @property {import("./engine/index.js").Packed} packed
 * @property {DataView} weights
 */

/** @param {string} source */
async function load(source) {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return /** @type {typeof import("./engine/index.js")} */ (await import(url));
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * @param {import("./traits.js").Model<import("./engine/responder.js").Traits & { _offline: Partial<Offline> }>} model
 * @param {Document} document
 * @param {AbortSignal} signal  ends it
 */
export function createOffline(model, document, signal) {
  let isOn = false;
  return {
    /** Whether the page answers. */
    get isOn() {
      return isOn;
    },

    /** Have the page answer from now on, if it can. */
    begin() {
      const { engine, packed, weights } = model.get("_offline");
      if (isOn || !engine || !packed || !weights) return;
      isOn = true;
      const bytes = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
      Promise.resolve(typeof engine === "string" ? load(engine) : engine)
        .then(({ start }) => start(model, packed, bytes, { document, signal }))
        .catch((error) => model.set("error", `The page cannot answer: ${error.message}`));
    },
  };
}
