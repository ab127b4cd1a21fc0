// The engine: a model that answers without Python, as offline.py packs it.

import { createClassifier } from "./classifier.js";
import { createCNN } from "./cnn.js";
import { createOnnx } from "./onnx.js";
import { explain } from "./explain.js";
import { painted } from "./heat.js";
import { decode, inkOf, inkUrl, pixelsUrl } from "./picture.js";
import { respond } from "./responder.js";
import { createTeacher } from "./teacher.js";

/**
 * @typedef {object} Proof  a drawing, and what the model says of it in Python
 * @property {number} width
 * @property {number} height
 * @property {string} ink  one byte a pixel, 255 = full ink, in base64
 * @property {number[]} outputs
 *
 * @typedef {object} Packed
 * @property {import("./classifier.js").About} about
 * @property {Proof[]} proofs
 * @property {import("./onnx.js").Input | null} onnx  null for the bundled network's architecture
 * @property {import("./teacher.js").Taught} [taught]  what was taught by drawings, if anything was
 *
 * @typedef {Record<string, Uint8Array>} Parts  weights, and what was taught; or model, runtime and wasm
 */

/** How far what the model says here may be from what it says in Python. */
const TOLERANCE = 1e-3;

/** @param {string} text  base64 */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/**
 * The bundled network's architecture, or a teacher that uses it.
 * @param {Parts} parts
 * @param {number} classes
 * @param {import("./teacher.js").Taught} [taught]
 * @returns {Promise<import("./classifier.js").Network>}
 */
async function createOwn({ weights, teaching }, classes, taught) {
  const network = await createCNN(weights, taught?.network ?? classes);
  return taught ? createTeacher(network, taught, teaching) : (picture) => network.last(network.inside(picture).hidden);
}

/**
 * Set up a model, and see that it says here what it says in Python: faults of an engine are plausible wrong numbers.
 * @param {Packed} packed
 * @param {Parts} parts
 * @throws {Error} when it does not
 */
export async function load({ about, proofs, onnx, taught }, parts) {
  const network = await (onnx ? createOnnx(parts, onnx, about.classes) : createOwn(parts, about.classes, taught));
  const classifier = createClassifier(network, about);
  for (const { width, height, ink, outputs } of proofs) {
    const found = await classifier.outputs({ width, height, data: fromBase64(ink) });
    const isSame = outputs.every((value, i) => Math.abs(value - found[i]) <= TOLERANCE * Math.max(1, Math.abs(value)));
    if (!isSame || found.length !== outputs.length) {
      throw new Error("The model calculates otherwise in this browser than in Python. Try another browser.");
    }
  }
  return classifier;
}

/**
 * What answers pictures by a packed model, and explains its answers; where the model cannot be set up, both reject with
 * the reason.
 * @param {Packed} packed
 * @param {Parts} parts
 * @param {Document} document
 */
function createAnswerer(packed, parts, document) {
  const classifier = load(packed, parts);
  classifier.catch(() => {}); // told with each answer
  /**
   * @param {string} picture  a data URL
   * @param {boolean} isOfPad  whether the pad alone has drawn it
   */
  const read = async (picture, isOfPad) => inkOf(await decode(document, picture), isOfPad);

  return {
    /** @param {Parameters<typeof read>} drawing */
    async answer(...drawing) {
      const { seen, ...answer } = await (await classifier).classify(await read(...drawing));
      return { ...answer, seen: inkUrl(document, seen) };
    },

    /**
     * Why the answer is what it is; null if there is none, or nobody wants to know any more.
     * @param {() => boolean} isWanted
     * @param {Parameters<typeof read>} drawing
     */
    async explain(isWanted, ...drawing) {
      const found = await explain(await classifier, await read(...drawing), packed.about, isWanted);
      if (!found) return null;
      const { prediction, runnerUp, seen, heat, runnerUpHeat, overlay } = found;
      return {
        prediction,
        runnerUp,
        seen: pixelsUrl(document, painted(heat, seen)),
        runnerUpSeen: pixelsUrl(document, painted(runnerUpHeat, seen)),
        overlay: pixelsUrl(document, overlay),
      };
    },
  };
}

/**
 * Have a packed model answer what is drawn, as Python does; see responder.js.
 * @param {import("../traits.js").Model<import("./responder.js").Traits>} model
 * @param {Packed} packed
 * @param {Parts} parts
 * @param {{ document: Document, signal: AbortSignal }} options
 */
function start(model, packed, parts, options) {
  respond(model, { answerer: createAnswerer(packed, parts, options.document), ...options });
}

export { createAnswerer, explain, start };
