// Answers by what was taught in Python, as models/teacher.py and plda.py do, which say what the numbers mean.

import { logSumExp } from "./numbers.js";

/**
 * What was taught; offline.py packs it. The arrays are in bytes of their own: see `createTeacher`.
 * @typedef {object} Taught
 * @property {number[]} counts  how many drawings each class has
 * @property {number} network  how many classes the network has
 * @property {number} never  the score of a class without drawings
 * @property {Personal | null} personal  of the ten digits as a person draws them: how their drawings bend the network's
 *   answers
 *
 * @typedef {object} Personal
 * @property {number} sure
 * @property {number} strong
 * @property {number} weak
 * @property {number} temperature  of the network
 * @property {number} threshold  of the network
 *
 * @typedef {ArrayLike<number>} Numbers
 */

/** So many directions has the space in which classes are told apart. */
const DIRECTIONS = 96;

/** @param {Numbers} x */
function unit(x) {
  let square = 0;
  for (let i = 0; i < x.length; i++) square += x[i] ** 2;
  const length = Math.max(Math.sqrt(square), 1e-9);
  return Float64Array.from(x, (value) => value / length);
}

/** The log-density, but for a constant, of a normal distribution. @param {Numbers} x @param {Numbers} variance */
function logNormal(x, variance) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] ** 2 / variance[i] + Math.log(variance[i]);
  return -sum / 2;
}

/**
 * @param {Awaited<ReturnType<typeof import("./cnn.js").createCNN>>} network
 * @param {Taught} taught
 * @param {Uint8Array} bytes  as 32-bit floats, what the projection's columns are multiplied by, the shift, the spread, and
 *   for each class the sum of its drawings' places; then the projection, row by row, as 8-bit whole numbers
 * @returns {(picture: Float32Array) => number[]}  from 28 × 28 numbers to one number a class
 */
export function createTeacher({ inside, last }, { counts, never, personal }, bytes) {
  let at = 0;
  const take = (/** @type {number} */ length) => {
    if (at + length > bytes.length) throw new RangeError("What was taught is incomplete.");
    return bytes.slice(at, (at += length)).buffer;
  };
  const [scale, shift, spread, ...sums] = ["", "", "", ...counts].map(() => new Float32Array(take(4 * DIRECTIONS)));
  const projection = new Int8Array(bytes.slice(at).buffer);
  const length = Math.sqrt(spread.reduce((sum, variance) => sum + 1 + variance, 0));
  const anything = spread.map((variance) => 1 + variance);
  /** Of each class with drawings: where its middle is likely to be, and how much a drawing varies around there. */
  const classes = counts.map((count, which) => {
    const unsure = spread.map((variance) => 1 / (count + 1 / variance));
    return { middle: sums[which].map((sum, i) => sum * unsure[i]), variance: unsure.map((variance) => 1 + variance) };
  });

  /** Where a drawing lies. @param {Numbers} convolved @param {Numbers} hidden */
  function place(convolved, hidden) {
    const known = [convolved, hidden].flatMap((values) => [...unit(Float64Array.from(values, Math.sqrt))]);
    const found = new Float64Array(DIRECTIONS);
    for (let i = 0, p = 0; i < known.length; i++) {
      for (let j = 0; j < DIRECTIONS; j++, p++) found[j] += known[i] * projection[p];
    }
    return unit(found.map((sum, j) => sum * scale[j] - shift[j])).map((value) => value * length);
  }

  /** How alike a drawing is to those of each class. @param {Float64Array} placed */
  function scores(placed) {
    const base = logNormal(placed, anything);
    return classes.map(({ middle, variance }, which) => {
      const apart = placed.map((value, i) => value - middle[i]);
      return counts[which] ? logNormal(apart, variance) - base : never;
    });
  }

  return (picture) => {
    const { convolved, hidden } = inside(picture);
    const found = scores(place(convolved, hidden));
    return personal ? bent([...last(hidden)], found, never, personal) : found;
  };
}

/**
 * The network's answer, bent towards drawings that were taught.
 * @param {number[]} raw  what the network says
 * @param {number[]} scores
 * @param {number} never
 * @param {Personal} personal
 */
function bent(raw, scores, never, { sure, strong, weak, temperature, threshold }) {
  const logits = raw.map((value) => value / temperature);
  const whole = logSumExp(logits);
  const shares = logits.map((value) => value - whole);
  const isDigit = logSumExp(raw) >= threshold;
  const isSure = isDigit && Math.max(...shares) >= Math.log(sure);
  const evidence = scores.map((score) => (score >= strong ? score : isSure ? 0 : weak * Math.max(score, 0)));
  const isKnown = isDigit || Math.max(...evidence) > 0;
  return shares.map((share, i) => share + (isKnown ? evidence[i] : never));
}
