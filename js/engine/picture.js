// Pictures in and out of a page: any picture becomes ink, as in picture.py, and ink a picture.

import { areaAverage } from "./normalise.js";
import { borderOf, evenOut } from "./photo.js";

/** @typedef {import("./normalise.js").Ink} Ink */

/** Longer side of a picture, in pixels, that is read as it is; a larger one is reduced to it. */
const LARGEST = 720;
/** Grey levels below this are dark. */
const DARK = 128;
/** Share of pixels that are pure white or pure black from which on a picture is not a photo. */
const CLEAN = 0.5;
/** Grey as Pillow makes it of colours. @param {Uint8ClampedArray} rgba  over white */
function greyOf(rgba) {
  const grey = new Uint8Array(rgba.length / 4);
  for (let i = 0, at = 0; i < grey.length; i++, at += 4) {
    grey[i] = (19595 * rgba[at] + 38470 * rgba[at + 1] + 7471 * rgba[at + 2] + 32768) >> 16;
  }
  return grey;
}

/** @param {ArrayLike<number>} values @param {(value: number) => boolean} test */
function shareOf(values, test) {
  let count = 0;
  for (let i = 0; i < values.length; i++) count += Number(test(values[i]));
  return count / values.length;
}

/**
 * @param {ImageData} pixels  over white
 * @param {boolean} isOfPad  whether it is known to be dark on light, as what a pad alone has drawn
 * @returns {Ink}
 */
export function inkOf({ width, height, data: rgba }, isOfPad) {
  const grey = { width, height, data: greyOf(rgba) };
  const inverted = () => ({ ...grey, data: grey.data.map((value) => 255 - value) });
  if (isOfPad) return inverted();
  if (shareOf(grey.data, (value) => value === 0 || value === 255) < CLEAN) return evenOut(grey);
  const isDark = (/** @type {number} */ value) => value < DARK;
  const isLightOnDark = shareOf(borderOf(grey), isDark) > 0.5 && shareOf(grey.data, isDark) > 0.5;
  return isLightOnDark ? grey : inverted();
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
