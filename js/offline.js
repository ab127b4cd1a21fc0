// Answers where there is no Python: has the engine that Python packed answer on the page.

import { importSource } from "./source.js";

/**
 * What Python packs (offline.py): the engine, as the source of a module, and what it needs. A page of its own has the
 * module itself. Empty unless it is wanted.
 * @typedef {object} Offline
 * @property {string | typeof import("./engine/index.js")} engine
 * @property {import("./engine/index.js").Packed} packed
 * @property {Record<string, DataView>} parts  binary: the weights, or a model and what runs it
 */

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
      const { engine, packed, parts } = model.get("_offline");
      if (isOn || !engine || !packed || !parts) return;
      isOn = true;
      const bytes = Object.fromEntries(
        Object.entries(parts).map(([name, view]) => [name, new Uint8Array(view.buffer, view.byteOffset, view.byteLength)]),
      );
      Promise.resolve(typeof engine === "string" ? importSource(engine) : engine)
        .then(({ start }) => start(model, packed, bytes, { document, signal }))
        .catch((error) => model.set("error", `The page cannot answer: ${error.message}`));
    },
  };
}
