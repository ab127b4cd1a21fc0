// Undo and redo, as pure data: a drawing is never changed, only followed by another.

/**
 * A point of the pen: x and y in pad units, t in ms from the drawing's first point, pressure in 0..1.
 * @typedef {[x: number, y: number, t: number, pressure: number]} Point
 * @typedef {Point[]} Stroke
 * @typedef {{ background: string, strokes: Stroke[] }} Drawing  background: the data URL of a picture under the strokes
 */

/** @type {Drawing} */
export const BLANK = { background: "", strokes: [] };

/** @param {Drawing} drawing */
export const isBlank = ({ background, strokes }) => !background && !strokes.length;

/**
 * @param {Drawing} a
 * @param {Drawing} b
 */
export const isSame = (a, b) =>
  a.background === b.background && JSON.stringify(a.strokes) === JSON.stringify(b.strokes);

/** How many steps can be taken back. */
export const DEPTH = 100;

/** What is on the pad, what was on it before, and what was undone. */
export function createHistory() {
  let now = BLANK;
  /** @type {Drawing[]} */
  let past = [];
  /** @type {Drawing[]} */
  let future = [];

  return {
    get now() {
      return now;
    },
    get canUndo() {
      return past.length > 0;
    },
    get canRedo() {
      return future.length > 0;
    },

    /** Begin with a drawing that was made elsewhere, so that its strokes can be taken back one by one. */
    restore(/** @type {Drawing} */ drawing) {
      const { background, strokes } = drawing;
      now = drawing;
      future = [];
      past = strokes.map((_, index) => ({ background, strokes: strokes.slice(0, index) }));
      if (background) past.unshift(BLANK);
    },

    /** Put another drawing on the pad. */
    push(/** @type {Drawing} */ drawing) {
      past.push(now);
      if (past.length > DEPTH) past.shift();
      future = [];
      now = drawing;
    },

    /** Take over what another view did: its undo is an undo here too. */
    follow(/** @type {Drawing} */ drawing) {
      const before = past.at(-1);
      const after = future.at(-1);
      if (before && isSame(before, drawing)) this.undo();
      else if (after && isSame(after, drawing)) this.redo();
      else this.push(drawing);
    },

    undo() {
      const before = past.pop();
      if (!before) return;
      future.push(now);
      now = before;
    },

    redo() {
      const after = future.pop();
      if (!after) return;
      past.push(now);
      now = after;
    },
  };
}
