// Pictures that are pasted or dropped on the pad.

import PAD from "../src/digit_widget/pad.json" with { type: "json" };

/** Detail enough for the pad, and even a noisy photo stays below the size that Python accepts. */
const LARGEST = 2 * PAD.size;

/**
 * Listen for pictures on an element.
 * @param {HTMLElement} element
 * @param {object} options
 * @param {(picture: string) => void} options.onPicture  called with a data URL
 * @param {() => void} options.onRefuse  called when there is a file that is no picture, or cannot be read
 * @param {(isOver: boolean) => void} options.onHover  called when something is dragged over the element, or no longer
 * @param {AbortSignal} options.signal  removes the listeners
 */
export function listenForPictures(element, { onPicture, onRefuse, onHover, signal }) {
  /** @param {DataTransfer | null} data */
  async function take(data) {
    const hasFiles = Boolean(data?.files.length); // the browser forgets them after the event
    const picture = await pictureOf(element.ownerDocument, data);
    if (signal.aborted) return;
    if (picture) onPicture(picture);
    else if (hasFiles) onRefuse();
  }
  /** @type {Record<string, (event: any) => void>} */
  const listeners = {
    paste: (event) => take(event.clipboardData),
    dragover(event) {
      event.preventDefault(); // or nothing could be dropped
      onHover(true);
    },
    dragleave: () => onHover(false),
    drop(event) {
      event.preventDefault(); // the browser would open the picture
      onHover(false);
      take(event.dataTransfer);
    },
  };
  for (const [name, listener] of Object.entries(listeners)) element.addEventListener(name, listener, { signal });
}

/**
 * Read the first picture, one frame of it and no larger than needed.
 * @param {Document} document
 * @param {DataTransfer | null} data
 * @returns {Promise<string>}  data URL; "" if there is no picture
 */
async function pictureOf(document, data) {
  const file = [...(data?.files ?? [])].find(({ type }) => type.startsWith("image/"));
  if (!file) return "";
  const bitmap = await createImageBitmap(file).catch(() => null); // the browser cannot read it
  if (!bitmap) return "";
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, bitmap.width * scale);
  canvas.height = Math.max(1, bitmap.height * scale);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL();
}
