// Heat on ink, in colours, as explain.py lays it: on the picture that the model saw, and back on the drawing.

import PAD from "../../src/digit_widget/pad.json" with { type: "json" };
import { place, shrink } from "./normalise.js";

/**
 * How much each pixel spoke for a class, -1..1, row by row.
 * @typedef {{ width: number, height: number, data: Float64Array }} Heat
 * @typedef {{ width: number, height: number, data: Uint8ClampedArray }} Pixels  RGBA
 * @typedef {import("./normalise.js").Ink} Ink
 * @typedef {import("./normalise.js").Box} Box
 */

/** Orange and blue; explain.py says why. */
const [WARM, COLD] = [
  [230, 97, 0],
  [26, 133, 255],
];

/**
 * How much of each of `before` numbers goes into each of `after`, as Pillow's BILINEAR has it.
 * @param {number} before
 * @param {number} after
 */
function mixture(before, after) {
  const scale = before / after;
  const reach = Math.max(scale, 1);
  return Array.from({ length: after }, (_, to) => {
    const centre = (to + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(before, Math.trunc(centre + reach + 0.5));
    const parts = Array.from({ length: end - first }, (_, i) =>
      Math.max(0, 1 - Math.abs((first + i - centre + 0.5) / reach)),
    );
    const total = parts.reduce((sum, part) => sum + part, 0);
    return { first, parts: parts.map((part) => part / total) };
  });
}

/**
 * A part of a picture's heat in another size.
 * @param {Heat} heat
 * @param {Box} part
 * @param {number} width
 * @param {number} height
 */
function stretched(heat, part, width, height) {
  const rows = new Float64Array(part.height * width);
  mixture(part.width, width).forEach(({ first, parts }, x) => {
    for (let y = 0; y < part.height; y++) {
      const from = (part.top + y) * heat.width + part.left + first;
      rows[y * width + x] = parts.reduce((sum, share, i) => sum + share * heat.data[from + i], 0);
    }
  });
  const data = new Float64Array(height * width);
  mixture(part.height, height).forEach(({ first, parts }, y) => {
    for (let x = 0; x < width; x++) {
      data[y * width + x] = parts.reduce((sum, share, i) => sum + share * rows[(first + i) * width + x], 0);
    }
  });
  return data;
}

/**
 * The colour of heat on ink, to be laid over it; nothing where there is no ink.
 * @param {Float64Array} heat
 * @param {Ink} ink  of as many pixels
 * @returns {Pixels}
 */
function tinted(heat, { width, height, data }) {
  const rgba = new Uint8ClampedArray(4 * data.length);
  heat.forEach((value, at) => {
    const alpha = Math.round(Math.sqrt(Math.min(Math.abs(value), 1)) * data[at]);
    if (alpha) rgba.set([...(value > 0 ? WARM : COLD), alpha], 4 * at);
  });
  return { width, height, data: rgba };
}

/** What a model saw, its ink in the colours of its heat. @param {Heat} heat @param {Ink} seen @returns {Pixels} */
export function painted(heat, seen) {
  const { data, ...size } = tinted(heat.data, seen);
  const over = data.map((value, i) => {
    if (i % 4 === 3) return 255;
    const alpha = data[i - (i % 4) + 3] / 255;
    return alpha * value + (1 - alpha) * (255 - seen.data[Math.floor(i / 4)]);
  });
  return { ...size, data: over };
}

/**
 * Lay heat back over the drawing, the way its ink came into the picture.
 * @param {Heat} heat
 * @param {Ink} ink
 * @param {boolean} isNormalised  whether the drawing was brought to MNIST's size and place
 */
export function laidBack(heat, ink, isNormalised) {
  const sheet = shrink(ink, PAD.size);
  const placed = isNormalised && place(ink, Math.min(heat.width, heat.height));
  if (!placed) {
    return tinted(stretched(heat, { left: 0, top: 0, ...sizeOf(heat) }, sheet.width, sheet.height), sheet);
  }
  const { box, left, top, digit, side } = placed;
  const part = {
    left: left + Math.floor((heat.width - side) / 2), // in the middle, where the picture is not square
    top: top + Math.floor((heat.height - side) / 2),
    ...sizeOf(digit),
  };
  const [fromX, toX] = reduced(box.left, box.width, ink.width, sheet.width);
  const [fromY, toY] = reduced(box.top, box.height, ink.height, sheet.height);
  const laid = new Float64Array(sheet.data.length);
  const found = stretched(heat, part, toX - fromX, toY - fromY);
  for (let y = fromY, at = 0; y < toY; y++, at += toX - fromX) {
    laid.set(found.subarray(at, at + toX - fromX), y * sheet.width + fromX);
  }
  return tinted(laid, sheet);
}

const sizeOf = (/** @type {Heat | Ink} */ { width, height }) => ({ width, height });

/**
 * Where a part of a line ends up, when the line is reduced: whole pixels, and at least one.
 * @param {number} from
 * @param {number} length
 * @param {number} before
 * @param {number} after
 */
function reduced(from, length, before, after) {
  const first = Math.floor((from * after) / before);
  return [first, Math.max(Math.ceil(((from + length) * after) / before), first + 1)];
}
