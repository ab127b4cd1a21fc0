// Pictures in and out of a page: any picture becomes ink, as in picture.py, and ink a picture.

import { areaAverage } from "./normalise.js";

/** @typedef {import("./normalise.js").Ink} Ink */

/** Longer side of a picture, in pixels, that is read as it is; a larger one is reduced to it. */
const LARGEST = 1024;
/** Grey levels below this are dark. */
const DARK = 128;
/** Share of pixels that are pure white or pure black from which on a picture is not a photo. */
const CLEAN = 0.5;
/** Paper is of one tone if its grey levels differ from the median by less than this. */
const FLAT = 12;
/** Contrast below which nothing is ink. */
const FAINTEST = 0.12;

/** Grey as Pillow makes it of colours. @param {Uint8ClampedArray} rgba  over white */
function greyOf(rgba) {
  const grey = new Uint8Array(rgba.length / 4);
  for (let i = 0, at = 0; i < grey.length; i++, at += 4) {
    grey[i] = (19595 * rgba[at] + 38470 * rgba[at + 1] + 7471 * rgba[at + 2] + 32768) >> 16;
  }
  return grey;
}

/** @param {number} width @param {number} height @param {Uint8Array} grey */
function borderOf(width, height, grey) {
  const border = [];
  for (let x = 0; x < width; x++) border.push(grey[x], grey[(height - 1) * width + x]);
  for (let y = 0; y < height; y++) border.push(grey[y * width], grey[(y + 1) * width - 1]);
  return border;
}

/** @param {ArrayLike<number>} values @param {(value: number) => boolean} test */
function shareOf(values, test) {
  let count = 0;
  for (let i = 0; i < values.length; i++) count += Number(test(values[i]));
  return count / values.length;
}

/** The threshold in 0..1 that sets the numbers below and above it best apart (Otsu). @param {Float64Array} values */
function otsu(values) {
  const bins = 128;
  const counts = new Float64Array(bins);
  for (const value of values) counts[Math.min(bins - 1, Math.floor(value * bins))]++;
  const whole = counts.reduce((sum, count, i) => sum + count * (i + 0.5), 0);
  let [below, weight, most] = [0, 0, -1];
  /** @type {number[]} */
  let best = [];
  counts.forEach((count, i) => {
    below += count;
    weight += count * (i + 0.5);
    const above = values.length - below;
    const apart = above > 0 ? weight / Math.max(below, 1) - (whole - weight) / above : 0;
    const variance = below * above * apart ** 2;
    if (variance > most * (1 + 1e-9)) [most, best] = [variance, []];
    if (variance >= most * (1 - 1e-9)) best.push((i + 1) / bins);
  });
  return best.reduce((sum, edge) => sum + edge, 0) / best.length;
}

/**
 * Separate ink from paper in a photo on paper of one tone: whatever differs from the border's, lighter or darker.
 * @param {Uint8Array} grey
 * @param {number[]} border
 */
function evenOut(grey, border) {
  const tone = [...border].sort((a, b) => a - b)[border.length >> 1];
  let lighter = 0;
  for (const value of grey) {
    lighter += Math.max(value - tone - FLAT, 0) - Math.max(tone - value - FLAT, 0);
  }
  const room = Math.max(lighter > 0 ? 255 - tone : tone, 40);
  const contrast = Float64Array.from(grey, (value) =>
    Math.min(Math.max((lighter > 0 ? value - tone : tone - value) / room, 0), 1),
  );
  const threshold = otsu(contrast);
  if (2 * threshold < FAINTEST) return new Uint8Array(grey.length);
  return Uint8Array.from(contrast, (value) =>
    Math.round(255 * Math.min(Math.max((value / threshold - 0.6) / 0.8, 0), 1)),
  );
}

/**
 * @param {ImageData} pixels  over white
 * @param {boolean} isOfPad  whether it is known to be dark on light, as what a pad alone has drawn
 * @returns {Ink}
 */
export function inkOf({ width, height, data: rgba }, isOfPad) {
  const grey = greyOf(rgba);
  const inverted = () => grey.map((value) => 255 - value);
  if (isOfPad) return { width, height, data: inverted() };
  const border = borderOf(width, height, grey);
  const isDark = (/** @type {number} */ value) => value < DARK;
  if (shareOf(grey, (value) => value === 0 || value === 255) < CLEAN) {
    return { width, height, data: evenOut(grey, border) };
  }
  const isLightOnDark = shareOf(border, isDark) > 0.5 && shareOf(grey, isDark) > 0.5;
  return { width, height, data: isLightOnDark ? grey : inverted() };
}

/**
 * Decode a picture, over white.
 * @param {Document} document
 * @param {string} url  a data URL
 * @returns {Promise<ImageData>}
 */
export async function decode(document, url) {
  const image = document.createElement("img");
  image.src = url;
  try {
    await image.decode();
  } catch {
    throw new TypeError("The picture cannot be read. Send a PNG, JPEG, WebP, GIF or BMP.");
  }
  const scale = Math.min(1, LARGEST / Math.max(image.naturalWidth, image.naturalHeight));
  const [width, height] = [image.naturalWidth, image.naturalHeight].map((n) => Math.max(1, Math.round(n * scale)));
  const context = contextOf(document, width, height);
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/**
 * Ink as a PNG data URL, black on white.
 * @param {Document} document
 * @param {Ink} ink
 * @param {number} [side]  the longer side is reduced to it, in pixels
 */
export function toDataUrl(document, ink, side = Infinity) {
  const scale = Math.min(1, side / Math.max(ink.width, ink.height));
  const fit = (/** @type {number} */ length) => Math.max(1, Math.round(length * scale));
  const { width, height, data } = scale < 1 ? areaAverage(ink, fit(ink.width), fit(ink.height)) : ink;
  const context = contextOf(document, width, height);
  const pixels = context.createImageData(width, height);
  data.forEach((value, i) => pixels.data.set([255 - value, 255 - value, 255 - value, 255], 4 * i));
  context.putImageData(pixels, 0, 0);
  return context.canvas.toDataURL();
}

/** @param {Document} document @param {number} width @param {number} height */
function contextOf(document, width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
}
