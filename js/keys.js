// The keyboard's hand: arrows move a cursor over the pad, Space puts the pen down and lifts it. What a key means and
// where it leads is pure; `createKeys` listens for it.

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

/** How far an arrow key goes, in parts of the pad's side. */
const STEP = 1 / 40;
const LEAP = 1 / 10;

/**
 * What a key means on the pad; null is what does not concern it.
 * @param {Press} press
 * @returns {Command | null}
 */
export function meaning({ key, code, shiftKey, ctrlKey, metaKey, altKey }) {
  if (altKey) return null;
  if (ctrlKey || metaKey) {
    // Where the keyboard writes other letters, the place of the key tells.
    const letter = /^[a-z]$/i.test(key) ? key.toLowerCase() : code.replace("Key", "").toLowerCase();
    if (letter === "z") return shiftKey ? "redo" : "undo";
    return letter === "y" && !shiftKey ? "redo" : null;
  }
  if (ARROWS.has(key)) return "move";
  const command = PLAIN.get(key) ?? null;
  // A notebook's own Shift+Enter stays one; with the other hand on Shift, the pen goes up and down all the same.
  return shiftKey && command !== "pen" && command !== "leave" ? null : command;
}

/**
 * Where the arrow keys that are held lead: two of them go aslant.
 * @param {Place} place
 * @param {Iterable<string>} held
 * @param {boolean} isFast
 * @param {number} side  the pad's
 * @returns {Place}
 */
export function step({ x, y }, held, isFast, side) {
  const far = side * (isFast ? LEAP : STEP);
  for (const key of held) {
    const [right, down] = ARROWS.get(key) ?? [0, 0];
    x += far * right;
    y += far * down;
  }
  const within = (/** @type {number} */ n) => Math.min(Math.max(n, 0), side);
  return { x: within(x), y: within(y) };
}

/**
 * Give a pad a keyboard.
 *
 * @param {HTMLElement} root  all that belongs to the pad
 * @param {object} options
 * @param {HTMLElement} options.canvas  what has the focus while it draws
 * @param {ReturnType<typeof import("./pad.js").createPad>} options.pad
 * @param {() => void} options.ask
 * @param {() => void} options.onChange  the cursor is elsewhere
 * @param {AbortSignal} options.signal  takes the keyboard away
 */
export function createKeys(root, { canvas, pad, ask, onChange, signal }) {
  const view = /** @type {Window & typeof globalThis} */ (canvas.ownerDocument.defaultView);
  const { pen, side } = pad;
  /** @type {Place} */
  let place = { x: side / 2, y: side / 2 };
  /** @type {Set<string>} */
  const held = new Set();
  let isShown = false; // whether it is the keyboard that draws, not a hand that has merely clicked here
  let isPressed = false;
  /** Whether it was shown when the whole window lost the focus; null when it did not. @type {boolean | null} */
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
  function obey(command, event) {
    if (command === "move") return move(event);
    if (event.repeat && command !== "undo" && command !== "redo") return; // held down, it is one press
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
    // To what the pad is in, as a notebook's cell: its keys are the host's again.
    const around = canvas.parentElement?.closest("[tabindex]");
    if (around instanceof HTMLElement) around.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  function down(event) {
    const [target] = event.composedPath();
    if (target !== canvas) {
      // A button is pressed with these two, whatever the host would do with them.
      const isPress = event.key === "Enter" || event.key === " ";
      const isOurs = target instanceof view.Node && root.contains(target);
      if (isOurs && isPress && !event.ctrlKey && !event.shiftKey) event.stopImmediatePropagation();
      return;
    }
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    if (isModified) held.clear(); // some systems do not tell when a key goes up beside these
    const command = event.isComposing ? null : meaning(event);
    if (command) {
      event.preventDefault();
      event.stopImmediatePropagation();
      obey(command, event);
      if (command !== "leave") show(true);
    } else if (isShown && !isModified && event.key !== "Tab" && event.key !== "Enter") {
      event.stopImmediatePropagation(); // "d d" would delete the cell
    }
  }

  // On the window and on the way down: hosts listen on the document, and take what comes by there for their own.
  view.addEventListener("keydown", down, { capture: true, signal });
  view.addEventListener("keyup", ({ key }) => held.delete(key), { capture: true, signal });
  canvas.addEventListener("pointerdown", () => show(false), { signal });
  canvas.addEventListener(
    "mousedown",
    () => {
      isPressed = true; // the focus that comes with it is not the keyboard's
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
    /** Where the keyboard draws, or null while it does not. */
    get cursor() {
      return isShown ? { ...place, isDown: pen.isDown } : null;
    },
  };
}
