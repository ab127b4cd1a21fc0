// From ink to an answer, as classifier.py gives it. No page is needed: this runs in Node, too.

import { isDot } from "./dot.js";
import { normalise } from "./normalise.js";
import { logSumExp } from "./numbers.js";
import { encode, seenOf } from "./preparation.js";

/**
 * @typedef {import("./normalise.js").Ink} Ink
 *
 * What Python says of a model; offline.py makes it.
 * @typedef {object} Reading
 * @property {number} classes
 * @property {number} temperature  logits are divided by it
 * @property {number | null} threshold  of the log-sum-exp of the logits: below it a picture is of no class
 * @property {boolean} [isOfBest]  whether the threshold is that of the best logit instead
 * @property {boolean} probabilities  whether the model returns probabilities, not logits
 * @typedef {import("./preparation.js").Preparation & Reading} About
 *
 * @typedef {object} Answer
 * @property {number | null} prediction  index of the class; null for none of them
 * @property {number} confidence
 * @property {number[]} probabilities  one a class
 * @property {Ink} seen  the picture that the model saw
 *
 * The model itself: from the numbers of a picture to one number a class.
 * @typedef {(numbers: Float32Array) => ArrayLike<number> | Promise<ArrayLike<number>>} Network
 */

/** @param {number[]} logits */
function softmax(logits) {
  const whole = logSumExp(logits);
  return logits.map((logit) => Math.exp(logit - whole));
}

/** Probabilities as logits; see contract.py. @param {number[]} row */
function logarithms(row) {
  const total = Math.max(
    row.reduce((sum, p) => sum + p, 0),
    Number.MIN_VALUE,
  );
  return row.map((p) => Math.log(p / total));
}

/**
 * @param {Network} network
 * @param {About} about
 */
export function createClassifier(network, about) {
  /** What the network says of a picture: one number a class. @param {Ink} seen */
  async function outputs(seen) {
    const row = Array.from(await network(encode(seen, about)), Number);
    const isOfSecond = row.length === 1 && about.classes === 2;
    return isOfSecond ? [about.probabilities ? 1 - row[0] : 0, row[0]] : row;
  }

  /** @param {Ink} seen @returns {Answer} */
  const noAnswer = (seen) => ({
    prediction: null,
    confidence: 0,
    probabilities: new Array(about.classes).fill(1 / about.classes),
    seen,
  });

  /** What the network says of a picture, as logits. @param {Ink} seen */
  async function raw(seen) {
    const row = await outputs(seen);
    if (row.length !== about.classes || row.some((value) => Number.isNaN(value) || value === Infinity)) {
      throw new RangeError("The model did not return one number for each class.");
    }
    return about.probabilities ? logarithms(row) : row;
  }

  const calibrated = (/** @type {number[]} */ logits) => logits.map((logit) => logit / about.temperature);

  /** @param {Ink} seen @param {number[]} logits  what the network says of it @returns {Answer} */
  function read(seen, logits) {
    if (logits.every((logit) => logit === -Infinity)) return noAnswer(seen);
    const probabilities = softmax(calibrated(logits));
    const evidence = about.isOfBest ? Math.max(...logits) : logSumExp(logits);
    if (about.threshold !== null && evidence < about.threshold) return { ...noAnswer(seen), probabilities };
    const confidence = Math.max(...probabilities);
    return { prediction: probabilities.indexOf(confidence), confidence, probabilities, seen };
  }

  return {
    outputs: (/** @type {Ink} */ ink) => outputs(seenOf(ink, normalise(ink), about)),

    /** The calibrated logits of a picture. @param {Ink} seen */
    logits: async (seen) => calibrated(await raw(seen)),

    /** A blank drawing, or a mere dot, is answered without asking the model. @param {Ink} ink */
    async classify(ink) {
      const normalised = normalise(ink);
      if (normalised.data.every((value) => value === 0) || isDot(ink, normalised)) return noAnswer(normalised);
      const seen = seenOf(ink, normalised, about);
      return read(seen, await raw(seen));
    },
  };
}

/** @typedef {ReturnType<typeof createClassifier>} Classifier */
