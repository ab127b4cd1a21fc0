// Answers where there is no Python: has the engine that Python packed answer on the page.

import { importSource } from "./source.js";

/**
 * What Python packs (offline.py): the engine, as the source of a module, and what it needs. A page of its own has the
 * module itself. Empty unless it is wanted.
 * @typedef {object} Offline
 * @property {string | typeof import("./engine/index.js")} engine
 * @property {import("./engine/index.js").Packed} packed
 * @property {Record<string, DataView>} parts  binary: the weights, or a model and what runs it
 * @property {boolean} always  whether Python is there, and cannot answer: it lacks numpy
 */

/**
 * @param {import("./traits.js").Model<import("./engine/responder.js").Traits & { _offline: Partial<Offline> }>} model
 * @param {Document} document
 * @param {AbortSignal} signal  ends it
 */
export function createOffline(model, document, signal) {
  let isOn = false;
  /** @type {ReturnType<typeof import("./engine/index.js").createAnswerer> | undefined} */
  let answerer;

  /** The engine, with what it needs. @param {Partial<Offline>} offline */
  async function load({ engine, packed, parts }) {
    const bytes = Object.fromEntries(
      Object.entries(parts ?? {}).map(([name, view]) => [
        name,
        new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
      ]),
    );
    const { start, createAnswerer } = typeof engine === "string" ? await importSource(engine) : engine;
    return {
      start: () => start(model, packed, bytes, { document, signal }),
      createAnswerer: () => createAnswerer(packed, bytes, document),
    };
  }

  return {
    /** Whether the page answers. */
    get isOn() {
      return isOn;
    },

    /** Have the page answer from now on, if it can. */
    begin() {
      const offline = model.get("_offline");
      if (isOn || !offline.engine) return;
      isOn = true;
      load(offline)
        .then(({ start }) => signal.aborted || start())
        .catch((error) => model.set("error", `The page cannot answer: ${error.message}`));
    },

    /**
     * The answer to a drawing, for a Python that lacks what it takes; undefined if the page cannot answer either.
     * @param {string} picture  a data URL; "" when the pad is blank
     * @param {boolean} isOfPad  whether the pad alone has drawn it
     */
    async answerFor(picture, isOfPad) {
      if (!picture) return undefined;
      try {
        answerer ??= (await load(model.get("_offline"))).createAnswerer();
        return await answerer?.answer(picture, isOfPad);
      } catch {
        return undefined; // Python then says what it lacks
      }
    },
  };
}
