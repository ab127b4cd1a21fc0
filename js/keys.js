// Drawing by keyboard: arrows move a cursor over the pad, Space puts the pen down and lifts it. `meaning` and `step`
// are pure; `createKeys` listens for the keys.

/**
 * @typedef {"move" | "pen" | "ask" | "clear" | "undo" | "redo" | "leave"} Command
 * @typedef {{ x: number, y: number }} Place  in pad units
 * @typedef {{ key: string, code: string, shiftKey: boolean, ctrlKey: boolean, metaKey: boolean, altKey: boolean }} Press
 */

/** @type {Map<string, readonly [x: number, y: number]>} */
const ARROWS = new Map([
  ["ArrowLeft", [-1, 0]],
  ["ArrowRight", [1, 0]],
  ["ArrowUp", [0, -1]],
  ["ArrowDown", [0, 1]],
]);

/** @type {Map<string, Command>} */
const PLAIN = new Map([
  [" ", "pen"],
  ["Enter", "ask"],
  ["Delete", "clear"],
  ["Backspace", "clear"],
  ["Escape", "leave"],
]);

/** How far an arrow key moves the cursor, and how far with Shift, as fractions of the pad's side. */
const STEP = 1 / 40;
const LONG_STEP = 1 / 10;

/**
 * What a key means on the pad; null if nothing.
 * @param {Press} press
 * @returns {Command | null}
 */
export function meaning({ key, code, shiftKey, ctrlKey, metaKey, altKey }) {
  if (altKey) return null;
  if (ctrlKey || metaKey) {
    // On keyboards with other letters, the key in the same place.
    const letter = /^[a-z]$/i.test(key) ? key.toLowerCase() : code.replace("Key", "").toLowerCase();
    if (letter === "z") return shiftKey ? "redo" : "undo";
    return letter === "y" && !shiftKey ? "redo" : null;
  }
  if (ARROWS.has(key)) return "move";
  const command = PLAIN.get(key) ?? null;
  // Shift+Enter is left to the notebook. The pen works with Shift too, which may be held for long steps.
  return shiftKey && command !== "pen" && command !== "leave" ? null : command;
}

/**
 * Where the arrow keys that are held move the cursor; two of them move it diagonally.
 * @param {Place} place
 * @param {Iterable<string>} held
 * @param {boolean} isFast
 * @param {number} side  the pad's
 * @returns {Place}
 */
export function step({ x, y }, held, isFast, side) {
  const far = side * (isFast ? LONG_STEP : STEP);
  for (const key of held) {
    const [right, down] = ARROWS.get(key) ?? [0, 0];
    x += far * right;
    y += far * down;
  }
  const within = (/** @type {number} */ n) => Math.min(Math.max(n, 0), side);
  return { x: within(x), y: within(y) };
}

/**
 * Let the keyboard draw on a pad.
 *
 * @param {HTMLElement} root  the element with the pad and its buttons
 * @param {object} options
 * @param {HTMLElement} options.canvas  the keyboard draws while this has the focus
 * @param {ReturnType<typeof import("./pad.js").createPad>} options.pad
 * @param {() => void} options.ask
 * @param {() => void} options.onChange  called when the cursor may have moved
 * @param {AbortSignal} options.signal  removes the listeners
 */
export function createKeys(root, { canvas, pad, ask, onChange, signal }) {
  const view = /** @type {Window & typeof globalThis} */ (canvas.ownerDocument.defaultView);
  const { pen, side } = pad;
  /** @type {Place} */
  let place = { x: side / 2, y: side / 2 };
  /** @type {Set<string>} */
  const held = new Set();
  let isShown = false; // whether the keyboard draws: not when the focus came by a click
  let isPressed = false;
  /** `isShown` when the whole window lost the focus; null if it did not. @type {boolean | null} */
  let wasShown = null;

  /** @param {boolean} shown */
  function show(shown) {
    isShown = shown;
    if (!shown) {
      held.clear();
      pen.up();
    }
    onChange();
  }

  /** @param {KeyboardEvent} event */
  function move(event) {
    held.add(event.key);
    place = step(place, held, event.shiftKey, side);
    if (pen.isDown) pen.move(place, event.timeStamp);
  }

  /** @param {Command} command @param {KeyboardEvent} event */
  function run(command, event) {
    if (command === "move") return move(event);
    if (event.repeat && command !== "undo" && command !== "redo") return; // a key that is held counts once
    if (command === "pen" && !pen.isDown) return pen.down(place, event.timeStamp);
    pen.up();
    if (command === "ask") ask();
    if (command === "clear") pad.clear();
    if (command === "undo" && pad.canUndo) pad.undo();
    if (command === "redo" && pad.canRedo) pad.redo();
    if (command === "leave") leave();
  }

  function leave() {
    canvas.blur();
    // To the element around the pad, such as a notebook's cell: the host then has its keys again.
    const around = canvas.parentElement?.closest("[tabindex]");
    if (around instanceof HTMLElement) around.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  function down(event) {
    const [target] = event.composedPath();
    if (target !== canvas) {
      // These two press our buttons, whatever else the host would do with them.
      const isPress = event.key === "Enter" || event.key === " ";
      const isOurs = target instanceof view.Node && root.contains(target);
      if (isOurs && isPress && !event.ctrlKey && !event.shiftKey) event.stopImmediatePropagation();
      return;
    }
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    if (isModified) held.clear(); // some systems send no keyup for a key released while one of these is held
    const command = event.isComposing ? null : meaning(event);
    if (command) {
      event.preventDefault();
      event.stopImmediatePropagation();
      run(command, event);
      if (command !== "leave") show(true);
    } else if (isShown && !isModified && event.key !== "Tab" && event.key !== "Enter") {
      event.stopImmediatePropagation(); // "d d" would delete the cell
    }
  }

  // On the window and in the capture phase, because hosts listen on the document and act on what they see there.
  view.addEventListener("keydown", down, { capture: true, signal });
  view.addEventListener("keyup", ({ key }) => held.delete(key), { capture: true, signal });
  canvas.addEventListener("pointerdown", () => show(false), { signal });
  canvas.addEventListener(
    "mousedown",
    () => {
      isPressed = true; // the focus that follows comes from a click
      view.setTimeout(() => (isPressed = false));
    },
    { signal },
  );
  canvas.addEventListener("focus", () => show(wasShown ?? !isPressed), { signal });
  canvas.addEventListener(
    "blur",
    () => {
      const { activeElement } = /** @type {Document | ShadowRoot} */ (canvas.getRootNode());
      wasShown = activeElement === canvas ? isShown : null;
      show(false);
    },
    { signal },
  );

  return {
    /** Where the keyboard draws, as fractions of the pad's side; null while it does not. */
    get cursor() {
      return isShown ? { x: place.x / side, y: place.y / side, isDown: pen.isDown } : null;
    },
  };
}
