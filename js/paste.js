// A picture that is pasted or dropped on the pad, as Python takes it: one frame, no larger than it needs to be.

const SIDE = 560; // twice the pad's: the worst photo stays well under what Python takes

/**
 * @param {Document} document
 * @param {DataTransfer | null} data
 * @returns {Promise<string>}  data URL; "" when there is no picture in it
 */
export async function pictureOf(document, data) {
  const file = [...(data?.files ?? [])].find(({ type }) => type.startsWith("image/"));
  if (!file) return "";
  const bitmap = await createImageBitmap(file).catch(() => null); // what no browser can read is no picture
  if (!bitmap) return "";
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, bitmap.width * scale);
  canvas.height = Math.max(1, bitmap.height * scale);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL();
}
