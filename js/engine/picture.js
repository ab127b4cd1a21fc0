// Pictures in and out of a page: any picture becomes ink, as in picture.py, and ink a picture.

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

/** Ink as pixels, black on white. @param {Ink} ink @returns {import("./heat.js").Pixels} */
function blackOnWhite({ width, height, data }) {
  const rgba = new Uint8ClampedArray(4 * data.length);
  data.forEach((value, i) => rgba.set([255 - value, 255 - value, 255 - value, 255], 4 * i));
  return { width, height, data: rgba };
}

/** Ink as a PNG data URL, black on white. @param {Document} document @param {Ink} ink */
export const inkUrl = (document, ink) => pixelsUrl(document, blackOnWhite(ink));

/** Pixels as a PNG data URL. @param {Document} document @param {import("./heat.js").Pixels} pixels */
export function pixelsUrl(document, { width, height, data }) {
  const context = contextOf(document, width, height);
  const image = context.createImageData(width, height);
  image.data.set(data);
  context.putImageData(image, 0, 0);
  return context.canvas.toDataURL();
}

/** @param {Document} document @param {number} width @param {number} height */
function contextOf(document, width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
}
