// Ink out of a photo, as photo.py separates it from paper: of any colour, in uneven light.

import { areaAverage } from "./normalise.js";

/** @typedef {import("./normalise.js").Ink} Ink */

// photo.py says what these are.
const FLAT = 12;
const EVEN_BORDER = 0.75;
const NIGHT = 90;
const PAPER_SIDE = 72;
const PAPER_WINDOW = 13;
const DIMMEST = 40;
const FAINTEST = 0.12;

/** @param {ArrayLike<number>} values */
const median = (values) => Float64Array.from(values).sort()[values.length >> 1];

/** @param {number} value @param {number} low @param {number} high */
const clip = (value, low, high) => Math.min(Math.max(value, low), high);

/** The grey levels along the edges. @param {Ink} grey */
export function borderOf({ width, height, data }) {
  const border = [];
  for (let x = 0; x < width; x++) border.push(data[x], data[(height - 1) * width + x]);
  for (let y = 0; y < height; y++) border.push(data[y * width], data[(y + 1) * width - 1]);
  return border;
}

/**
 * A picture of the same size, each of whose numbers is made of those in a window around it.
 * @param {number} width
 * @param {number} height
 * @param {ArrayLike<number>} data
 * @param {number} reach  of the window, to each side
 * @param {(window: number[]) => number} make
 * @param {"across" | "down"} direction  of a window of one row or one column
 */
function filtered(width, height, data, reach, make, direction) {
  const length = direction === "across" ? width : height;
  const step = direction === "across" ? 1 : width;
  return Float64Array.from(data, (_, i) => {
    const place = direction === "across" ? i % width : Math.floor(i / width);
    const window = [];
    for (let by = -reach; by <= reach; by++) window.push(data[i + (clip(place + by, 0, length - 1) - place) * step]);
    return make(window);
  });
}

/** Grain, which is single pixels, is gone after this: the median of three across, and of three down. @param {Ink} grey */
function smoothed({ width, height, data }) {
  const middle = (/** @type {number[]} */ [a, b, c]) => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  const across = filtered(width, height, data, 1, middle, "across");
  return { width, height, data: Uint8Array.from(filtered(width, height, across, 1, middle, "down")) };
}

/** How light the paper is at each place of a dark-on-light photo. @param {Ink} photo @returns {Float64Array} */
function paperOf(photo) {
  const scale = PAPER_SIDE / Math.max(photo.width, photo.height);
  const fit = (/** @type {number} */ length) => Math.max(PAPER_WINDOW + 1, Math.round(length * scale));
  const small = areaAverage(photo, fit(photo.width), fit(photo.height));
  const [width, height] = [small.width + 2 * PAPER_WINDOW, small.height + 2 * PAPER_WINDOW];
  const at = (/** @type {number} */ x, /** @type {number} */ y) => small.data[y * small.width + x];
  /** Extrapolated beyond the edges, or a dark corner would look like a stroke. @type {(x: number, y: number) => number} */
  function wide(x, y) {
    const [right, bottom] = [small.width - 1, small.height - 1];
    if (x < 0) return 2 * wide(0, y) - wide(-x, y);
    if (x > right) return 2 * wide(right, y) - wide(2 * right - x, y);
    if (y < 0) return 2 * at(x, 0) - at(x, -y);
    if (y > bottom) return 2 * at(x, bottom) - at(x, 2 * bottom - y);
    return at(x, y);
  }
  /** @type {Float64Array} */
  let level = Float64Array.from({ length: width * height }, (_, i) =>
    clip(wide((i % width) - PAPER_WINDOW, Math.floor(i / width) - PAPER_WINDOW), 0, 255),
  );
  // A morphological closing: strokes, thinner than the window, disappear, while a gradient of light remains.
  const spread = PAPER_WINDOW / 4;
  const bell = Array.from({ length: 2 * PAPER_WINDOW + 1 }, (_, i) => Math.exp(-((i - PAPER_WINDOW) ** 2) / (2 * spread ** 2)));
  const total = bell.reduce((sum, weight) => sum + weight, 0);
  const blur = (/** @type {number[]} */ window) => window.reduce((sum, value, i) => sum + value * bell[i], 0) / total;
  /** @type {[number, (window: number[]) => number][]} */
  const steps = [
    [PAPER_WINDOW >> 1, (window) => Math.max(...window)],
    [PAPER_WINDOW >> 1, (window) => Math.min(...window)],
    [PAPER_WINDOW, blur],
  ];
  for (const [reach, make] of steps) {
    for (const direction of /** @type {const} */ (["across", "down"])) {
      level = filtered(width, height, level, reach, make, direction);
    }
  }
  // Back to the size of the photo, between four neighbours.
  return Float64Array.from(photo.data, (_, i) => {
    const x = (((i % photo.width) + 0.5) * small.width) / photo.width - 0.5 + PAPER_WINDOW;
    const y = ((Math.floor(i / photo.width) + 0.5) * small.height) / photo.height - 0.5 + PAPER_WINDOW;
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const row = (/** @type {number} */ line) =>
      level[line * width + left] * (left + 1 - x) + level[line * width + left + 1] * (x - left);
    return row(top) * (top + 1 - y) + row(top + 1) * (y - top);
  });
}

