// From ink to the numbers that a model is given, as preparation.py and forms.py make them.

import { SIDE, areaAverage, normalise, paper } from "./normalise.js";

/**
 * The pictures that a model takes.
 * @typedef {object} Preparation
 * @property {boolean} normalise  whether drawings are brought to MNIST's size and centre of mass
 * @property {[channels: number, height: number, width: number]} shape
 * @property {number[]} mean  one, or one for each channel
 * @property {number[]} deviation
 * @property {"light" | "dark"} ink
 * @property {boolean} transposed
 * @property {boolean} channelsLast
 *
 * @typedef {import("./normalise.js").Ink} Ink
 */

/**
 * What the model sees of a drawing.
 * @param {Ink} ink
 * @param {Ink} normalised  the same as `normalise` returns it
 * @param {Preparation} preparation
 */
export function seenOf(ink, normalised, { normalise: isNormalised, shape: [, height, width] }) {
  if (!isNormalised) return areaAverage(ink, width, height);
  if (height === SIDE && width === SIDE) return normalised;
  const side = Math.min(height, width);
  const square = normalise(ink, side);
  const sheet = paper(width, height);
  const [left, top] = [Math.floor((width - side) / 2), Math.floor((height - side) / 2)];
  for (let y = 0; y < side; y++) {
    sheet.data.set(square.data.subarray(y * side, (y + 1) * side), (top + y) * width + left);
  }
  return sheet;
}

/**
 * A picture as the model expects it.
 * @param {Ink} seen
 * @param {Preparation} preparation
 * @returns {Float32Array}
 */
export function encode({ data, width, height }, { shape: [channels], mean, deviation, ink, transposed, channelsLast }) {
  const count = data.length;
  const numbers = new Float32Array(channels * count);
  for (let place = 0; place < count; place++) {
    const from = transposed ? (place % height) * width + Math.floor(place / height) : place;
    const grey = Math.fround(data[from] / 255);
    const shade = ink === "dark" ? Math.fround(1 - grey) : grey;
    for (let channel = 0; channel < channels; channel++) {
      const at = channelsLast ? place * channels + channel : channel * count + place;
      numbers[at] = (shade - mean[channel % mean.length]) / deviation[channel % deviation.length];
    }
  }
  return numbers;
}
