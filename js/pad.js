// The drawing surface: a pen, whoever holds it -> strokes -> pixels. It knows no widget: it runs on any page.

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
 * Give a context a sheet of paper and a pen, in pad units.
 * @param {CanvasRenderingContext2D} context
 * @param {string} paper  a colour; white when it is none
 * @param {string} ink  a colour; black when it is none
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

/** Who holds the pen: a pointer of this number, or one of these. */
const [NOBODY, KEYBOARD] = [-1, -2];

/** How hard a pen presses that cannot tell, as browsers say of a mouse. */
const PRESSURE = 0.5;

/**
 * Make a canvas a pad to draw on.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {object} options
 * @param {(still: boolean) => void} options.onChange  the person changed the drawing; still: the pen is up
 * @param {() => void} options.onDrop  a stroke was begun and given up: the drawing is what it was before
 * @param {AbortSignal} options.signal  takes the pad down
 */
export function createPad(canvas, { onChange, onDrop, signal }) {
  const view = /** @type {Window & typeof globalThis} */ (canvas.ownerDocument.defaultView);
  const screen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  const history = createHistory();
  /** @type {Map<string, HTMLImageElement>} */
  const backgrounds = new Map();
  /** @type {Stroke | null} */
  let stroke = null;
  let holder = NOBODY;
  let pointerType = "mouse";
  let shown = PAD.size; // the pad's side on the page, in CSS pixels
  /** When the drawing began, on the events' clock; not known of one that was not drawn here. @type {number | null} */
  let began = null;

  const now = () => {
    const { background, strokes } = history.now;
    // A copy: whoever is given the drawing compares it with the next, and this stroke goes on.
    return stroke ? { background, strokes: [...strokes, [...stroke]] } : history.now;
  };

  /** @param {CanvasRenderingContext2D} context */
  function paint(context) {
    // The colours are the screen's alone: the picture for Python is black on white.
    const colour = context === screen ? view.getComputedStyle(canvas) : null;
    prepare(context, colour?.getPropertyValue("--dw-paper") ?? "", colour?.getPropertyValue("--dw-ink") ?? "");
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

  /** @param {number} x @param {number} y @param {number} time @param {number} pressure */
  function add(x, y, time, pressure) {
    const line = /** @type {Stroke} */ (stroke);
    const last = line.at(-1);
    if (last && Math.hypot(x - last[0], y - last[1]) < 0.5) return; // a hand that rests adds nothing
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
    lay(screen, stroke);
    onChange(false);
  }

  /** @param {() => void} addPoints */
  function extend(addPoints) {
    const line = /** @type {Stroke} */ (stroke);
    const from = line.length;
    addPoints();
    if (line.length === from) return;
    lay(screen, line, from);
    onChange(false);
  }

  function finish() {
    if (!stroke) return;
    const { background, strokes } = history.now;
    history.push({ background, strokes: [...strokes, stroke] });
    drop();
    paint(screen); // what was laid piece by piece, once more as a whole
    onChange(true);
  }

  function drop() {
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
    const isBarrel = pointerType === "pen" && event.buttons !== 1; // the button on its side, or its other end
    if (event.button !== 0 || isBarrel) return;
    if (holder === KEYBOARD) finish();
    if (stroke && before === "touch" && pointerType === "pen") {
      drop(); // the hand came to rest before its pen did
      paint(screen);
    }
    if (stroke) return; // another finger, or the hand that holds the pen
    canvas.setPointerCapture(event.pointerId);
    begin(event.pointerId, event.timeStamp, () => addEvent(event));
  }

  /** @param {PointerEvent} event */
  function move(event) {
    if (!isHeldBy(event)) return;
    const events = event.getCoalescedEvents?.() ?? []; // only where the page came over https or from this machine
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
    // Two fingers scroll and zoom: what the first one drew before the second came was not meant.
    drop();
    paint(screen);
    onDrop();
  }

  /** A finger that rests and a pen's button ask for a menu; only the mouse may have it. @param {Event} event */
  function refuseMenu(event) {
    if (pointerType === "mouse") return;
    event.preventDefault();
    event.stopPropagation();
  }

  canvas.addEventListener("pointerdown", down, { signal });
  canvas.addEventListener("pointermove", move, { signal });
  canvas.addEventListener("pointerup", up, { signal });
  canvas.addEventListener("pointercancel", cancel, { signal });
  canvas.addEventListener("lostpointercapture", up, { signal });
  canvas.addEventListener("contextmenu", refuseMenu, { signal });

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

  // Its colours are known only once it is on the page.
  const observer = new view.ResizeObserver(() => paint(screen));
  observer.observe(canvas);
  signal.addEventListener("abort", () => observer.disconnect());

  return {
    /** The pad's side, in pad units. */
    side: PAD.size,

    /** The pen in the hand of the keyboard; a stroke of a pointer's is none of its business. */
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

    /** Whether a stroke is under way. */
    get isDrawing() {
      return stroke !== null;
    },

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

    /** Be that many CSS pixels large on the page; the drawing stays in pad units. */
    resize(/** @type {number} */ size) {
      if (size === shown) return;
      shown = size;
      fit();
    },

    /** What to remember of the drawings before and after this one; null when nothing new. */
    remember: history.remember,

    /** Show a drawing that was there before this pad was, with what is remembered of those before and after. */
    restore(/** @type {Drawing} */ drawing, /** @type {unknown} */ memory) {
      began = null;
      change(() => history.restore(drawing, memory));
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
