// What of a history outlives the page, as plain data for a trait: every stroke once, and each step as their numbers.

/**
 * @typedef {import("./history.js").Drawing} Drawing
 * @typedef {import("./history.js").Stroke} Stroke
 */

/**
 * A step is the number of its background, then those of its strokes.
 * @typedef {{ strokes: Stroke[], backgrounds: string[], past: number[][], now: number[], future: number[][] }} Memory
 */

/** How many characters are kept, about: the newest steps that fit. */
const ROOM = 60_000;

/**
 * Put a history into a memory.
 * @param {Drawing[]} past  the oldest first
 * @param {Drawing} now
 * @param {Drawing[]} future  the next first to last
 * @returns {Memory | {}}
 */
export function pack(past, now, future) {
  /** @type {Memory} */
  const memory = { strokes: [], backgrounds: [""], past: [], now: [], future: [] };
  /** @type {Map<string, number>} */
  const known = new Map();
  let room = ROOM;

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

  /** The last steps of a list that there is room for. @param {Drawing[]} drawings */
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
 * Take a history out of a memory; null when it is none: it may come from a file that anybody wrote.
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
