// The drawing surface: a pointer -> strokes -> pixels. It knows no widget: it runs on any page.

import { BLANK, DEPTH, createHistory, isBlank, isSame } from "./history.js";
import PAD from "../src/digit_widget/pad.json";

/**
 * @typedef {import("./history.js").Drawing} Drawing
 * @typedef {import("./history.js").Point} Point
 * @typedef {import("./history.js").Stroke} Stroke
 */

/**
 * Lay a stroke's path, its corners rounded: quadratic curves between the middles of its segments.
 * Python draws the same curve (strokes.py).
 * @param {CanvasRenderingContext2D} context
 * @param {Stroke} stroke
 * @param {number} from  index of the first point that is not on the canvas yet
 */
function lay(context, stroke, from = 0) {
  const middle = (/** @type {number} */ i) =>
    /** @type {const} */ ([(stroke[i - 1][0] + stroke[i][0]) / 2, (stroke[i - 1][1] + stroke[i][1]) / 2]);
  const begin = Math.max(from, 1);
  const [x, y] = stroke[stroke.length - 1];
  context.beginPath();
  if (stroke.length === 1) {
    context.arc(x, y, PAD.pen_width / 2, 0, 2 * Math.PI); // a canvas draws no line of no length
    context.fill();
    return;
  }
  if (begin === 1) context.moveTo(stroke[0][0], stroke[0][1]);
  else context.moveTo(...middle(begin - 1));
  for (let i = begin; i < stroke.length; i++) {
    if (i === 1) context.lineTo(...middle(1));
    else context.quadraticCurveTo(stroke[i - 1][0], stroke[i - 1][1], ...middle(i));
  }
  context.lineTo(x, y);
  context.stroke();
}

/**
 * Give a context a sheet of white paper and a black pen, in pad units.
 * @param {CanvasRenderingContext2D} context
 */
function prepare(context) {
  const scale = context.canvas.width / PAD.size;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = "white";
  context.fillRect(0, 0, PAD.size, PAD.size);
  context.fillStyle = context.strokeStyle = "black";
  context.lineWidth = PAD.pen_width;
  context.lineCap = context.lineJoin = "round";
}

/**
 * Make a canvas a pad to draw on.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {object} options
 * @param {(still: boolean) => void} options.onChange  the person changed the drawing; still: the pen is up
 * @param {AbortSignal} options.signal  takes the pad down
 */
