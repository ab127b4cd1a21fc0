// The drawing surface: pointer or keyboard -> strokes -> pixels. It knows no widget: it runs on any page.

import { BLANK, DEPTH, createHistory, isBlank, isSame } from "./history.js";
import PAD from "../src/digit_widget/pad.json" with { type: "json" };

/**
 * @typedef {import("./history.js").Drawing} Drawing
 * @typedef {import("./history.js").Point} Point
 * @typedef {import("./history.js").Stroke} Stroke
 */

/**
 * Draw a stroke, smoothed: quadratic curves between the middles of its segments.
 * Python draws the same curve (strokes.py).
 * @param {CanvasRenderingContext2D} context
 * @param {Stroke} stroke
 * @param {number} from  index of the first point that is not on the canvas yet
 */
function trace(context, stroke, from = 0) {
  const middle = (/** @type {number} */ i) =>
    /** @type {const} */ ([(stroke[i - 1][0] + stroke[i][0]) / 2, (stroke[i - 1][1] + stroke[i][1]) / 2]);
  const begin = Math.max(from, 1);
  const [x, y] = stroke[stroke.length - 1];
  context.beginPath();
  if (stroke.length === 1) {
    context.arc(x, y, PAD.pen_width / 2, 0, 2 * Math.PI); // a canvas does not draw a line of length 0
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
 * Clear a context to blank paper and set up its pen, in pad units.
 * @param {CanvasRenderingContext2D} context
 * @param {string} paper  a colour; white if it is not valid
 * @param {string} ink  a colour; black if it is not valid
 */
function prepare(context, paper, ink) {
  const scale = context.canvas.width / PAD.size;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = "white";
  context.fillStyle = paper;
  context.fillRect(0, 0, PAD.size, PAD.size);
  context.fillStyle = context.strokeStyle = "black";
  context.fillStyle = context.strokeStyle = ink;
  context.lineWidth = PAD.pen_width;
  context.lineCap = context.lineJoin = "round";
}

/** Who holds the pen: the pointer with this id, or one of these. */
const [NOBODY, KEYBOARD] = [-1, -2];

/** Pressure of the keyboard's pen; browsers report the same for a mouse. */
const PRESSURE = 0.5;

/**
 * Make a canvas a pad to draw on.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {object} options
 * @param {(isFinished: boolean) => void} options.onChange  called when the person has changed the drawing; false while
 *   the pen is down
 * @param {() => void} options.onCancel  called when a stroke was given up: the drawing is what it was before
 * @param {() => void} options.onReady  called when a background has loaded, or cannot be loaded; see `isReady`
 * @param {AbortSignal} options.signal  removes the pad's listeners
 */
export function createPad(canvas, { onChange, onCancel, onReady, signal }) {
  const view = /** @type {Window & typeof globalThis} */ (canvas.ownerDocument.defaultView);
  const screen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  /** Where pictures are made; kept, as that is faster than a new one each time. @type {CanvasRenderingContext2D} */
  let offscreen;
  const history = createHistory();
  /** @type {Map<string, HTMLImageElement>} */
  const backgrounds = new Map();
  /** @type {Stroke | null} */
  let stroke = null;
  let holder = NOBODY;
  let pointerType = "mouse";
  let shown = PAD.size; // the pad's side on the page, in CSS pixels
  /** When the drawing began, on the events' clock; null if it was not drawn here. @type {number | null} */
  let began = null;

  const now = () => {
    const { background, strokes } = history.now;
    // A copy, as drawings do not change and this stroke still grows.
    return stroke ? { background, strokes: [...strokes, [...stroke]] } : history.now;
  };

  /** @param {CanvasRenderingContext2D} context */
  function paint(context) {
    // Colours are for the screen only: the picture for Python is black on white.
    const colour = context === screen ? view.getComputedStyle(canvas) : null;
    prepare(context, colour?.getPropertyValue("--dw-paper") ?? "", colour?.getPropertyValue("--dw-ink") ?? "");
    const { background, strokes } = now();
    const image = backgrounds.get(background);
    if (image?.complete && image.naturalWidth) {
      const scale = PAD.size / Math.max(image.naturalWidth, image.naturalHeight);
      const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
      context.drawImage(image, (PAD.size - width) / 2, (PAD.size - height) / 2, width, height);
    }
    for (const line of strokes) trace(context, line);
  }

  function createOffscreen() {
    const sheet = canvas.ownerDocument.createElement("canvas");
    sheet.width = sheet.height = PAD.size;
    const context = sheet.getContext("2d", { alpha: false, willReadFrequently: true });
    return /** @type {CanvasRenderingContext2D} */ (context);
  }

  function loadBackground() {
    const url = history.now.background;
    if (!url || backgrounds.has(url)) return;
    const image = new view.Image();
    const show = () => {
      paint(screen);
      onReady();
    };
    for (const end of ["load", "error"]) image.addEventListener(end, show, { signal });
    image.src = url;
    backgrounds.set(url, image);
    const [oldest] = backgrounds.keys();
    if (backgrounds.size > DEPTH) backgrounds.delete(oldest);
  }

  /** @param {() => void} edit */
  function change(edit) {
    release();
    edit();
    loadBackground();
    paint(screen);
  }

  // --- the pen

  /** @param {number} x @param {number} y @param {number} time @param {number} pressure */
  function add(x, y, time, pressure) {
    const line = /** @type {Stroke} */ (stroke);
    const last = line.at(-1);
    if (last && Math.hypot(x - last[0], y - last[1]) < 0.5) return; // a hand at rest adds no points
    const t = Math.max(0, Math.round(time - Number(began)));
    line.push([Number(x.toFixed(1)), Number(y.toFixed(1)), t, Number(pressure.toFixed(2))]);
  }

  /** @param {PointerEvent} event */
  function addEvent({ clientX, clientY, timeStamp, pressure }) {
    const box = canvas.getBoundingClientRect();
    const scale = PAD.size / box.width;
    add((clientX - box.left) * scale, (clientY - box.top) * scale, timeStamp, pressure);
  }

  /** @param {number} who @param {number} time @param {() => void} addPoint */
  function begin(who, time, addPoint) {
    holder = who;
    const last = history.now.strokes.at(-1)?.at(-1);
    if (!last) began = time;
    else began ??= time - last[2];
    stroke = [];
    addPoint();
    trace(screen, stroke);
    onChange(false);
  }

  /** @param {() => void} addPoints */
  function extend(addPoints) {
    const line = /** @type {Stroke} */ (stroke);
    const from = line.length;
    addPoints();
    if (line.length === from) return;
    trace(screen, line, from);
    onChange(false);
  }

  function finish() {
    if (!stroke) return;
    const { background, strokes } = history.now;
    history.push({ background, strokes: [...strokes, stroke] });
    release();
    onChange(true); // first: the question need not wait until the screen is painted
    paint(screen); // in one piece, where it was drawn piece by piece
  }

  /** Take the pen away from whoever holds it, and the unfinished stroke with it. */
  function release() {
    stroke = null;
    if (canvas.hasPointerCapture(holder)) canvas.releasePointerCapture(holder);
    holder = NOBODY;
  }

  /** @param {PointerEvent} event */
  const isHeldBy = (event) => stroke !== null && event.pointerId === holder;

  /** @param {PointerEvent} event */
  function down(event) {
    const before = pointerType;
    pointerType = event.pointerType;
    const isBarrel = pointerType === "pen" && event.buttons !== 1; // the button on its side, or its eraser
    if (event.button !== 0 || isBarrel) return;
    if (holder === KEYBOARD) finish();
    if (stroke && before === "touch" && pointerType === "pen") {
      release(); // the touch was the palm of the hand with the pen
      paint(screen);
    }
    if (stroke) return; // another finger, or the hand that holds the pen
    canvas.setPointerCapture(event.pointerId);
    begin(event.pointerId, event.timeStamp, () => addEvent(event));
  }

  /** @param {PointerEvent} event */
  function move(event) {
    if (!isHeldBy(event)) return;
    const events = event.getCoalescedEvents?.() ?? []; // missing where the page is neither https nor localhost
    extend(() => (events.length ? events : [event]).forEach(addEvent));
  }

  /** @param {PointerEvent} event */
  function up(event) {
    if (isHeldBy(event)) finish();
  }

  /** @param {PointerEvent} event */
  function cancel(event) {
    if (!isHeldBy(event)) return;
    if (event.pointerType !== "touch") return finish();
    // Two fingers scroll and zoom: what the first one drew until then was not meant as a stroke.
    release();
    paint(screen);
    onCancel();
  }

  /** Only the mouse opens a context menu, not a long touch or a pen's button. @param {Event} event */
  function refuseMenu(event) {
    if (pointerType === "mouse") return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @type {Record<string, (event: any) => void>} */
  const listeners = {
    pointerdown: down,
    pointermove: move,
    pointerup: up,
    pointercancel: cancel,
    lostpointercapture: up,
    contextmenu: refuseMenu,
  };
  for (const [type, listener] of Object.entries(listeners)) canvas.addEventListener(type, listener, { signal });

  // --- the screen

  function fit() {
    const side = Math.round(shown * view.devicePixelRatio);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    paint(screen);
  }

  function watch() {
    fit();
    view
      .matchMedia(`(resolution: ${view.devicePixelRatio}dppx)`)
      .addEventListener("change", watch, { once: true, signal });
  }
  watch();

  // The theme's colours are only known once the canvas is on the page.
  const observer = new view.ResizeObserver(() => paint(screen));
  observer.observe(canvas);
  signal.addEventListener("abort", () => observer.disconnect());

  return {
    /** The pad's side, in pad units. */
    side: PAD.size,

    /** The keyboard's pen; it does nothing while a pointer draws. */
    pen: {
      get isDown() {
        return holder === KEYBOARD;
      },
      down(/** @type {import("./keys.js").Place} */ { x, y }, /** @type {number} */ time) {
        if (!stroke) begin(KEYBOARD, time, () => add(x, y, time, PRESSURE));
      },
      move(/** @type {import("./keys.js").Place} */ { x, y }, /** @type {number} */ time) {
        if (holder === KEYBOARD) extend(() => add(x, y, time, PRESSURE));
      },
      up() {
        if (holder === KEYBOARD) finish();
      },
    },

    /** Whether a stroke is being drawn. */
    get isDrawing() {
      return stroke !== null;
    },

    get canUndo() {
      return history.canUndo;
    },
    get canRedo() {
      return history.canRedo;
    },

    /** What is on the pad, with the stroke that is being drawn. */
    get drawing() {
      return now();
    },

    /** Whether the drawing's background is there, or cannot be loaded: `picture` is then what the pad shows. */
    get isReady() {
      return backgrounds.get(history.now.background)?.complete ?? true;
    },

    /** The drawing as a PNG data URL, black on white, one pixel per pad unit on any screen; "" when blank. */
    picture() {
      if (isBlank(now())) return "";
      paint((offscreen ??= createOffscreen()));
      return offscreen.canvas.toDataURL();
    },

    /** Set the side on the page, in CSS pixels; the drawing stays in pad units. */
    resize(/** @type {number} */ size) {
      if (size === shown) return;
      shown = size;
      fit();
    },

    /** Undo and redo as data, if that has to be saved; else null. */
    historyToSave: history.toSave,

    /** Show a drawing that was made before this pad, with the undo and redo saved for it. */
    restore(/** @type {Drawing} */ drawing, /** @type {unknown} */ memory) {
      began = null;
      change(() => history.restore(drawing, memory));
    },

    /** Show what another view or Python drew, instead of a stroke that is being drawn. */
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
