// Why an answer is what it is: which ink spoke for it, and which for the runner-up. The method is that of explain.py,
// which describes it: the network is asked about the picture with paper over one part of it after another.

import { laidBack } from "./heat.js";
import { logSumExp } from "./numbers.js";

/**
 * @typedef {import("./normalise.js").Ink} Ink
 * @typedef {import("./heat.js").Heat} Heat
 *
 * @typedef {object} Explanation
 * @property {number} prediction
 * @property {number} runnerUp
 * @property {Ink} seen
 * @property {Heat} heat  of the prediction, -1..1
 * @property {Heat} runnerUpHeat  on the same scale
 * @property {import("./heat.js").Pixels} overlay  the heat of the prediction, laid back over the drawing as the pad shows it
 */

// These are explained in explain.py.
const WINDOW = 7;
const CERTAIN = 100;
const NEGLIGIBLE = 0.01;

/** After so many milliseconds the page gets time for what else it has to do. */
const BUSY = 12;

/** How much one class outweighs all others. @param {number[]} logits @param {number} target */
function logOdds(logits, target) {
  const odds = logits[target] - logSumExp(logits.filter((_, index) => index !== target));
  return Number.isNaN(odds) ? -CERTAIN : Math.min(Math.max(odds, -CERTAIN), CERTAIN);
}

/** The rows, or columns, that the window covers at each step. @param {number} side @returns {[from: number, to: number][]} */
function spans(side) {
  const width = Math.min(side, Math.max(2, Math.round(side / WINDOW)));
  const step = Math.max(1, Math.floor(width / 2));
  const count = Math.ceil((side - width + step) / step);
  return Array.from({ length: count }, (_, index) => [index * step, Math.min(index * step + width, side)]);
}

/** The windows of a picture, each as the places of its pixels. @param {Ink} picture */
function windowsOf({ width, height }) {
  const columns = spans(width);
  return spans(height).flatMap(([top, bottom]) =>
    columns.map(([left, right]) => {
      const places = [];
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) places.push(y * width + x);
      return places;
    }),
  );
}

/**
 * How much the log-odds of some classes fall when a window of paper hides some of the ink: one map a class.
 * @param {(seen: Ink) => Promise<number[]>} ask  for the logits of a picture
 * @param {Ink} seen
 * @param {number[]} targets
 * @param {() => boolean} isWanted
 * @returns {Promise<Float64Array[] | null>}  null as soon as nobody wants it any more
 */
async function occlusion(ask, seen, targets, isWanted) {
  const odds = async (/** @type {Ink} */ picture) => {
    const logits = await ask(picture);
    return targets.map((target) => logOdds(logits, target));
  };
  const before = await odds(seen);
  const falls = targets.map(() => new Float64Array(seen.data.length));
  const times = new Float64Array(seen.data.length);
  let since = performance.now();
  for (const places of windowsOf(seen)) {
    for (const at of places) times[at]++;
    if (places.every((at) => !seen.data[at])) continue; // it hides no ink
    const data = Uint8Array.from(seen.data);
    for (const at of places) data[at] = 0;
    const after = await odds({ ...seen, data });
    falls.forEach((map, which) => places.forEach((at) => (map[at] += before[which] - after[which])));
    if (performance.now() - since > BUSY) {
      await new Promise((resolve) => setTimeout(resolve));
      since = performance.now();
    }
    if (!isWanted()) return null;
  }
  return falls.map((map) => map.map((sum, at) => sum / times[at]));
}

/**
 * Say why a classifier answers a drawing as it does.
 * @param {import("./classifier.js").Classifier} classifier
 * @param {Ink} ink
 * @param {import("./preparation.js").Preparation} preparation
 * @param {() => boolean} isWanted  false when the drawing has changed meanwhile
 * @returns {Promise<Explanation | null>}  null if there is no answer to explain, or nobody wants it any more
 */
export async function explain(classifier, ink, preparation, isWanted) {
  const { prediction, seen } = await classifier.classify(ink);
  if (prediction === null) return null;
  const logits = await classifier.logits(seen);
  if (logits.length === 1) {
    throw new Error("The model knows one class only, so there is nothing that it could have answered instead.");
  }
  logits[prediction] = -Infinity;
  const second = Math.max(...logits);
  const runnerUp = second > -Infinity ? logits.indexOf(second) : Number(prediction === 0);
  const falls = await occlusion(classifier.logits, seen, [prediction, runnerUp], isWanted);
  if (!falls) return null;
  const [channels] = preparation.shape;
  const maps = falls.map((map) => map.map((fall) => channels * fall));
  const masked = maps.map((map) => map.map((fall, at) => (seen.data[at] ? fall : 0)));
  const strongest = masked.flatMap((map) => [...map]).reduce((most, fall) => Math.max(most, Math.abs(fall)), NEGLIGIBLE);
  const heatOf = (/** @type {Float64Array} */ map) => ({ ...seen, data: map.map((fall) => fall / strongest) });
  return {
    prediction,
    runnerUp,
    seen,
    heat: heatOf(masked[0]),
    runnerUpHeat: heatOf(masked[1]),
    overlay: laidBack(heatOf(maps[0]), ink, preparation.normalise),
  };
}
