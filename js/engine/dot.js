// Tell a tap of the pen from a drawing, as dot.py does; it says where the numbers come from.

import { inkBox } from "./normalise.js";

/** @typedef {import("./normalise.js").Ink} Ink */

const DOT_WIDTH = 7.8;
const SPECK_WIDTH = 5.0;
const SPECK_SIZE = 0.1;

/**
 * Whether a drawing is only a tap of the pen.
 * @param {Ink} ink
 * @param {Ink} normalised  the same as `normalise` returns it
 */
export function isDot(ink, normalised) {
  const width = strokeWidth(normalised);
  if (width < SPECK_WIDTH) return false;
  const box = inkBox(ink);
  if (!box) return false;
  const longer = Math.max(box.width, box.height);
  return width >= DOT_WIDTH || longer <= SPECK_SIZE * Math.max(ink.width, ink.height);
}

/** The mean width of the strokes in a picture, in pixels: twice the area, divided by the perimeter. @param {Ink} ink */
export function strokeWidth({ width, height, data }) {
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    x >= 0 && y >= 0 && x < width && y < height ? data[y * width + x] : 0;
  let [area, perimeter] = [0, 0];
  for (let y = 0; y <= height; y++) {
    for (let x = 0; x <= width; x++) {
      area += at(x, y);
      perimeter += Math.hypot(at(x, y) - at(x, y - 1), at(x, y) - at(x - 1, y));
    }
  }
  return perimeter ? (2 * area) / perimeter : 0;
}
