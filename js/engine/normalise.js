// From ink of any size to the 28 × 28 picture that MNIST would have made of it: the same to the byte as normalise.py.
// All sums are of whole numbers below 2**53, with one rounded division at the end.

/**
 * A drawing: one number a pixel, row by row; 0 = paper, 255 = full ink.
 * @typedef {{ width: number, height: number, data: Uint8Array }} Ink
 * @typedef {{ left: number, top: number, width: number, height: number }} Box
 */

/** Side of the normalised picture, in pixels. */
export const SIDE = 28;

/** Longer side of the ink in the normalised picture, in pixels. */
const DIGIT = 20;

/** A picture of this side is filled by the ink, as those of scikit-learn's load_digits are. */
const FILLED = 8;

/** Ink up to this is the grain of the paper, and is not counted when the bounding box is found. */
const INK_THRESHOLD = 8;

/** @param {number} width @param {number} height @returns {Ink} */
export const paper = (width, height) => ({ width, height, data: new Uint8Array(width * height) });

/** Whole division, rounded half up. @param {number} a @param {number} b */
const rounded = (a, b) => Math.floor((2 * a + b) / (2 * b));

/** The bounding box of the ink; null if there is none. @param {Ink} ink @returns {Box | null} */
export function inkBox({ width, height, data }) {
  let [left, right, top, bottom] = [width, -1, -1, -1];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (data[i] <= INK_THRESHOLD) continue;
      if (top < 0) top = y;
      bottom = y;
      if (x < left) left = x;
      if (x > right) right = x;
    }
  }
  return top < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** @param {Ink} ink @param {Box} box @returns {Ink} */
function cut(ink, { left, top, width, height }) {
  const part = paper(width, height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * ink.width + left;
    part.data.set(ink.data.subarray(from, from + width), y * width);
  }
  return part;
}

/**
 * Share the lines of a picture out among other lines. Each axis is divided into cells, so that every share is a whole
 * number of cells.
 * @param {number} before  number of lines
 * @param {number} after  number of lines
 * @param {(from: number, to: number, cells: number) => void} give
 */
function share(before, after, give) {
  for (let from = 0, to = 0, at = 0; from < before && to < after; ) {
    const [endFrom, endTo] = [(from + 1) * after, (to + 1) * before];
    const end = Math.min(endFrom, endTo);
    give(from, to, end - at);
    at = end;
    if (end === endFrom) from++;
    if (end === endTo) to++;
  }
}

/**
 * Resample by exact area averaging, rounded half up.
 * @param {Ink} ink
 * @param {number} width
 * @param {number} height
 * @returns {Ink}
 */
export function areaAverage(ink, width, height) {
  const rows = new Float64Array(height * ink.width);
  share(ink.height, height, (from, to, cells) => {
    for (let x = 0, i = from * ink.width, o = to * ink.width; x < ink.width; x++) rows[o++] += cells * ink.data[i++];
  });
  const sums = new Float64Array(height * width);
  share(ink.width, width, (from, to, cells) => {
    for (let y = 0; y < height; y++) sums[y * width + to] += cells * rows[y * ink.width + from];
  });
  const cells = ink.width * ink.height;
  return { width, height, data: Uint8Array.from(sums, (sum) => rounded(sum, cells)) };
}

/** Reduce ink so that its longer side is at most as given, in pixels. @param {Ink} ink @param {number} side @returns {Ink} */
export function shrink(ink, side) {
  const scale = side / Math.max(ink.width, ink.height);
  const fit = (/** @type {number} */ length) => Math.max(1, Math.round(length * scale));
  return scale < 1 ? areaAverage(ink, fit(ink.width), fit(ink.height)) : ink;
}

/**
 * Where a profile of ink is placed so that its centre of mass is nearest to the middle, and all is inside.
 * @param {number[]} mass
 * @param {number} side
 */
function offset(mass, side) {
  const centre = Math.floor(side / 2);
  let [total, moment] = [0, 0];
  mass.forEach((sum, at) => {
    total += sum;
    moment += sum * at;
  });
  const begin = total ? rounded(centre * total - moment, total) : centre - Math.floor(mass.length / 2);
  return Math.min(Math.max(begin, 0), side - mass.length);
}

/**
 * Where `normalise` places the ink of a drawing; null if there is none.
 * @param {Ink} ink
 * @param {number} side  of the picture
 */
export function place(ink, side) {
  const box = inkBox(ink);
  if (!box) return null;
  const longest = side === FILLED ? side : Math.floor((side * DIGIT) / SIDE);
  const longer = Math.max(box.width, box.height);
  const fit = (/** @type {number} */ length) => Math.max(1, rounded(length * longest, longer));
  const digit = areaAverage(cut(ink, box), fit(box.width), fit(box.height));
  const [across, down] = [digit.width, digit.height].map((length) => /** @type {number[]} */ (new Array(length).fill(0)));
  digit.data.forEach((value, i) => {
    across[i % digit.width] += value;
    down[Math.floor(i / digit.width)] += value;
  });
  return { box, digit, left: offset(across, side), top: offset(down, side), side };
}

/**
 * Bring a drawing to the size and position of the digits in MNIST; normalise.py says how.
 * @param {Ink} ink
 * @param {number} [side]  of the picture
 * @returns {Ink}
 */
export function normalise(ink, side = SIDE) {
  const sheet = paper(side, side);
  const placed = place(ink, side);
  if (!placed) return sheet;
  const { left, top, digit } = placed;
  for (let y = 0; y < digit.height; y++) {
    sheet.data.set(digit.data.subarray(y * digit.width, (y + 1) * digit.width), (top + y) * side + left);
  }
  return sheet;
}
