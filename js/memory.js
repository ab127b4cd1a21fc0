// Undo and redo as data for a trait, so that they survive a reload: each stroke once, and steps as lists of indices.

/**
 * @typedef {import("./history.js").Drawing} Drawing
 * @typedef {import("./history.js").Stroke} Stroke
 */

/**
 * A step is the index of its background, followed by those of its strokes.
 * @typedef {{ strokes: Stroke[], backgrounds: string[], past: number[][], now: number[], future: number[][] }} Memory
 */

/** About how many characters are kept: the newest steps that fit. */
const MAX_CHARACTERS = 60_000;

/**
 * Turn a history into data.
 * @param {Drawing[]} past  the oldest first
 * @param {Drawing} now
 * @param {Drawing[]} future  the next one last
 * @returns {Memory | {}}
 */
export function pack(past, now, future) {
  /** @type {Memory} */
  const memory = { strokes: [], backgrounds: [""], past: [], now: [], future: [] };
  /** @type {Map<string, number>} */
  const known = new Map();
  let room = MAX_CHARACTERS;

  /** @param {Drawing} drawing */
  function step({ background, strokes }) {
    const keys = strokes.map((stroke) => JSON.stringify(stroke));
    const isNew = !memory.backgrounds.includes(background);
    const fresh = keys.filter((key) => !known.has(key));
    room -= 4 * keys.length + fresh.join("").length + (isNew ? background.length : 0);
    if (room < 0) return null;
    if (isNew) memory.backgrounds.push(background);
    keys.forEach((key, index) => {
      if (known.has(key)) return;
      known.set(key, memory.strokes.length);
      memory.strokes.push(strokes[index]);
    });
    return [memory.backgrounds.indexOf(background), ...keys.map((key) => Number(known.get(key)))];
  }

  /** The last drawings of a list, as many as there is room for. @param {Drawing[]} drawings */
  function steps(drawings) {
    /** @type {number[][]} */
    const found = [];
    for (const drawing of [...drawings].reverse()) {
      const one = step(drawing);
      if (!one) break;
      found.unshift(one);
    }
    return found;
  }

  const here = step(now);
  if (!here) return {};
  return Object.assign(memory, { now: here, past: steps(past), future: steps(future) });
}

/**
 * Turn data into a history; null if it is not valid, as it may come from a file that anybody wrote.
 * @param {any} memory
 * @returns {{ past: Drawing[], now: Drawing, future: Drawing[] } | null}
 */
export function unpack(memory) {
  try {
    const { strokes, backgrounds, past, now, future } = memory;
    const isPoint = (/** @type {any} */ point) => point.length === 4 && point.every(Number.isFinite);
    const isStroke = (/** @type {any} */ stroke) => stroke.length > 0 && stroke.every(isPoint);
    const isPicture = (/** @type {any} */ url) => url === "" || url.startsWith("data:image/");
    if (!strokes.every(isStroke) || !backgrounds.every(isPicture)) return null;
    /** @param {number[]} step @returns {Drawing} */
    const drawing = ([background, ...numbers]) => {
      const found = { background: backgrounds[background], strokes: numbers.map((number) => strokes[number]) };
      if ([found.background, ...found.strokes].includes(undefined)) throw new RangeError();
      return found;
    };
    return { past: past.map(drawing), now: drawing(now), future: future.map(drawing) };
  } catch {
    return null;
  }
}
