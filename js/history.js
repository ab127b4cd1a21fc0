// Undo and redo, as pure data: drawings are never changed, only replaced.

import { pack, unpack } from "./memory.js";

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
  a.background === b.background &&
  a.strokes.length === b.strokes.length &&
  a.strokes.every((stroke, i) => stroke === b.strokes[i] || JSON.stringify(stroke) === JSON.stringify(b.strokes[i]));

/**
 * Whether a drawing begins with all of another.
 * @param {Drawing} drawing
 * @param {Drawing} start
 */
const continues = ({ background, strokes }, start) =>
  isSame({ background, strokes: strokes.slice(0, start.strokes.length) }, start);

/** How many steps can be undone. */
export const DEPTH = 100;

/** What is on the pad, what was on it before, and what was undone. */
export function createHistory() {
  let now = BLANK;
  /** @type {Drawing[]} */
  let past = [];
  /** @type {Drawing[]} */
  let future = [];
  let isSaved = true; // whether all of this follows from what was saved last and the strokes drawn since

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

    /**
     * Begin with a drawing that was made elsewhere, with the undo and redo that were saved for it. What was drawn since
     * can be undone stroke by stroke.
     * @param {Drawing} drawing
     * @param {unknown} [memory]  what `toSave` returned
     */
    restore(drawing, memory) {
      const known = unpack(memory) ?? { past: [], now: BLANK, future: [] };
      const { background, strokes } = drawing;
      past = known.past;
      let drawn = known.now.strokes.length;
      if (!continues(drawing, known.now)) {
        past.push(known.now); // Python has drawn, in one step
        drawn = background === known.now.background ? strokes.length : 0;
      }
      future = isSame(drawing, known.now) ? known.future : [];
      for (; drawn < strokes.length; drawn++) past.push({ background, strokes: strokes.slice(0, drawn) });
      past.splice(0, past.length - DEPTH);
      now = drawing;
    },

    /** All of this as data, if that has to be saved; null if nothing changed but strokes that were added. */
    toSave() {
      if (isSaved) return null;
      isSaved = true;
      return pack(past, now, future);
    },

    /** Put another drawing on the pad. */
    push(/** @type {Drawing} */ drawing) {
      if (drawing.strokes.length !== now.strokes.length + 1 || !continues(drawing, now)) isSaved = false;
      past.push(now);
      if (past.length > DEPTH) past.shift();
      future = [];
      now = drawing;
    },

    /** Do what was done in another view: an undo there is an undo here. */
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
      isSaved = false;
    },

    redo() {
      const after = future.pop();
      if (!after) return;
      past.push(now);
      now = after;
      isSaved = false;
    },
  };
}
