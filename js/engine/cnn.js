// The bundled network's architecture, as in models/cnn.py: three 5 × 5 convolutions, which are WebAssembly (convolve.wat),
// and two fully connected layers.

import CONVOLVE from "./convolve.wasm";

const HIDDEN = 256;
/** What the last convolution leaves of a picture: so many places of so many channels. */
const [PLACES, CHANNELS] = [9, 64];
const FEATURES = PLACES * CHANNELS;

/** The convolutions: side of the input, channels of the input, channels of the output. */
const CONVOLUTIONS = [
  [28, 1, 32],
  [24, 32, 32],
  [10, 32, CHANNELS],
];

/**
 * Reads the weights that Python writes (offline.py), layer by layer: for each output a scale and a bias, as 32-bit floats,
 * and then its weights, as 16-bit whole numbers to be multiplied by the scale. All are little-endian, as browsers are.
 * @param {Uint8Array} bytes
 */
function createReader(bytes) {
  let at = 0;
  const take = (/** @type {number} */ length) => {
    if (at + length > bytes.length) throw new RangeError("The weights are incomplete.");
    return bytes.slice(at, (at += length)).buffer;
  };
  return (/** @type {number} */ inputs, /** @type {number} */ outputs) => {
    const [scales, bias] = [0, 1].map(() => new Float32Array(take(4 * outputs)));
    const whole = new Int16Array(take(2 * inputs * outputs));
    const weights = Float32Array.from(whole, (weight, i) => weight * scales[Math.floor(i / inputs)]);
    return { weights, bias };
  };
}

/**
 * Weights in another order.
 * @param {Float32Array} weights
 * @param {[number, number, number]} lengths  of the three axes
 * @param {[number, number, number]} order  which axis comes first, second and third
 */
function reordered(weights, lengths, order) {
  const strides = [lengths[1] * lengths[2], lengths[2], 1];
  const [first, second, third] = order;
  const found = new Float32Array(weights.length);
  let at = 0;
  for (let i = 0; i < lengths[first]; i++) {
    for (let j = 0; j < lengths[second]; j++) {
      for (let k = 0; k < lengths[third]; k++) {
        found[at++] = weights[i * strides[first] + j * strides[second] + k * strides[third]];
      }
    }
  }
  return found;
}

/**
 * The maximum of each 2 × 2 square.
 * @param {Float32Array} x  (side, side, channels)
 * @param {number} side  even
 * @param {Float32Array} y  (side / 2, side / 2, channels), which is written
 */
function pool(x, side, y) {
  const channels = x.length / side ** 2;
  const row = side * channels;
  for (let top = 0, at = 0; top < side; top += 2) {
    for (let left = 0; left < side; left += 2) {
      for (let i = (top * side + left) * channels, end = i + channels; i < end; i++, at++) {
        y[at] = Math.max(x[i], x[i + channels], x[i + row], x[i + row + channels]);
      }
    }
  }
}

/** @param {ArrayLike<number>} x @param {{ weights: Float32Array, bias: Float32Array }} layer  weights (out, in) */
function connected(x, { weights, bias }) {
  const y = Float64Array.from(bias);
  for (let out = 0, w = 0; out < y.length; out++) {
    let sum = 0;
    for (let i = 0; i < x.length; i++, w++) sum += x[i] * weights[w];
    y[out] += sum;
  }
  return y;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} classes
 * @returns  what is computed on the way from 28 × 28 numbers, 0 = paper, 1 = full ink, to the logits: `inside` leads to
 *   what the convolutions leave and to the hidden values, `last` from these to the logits
 */
export async function createCNN(bytes, classes) {
  const { instance } = await WebAssembly.instantiate(CONVOLVE);
  const { memory, convolve } = /** @type {{ memory: WebAssembly.Memory, convolve: Function }} */ (instance.exports);
  let end = 0;
  /** Room in the memory. @param {number} length */
  function room(length) {
    const array = new Float32Array(memory.buffer, end, length);
    end += array.byteLength;
    return array;
  }
  /** @param {Float32Array} array */
  function kept(array) {
    const place = room(array.length);
    place.set(array);
    return place;
  }

  const read = createReader(bytes);
  const layers = CONVOLUTIONS.map(([side, inputs, outputs]) => {
    const { weights, bias } = read(25 * inputs, outputs);
    const order = reordered(weights, [outputs, inputs, 25], [2, 1, 0]);
    return { side, inputs, outputs, weights: kept(order), bias: kept(bias) };
  });
  const picture = room(28 ** 2);
  const [first, second, third] = layers.map(({ side, outputs }) => room((side - 4) ** 2 * outputs));
  const pooled = room(10 ** 2 * 32);
  const features = new Float32Array(FEATURES);
  const hidden = read(FEATURES, HIDDEN);
  // (out, channel, place) becomes (out, place, channel), as the last convolution leaves it.
  hidden.weights = reordered(hidden.weights, [HIDDEN, CHANNELS, PLACES], [0, 2, 1]);
  const last = read(HIDDEN, classes);

  /** @param {number} index @param {Float32Array} x @param {Float32Array} y */
  function run(index, x, y) {
    const { side, inputs, outputs, weights, bias } = layers[index];
    convolve(x.byteOffset, side, inputs, weights.byteOffset, bias.byteOffset, y.byteOffset, outputs);
  }

  const positive = (/** @type {number} */ value) => Math.max(value, 0);
  return {
    /** @param {Float32Array} given  the picture @returns  the same arrays are written with each picture */
    inside(given) {
      picture.set(given);
      run(0, picture, first); // (24, 24, 32)
      run(1, first, second); // (20, 20, 32)
      pool(second, 20, pooled); // (10, 10, 32)
      run(2, pooled, third); // (6, 6, 64)
      pool(third, 6, features); // (3, 3, 64)
      return { convolved: features, hidden: Float32Array.from(connected(features, hidden), positive) };
    },

    /** @param {ArrayLike<number>} x */
    last: (x) => connected(x, last),
  };
}
