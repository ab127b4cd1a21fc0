// Any network, run by onnxruntime-web, which is imported from what the page holds of it.

import { importSource } from "../source.js";

/**
 * How an ONNX model takes a picture.
 * @typedef {object} Input
 * @property {string} name
 * @property {"float32" | "float64" | "uint8"} type
 * @property {number[]} dims  the batch comes first
 * @property {string} output  name of the output with a number for each class
 */

/** Milliseconds after which it has not started: where a page's policy forbids WebAssembly, nothing is ever raised. */
const PATIENCE = 30_000;

/** @param {Uint8Array} bytes  packed by gzip */
async function unpacked(bytes) {
  const stream = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @template T @param {Promise<T>} promise @returns {Promise<T>} */
function inTime(promise) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const late = new Promise((_, reject) => {
    const error = new Error("onnxruntime does not start here: the page's policy may forbid WebAssembly.");
    timer = setTimeout(() => reject(error), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * @param {Record<string, Uint8Array>} parts  model, runtime and wasm; the latter two are packed by gzip
 * @param {Input} input
 * @param {number} classes
 * @returns {Promise<import("./classifier.js").Network>}
 */
export const createOnnx = ({ model, runtime, wasm }, { name, type, dims, output }, classes) =>
  inTime(
    (async () => {
      const ort = await importSource(/** @type {BlobPart} */ (await unpacked(runtime)));
      ort.env.wasm.wasmBinary = await unpacked(wasm);
      ort.env.wasm.numThreads = 1; // more would take a page that is isolated from all others
      const session = await ort.InferenceSession.create(model);
      const kind = { float32: Float32Array, float64: Float64Array, uint8: Uint8Array }[type];
      const length = dims.reduce((product, n) => product * n, 1);
      return async (numbers) => {
        const data = new kind(length); // a batch that is larger than one ends in blank pictures
        data.set(type === "uint8" ? numbers.map((value) => Math.min(Math.max(Math.round(value * 255), 0), 255)) : numbers);
        const { [output]: found } = await session.run({ [name]: new ort.Tensor(type, data, dims) }, [output]);
        const row = found.data.slice(0, found.data.length / dims[0]);
        if (row.length !== 1 || classes === 1 || found.type.startsWith("float")) return row;
        return Array.from({ length: classes }, (_, index) => Number(index === Number(row[0]))); // the class itself
      };
    })(),
  );