export function createPad(canvas, { onChange, signal }) {
  const view = /** @type {Window & typeof globalThis} */ (canvas.ownerDocument.defaultView);
  const screen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  const history = createHistory();
  /** @type {Map<string, HTMLImageElement>} */
  const backgrounds = new Map();
  /** @type {Stroke | null} */
  let stroke = null;
  let pointer = -1;
  /** When the drawing began, on the events' clock; not known of one that was not drawn here. @type {number | null} */
  let began = null;

  const now = () => {
    const { background, strokes } = history.now;
    return stroke ? { background, strokes: [...strokes, stroke] } : history.now;
  };

  /** @param {CanvasRenderingContext2D} context */
  function paint(context) {
    prepare(context);
    const { background, strokes } = now();
    const image = backgrounds.get(background);
    if (image?.complete && image.naturalWidth) {
      const scale = PAD.size / Math.max(image.naturalWidth, image.naturalHeight);
      const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
      context.drawImage(image, (PAD.size - width) / 2, (PAD.size - height) / 2, width, height);
    }
    for (const line of strokes) lay(context, line);
  }

  function fetchBackground() {
    const url = history.now.background;
    if (!url || backgrounds.has(url)) return;
    const image = new view.Image();
    image.addEventListener("load", () => paint(screen), { signal });
    image.src = url;
    backgrounds.set(url, image);
    const [oldest] = backgrounds.keys();
    if (backgrounds.size > DEPTH) backgrounds.delete(oldest);
  }

  /** @param {() => void} edit */
  function change(edit) {
    drop();
    edit();
    fetchBackground();
    paint(screen);
  }

  // --- the pen

  /** @param {PointerEvent} event */
  function add(event) {
    const line = /** @type {Stroke} */ (stroke);
    const box = canvas.getBoundingClientRect();
    const scale = PAD.size / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    const last = line.at(-1);
    if (last && Math.hypot(x - last[0], y - last[1]) < 0.5) return; // a hand that rests adds nothing
    const t = Math.max(0, Math.round(event.timeStamp - Number(began)));
    line.push([Number(x.toFixed(1)), Number(y.toFixed(1)), t, Number(event.pressure.toFixed(2))]);
  }

  /** @param {PointerEvent} event */
  function down(event) {
    if (stroke || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    pointer = event.pointerId;
    const last = history.now.strokes.at(-1)?.at(-1);
    if (!last) began = event.timeStamp;
    else began ??= event.timeStamp - last[2];
    stroke = [];
    add(event);
    lay(screen, stroke);
    onChange(false);
  }

  /** @param {PointerEvent} event */
  function move(event) {
    if (!stroke || event.pointerId !== pointer) return;
    const from = stroke.length;
    const events = event.getCoalescedEvents?.() ?? []; // only where the page came over https or from this machine
    for (const part of events.length ? events : [event]) add(part);
    if (stroke.length === from) return;
    lay(screen, stroke, from);
    onChange(false);
  }

  /** @param {PointerEvent} event */
  function up(event) {
    if (!stroke || event.pointerId !== pointer) return;
    const { background, strokes } = history.now;
    history.push({ background, strokes: [...strokes, stroke] });
    drop();
    paint(screen); // what was laid piece by piece, once more as a whole
    onChange(true);
  }

  function drop() {
    stroke = null;
    if (canvas.hasPointerCapture(pointer)) canvas.releasePointerCapture(pointer);
    pointer = -1;
  }

  canvas.addEventListener("pointerdown", down, { signal });
  canvas.addEventListener("pointermove", move, { signal });
  canvas.addEventListener("pointerup", up, { signal });
  canvas.addEventListener("pointercancel", up, { signal });
  canvas.addEventListener("lostpointercapture", up, { signal });

  // --- the screen

  function fit() {
    const side = Math.round(PAD.size * view.devicePixelRatio);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    paint(screen);
    view
      .matchMedia(`(resolution: ${view.devicePixelRatio}dppx)`)
      .addEventListener("change", fit, { once: true, signal });
  }
  fit();

  return {
    get canUndo() {
      return history.canUndo;
    },
    get canRedo() {
      return history.canRedo;
    },

    /** What is on the pad, the stroke under the pen included. */
    get drawing() {
      return now();
    },

    /** The drawing as a PNG data URL, black on white, at one pixel a pad unit whatever the screen; "" when blank. */
    picture() {
      if (isBlank(now())) return "";
      const sheet = canvas.ownerDocument.createElement("canvas");
      sheet.width = sheet.height = PAD.size;
      const context = sheet.getContext("2d", { alpha: false, willReadFrequently: true });
      paint(/** @type {CanvasRenderingContext2D} */ (context));
      return sheet.toDataURL("image/png");
    },

    /** Show a drawing that was there before this pad was. */
    restore(/** @type {Drawing} */ drawing) {
      began = null;
      change(() => history.restore(drawing));
    },

    /** Show what another view or Python drew; a stroke under the pen is given up for it. */
    follow(/** @type {Drawing} */ drawing) {
      if (isSame(drawing, now())) return;
      began = null;
      change(() => history.follow(drawing));
    },

    undo() {
      change(history.undo);
      onChange(true);
    },

    redo() {
      change(history.redo);
      onChange(true);
    },

    clear() {
      if (isBlank(now())) return;
      change(() => history.push(BLANK));
      onChange(true);
    },
  };
}
