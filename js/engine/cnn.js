// The bundled network's architecture, as in models/cnn.py: three 5 × 5 convolutions and two fully connected layers.
// Channels come last, so that what a kernel covers of a row lies side by side.

/**
 * A convolution's weights, (out, in, 5, 5), two output channels at a time: (out / 2, row, column, in, 2).
 * @param {Float64Array} weights
 * @param {number} inputs
 * @param {number} outputs
 */
function paired(weights, inputs, outputs) {
  const order = new Float64Array(weights.length);
  let at = 0;
  for (let out = 0; out < outputs; out += 2) {
    for (let tap = 0; tap < 25; tap++) {
      for (let channel = 0; channel < inputs; channel++) {
        for (const one of [out, out + 1]) order[at++] = weights[(one * inputs + channel) * 25 + tap];
      }
    }
  }
  return order;
}

/**
 * Convolve with 5 × 5 kernels, without negatives. Eight sums are made at a time, of four neighbours and two channels: so
 * many stay in the processor's registers.
 *
 * @param {Float64Array} x  (side, side, inputs)
 * @param {number} side  even
 * @param {{ weights: Float64Array, bias: Float64Array }} layer  weights as `paired` returns them
 * @returns {Float64Array}  (side - 4, side - 4, outputs)
 */
function convolve(x, side, { weights, bias }) {
  // "| 0" has sums made of whole numbers of 32 bits, without a check for larger ones: twice as fast.
  const inputs = (x.length / side ** 2) | 0;
  const outputs = bias.length;
  const valid = (side - 4) | 0;
  const row = (side * inputs) | 0;
  const span = (5 * inputs) | 0;
  const diagonal = (row + inputs) | 0;
  const y = new Float64Array(valid ** 2 * outputs);
  for (let out = 0; out < outputs; out += 2) {
    for (let top = 0; top < valid; top += 2) {
      for (let left = 0; left < valid; left += 2) {
        let a0 = bias[out];
        let a1 = bias[out + 1];
        let [b0, b1, c0, c1, d0, d1] = [a0, a1, a0, a1, a0, a1];
        for (let line = 0, w = (out * 25 * inputs) | 0; line < 5; line++) {
          let a = ((top + line) * row + left * inputs) | 0;
          for (const end = (a + span) | 0; a < end; a = (a + 1) | 0, w = (w + 2) | 0) {
            const w0 = weights[w];
            const w1 = weights[(w + 1) | 0];
            const va = x[a];
            const vb = x[(a + inputs) | 0];
            const vc = x[(a + row) | 0];
            const vd = x[(a + diagonal) | 0];
            a0 += va * w0;
            a1 += va * w1;
            b0 += vb * w0;
            b1 += vb * w1;
            c0 += vc * w0;
            c1 += vc * w1;
            d0 += vd * w0;
            d1 += vd * w1;
          }
        }
        const at = (top * valid + left) * outputs + out;
        const below = at + valid * outputs;
        y[at] = Math.max(a0, 0);
        y[at + 1] = Math.max(a1, 0);
        y[at + outputs] = Math.max(b0, 0);
        y[at + outputs + 1] = Math.max(b1, 0);
        y[below] = Math.max(c0, 0);
        y[below + 1] = Math.max(c1, 0);
        y[below + outputs] = Math.max(d0, 0);
        y[below + outputs + 1] = Math.max(d1, 0);
      }
    }
  }
  return y;
}

/**
 * The maximum of each 2 × 2 square.
 * @param {Float64Array} x  (side, side, channels)
 * @param {number} side  even
 */
function pool(x, side) {
  const channels = x.length / side ** 2;
  const y = new Float64Array(x.length / 4);
  for (let at = 0; at < y.length; at++) {
    const [channel, place] = [at % channels, Math.floor(at / channels)];
    const [left, top] = [2 * (place % (side / 2)), 2 * Math.floor(place / (side / 2))];
    const a = (top * side + left) * channels + channel;
    const c = a + side * channels;
    y[at] = Math.max(x[a], x[a + channels], x[c], x[c + channels]);
  }
  return y;
}

/** @param {Float64Array} x @param {{ weights: Float64Array, bias: Float64Array }} layer  weights (out, in) */
const connected = (x, { weights, bias }) =>
  bias.map((sum, out) => {
    for (let i = 0, w = out * x.length; i < x.length; i++, w++) sum += x[i] * weights[w];
    return sum;
  });

const HIDDEN = 256;
/** What the last convolution leaves of a picture: so many places of so many channels. */
const [PLACES, CHANNELS] = [9, 64];
const FEATURES = PLACES * CHANNELS;

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
    const [scales, bias] = [0, 1].map(() => Float64Array.from(new Float32Array(take(4 * outputs))));
    const whole = new Int16Array(take(2 * inputs * outputs));
    const weights = Float64Array.from(whole, (weight, i) => weight * scales[Math.floor(i / inputs)]);
    return { weights, bias };
  };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} classes
 * @returns {(picture: Float32Array) => Float64Array}  from 28 × 28 numbers, 0 = paper, 1 = full ink, to logits
 */
export function createCNN(bytes, classes) {
  const read = createReader(bytes);
  const [first, second, third] = [
    [1, 32],
    [32, 32],
    [32, CHANNELS],
  ].map(([inputs, outputs]) => {
    const { weights, bias } = read(25 * inputs, outputs);
    return { weights: paired(weights, inputs, outputs), bias };
  });
  const { weights: given, bias } = read(FEATURES, HIDDEN);
  // (out, channel, place) becomes (out, place, channel), as the last convolution leaves it.
  const weights = given.map((_, i) => {
    const feature = i % FEATURES;
    return given[i - feature + (feature % CHANNELS) * PLACES + Math.floor(feature / CHANNELS)];
  });
  const hidden = { weights, bias };
  const last = read(HIDDEN, classes);
  return (picture) => {
    let x = convolve(Float64Array.from(picture), 28, first); // (24, 24, 32)
    x = pool(convolve(x, 24, second), 20); // (10, 10, 32)
    x = pool(convolve(x, 10, third), 6); // (3, 3, 64)
    x = connected(x, hidden).map((value) => Math.max(value, 0));
    return connected(x, last);
  };
}