/** The threshold in 0..1 that sets the numbers below and above it best apart (Otsu). @param {Float64Array} values */
function otsu(values) {
  const bins = 128;
  const counts = new Float64Array(bins);
  for (const value of values) counts[Math.min(bins - 1, Math.floor(value * bins))]++;
  const whole = counts.reduce((sum, count, i) => sum + count * (i + 0.5), 0);
  let [below, weight] = [0, 0];
  const variances = Array.from(counts, (count, i) => {
    below += count;
    weight += count * (i + 0.5);
    const above = values.length - below;
    return above > 0 ? below * above * (weight / Math.max(below, 1) - (whole - weight) / above) ** 2 : 0;
  });
  const least = Math.max(...variances) * (1 - 1e-9);
  const best = variances.flatMap((variance, i) => (variance >= least ? [(i + 1) / bins] : []));
  return best.reduce((sum, edge) => sum + edge, 0) / best.length; // of equally good ones the middle
}

/**
 * Separate ink from paper, whatever the paper's tone and the light on it.
 * @param {Ink} grey  0 = black, 255 = white
 * @returns {Ink}
 */
export function evenOut(grey) {
  const border = borderOf(grey);
  const tone = median(border);
  const isEven = border.filter((value) => Math.abs(value - tone) < FLAT).length > EVEN_BORDER * border.length;
  const photo = isEven ? grey : smoothed(grey);
  /** @type {boolean} */
  let isLight;
  /** @type {(place: number) => number} */
  let level;
  if (isEven) {
    let lighter = 0;
    for (const value of grey.data) lighter += Math.max(value - tone - FLAT, 0) - Math.max(tone - value - FLAT, 0);
    isLight = lighter > 0;
    level = () => tone;
  } else {
    isLight = median(grey.data) < NIGHT;
    const paper = paperOf(isLight ? { ...photo, data: photo.data.map((value) => 255 - value) } : photo);
    level = (place) => (isLight ? 255 - paper[place] : paper[place]);
  }
  // Relative to the light that the paper reflects, because a shadow dims paper and ink by the same factor.
  const contrast = Float64Array.from(photo.data, (value, place) => {
    const paper = level(place);
    const [difference, light] = isLight ? [value - paper, 255 - paper] : [paper - value, paper];
    return clip(difference / Math.max(light, DIMMEST), 0, 1);
  });
  const threshold = otsu(contrast);
  const isInk = 2 * threshold >= FAINTEST;
  const data = Uint8Array.from(contrast, (value) =>
    isInk ? Math.round(255 * clip((value / threshold - 0.6) / 0.8, 0, 1)) : 0,
  );
  return { ...grey, data };
}
