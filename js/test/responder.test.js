import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";

import { respond } from "../engine/responder.js";
import { FakeModel } from "./model.js";

const TRAITS = {
  _drawing: {},
  _answered: 0,
  _unasked: false,
  _why: {},
  labels: ["cat", "dog"],
  image: "",
  prediction: null,
  explaining: false,
};
const DOG = { prediction: 1, confidence: 0.9, probabilities: [0.1, 0.9], seen: "data:seen" };
const REASONS = { prediction: 1, runnerUp: 0, seen: "data:heat", runnerUpSeen: "data:other", overlay: "data:overlay" };

/**
 * What was asked: about which picture, whether an explanation is still wanted, and what gives the result.
 * @typedef {{ picture: string, isWanted?: () => boolean, give: (result: object) => void }} Call
 */

/**
 * A page that answers, with a model behind it whose answers and reasons the test gives.
 * @param {Record<string, unknown>} [traits]
 */
function begin(traits = {}) {
  /** @type {any} */
  const model = new FakeModel({ ...TRAITS, ...traits }, () => {});
  /** @type {Call[]} */
  const questions = [];
  /** @type {Call[]} */
  const explanations = [];
  /** @type {any} */
  const answerer = {
    answer: (/** @type {string} */ picture) => new Promise((give) => questions.push({ picture, give })),
    explain: (/** @type {() => boolean} */ isWanted, /** @type {string} */ picture) =>
      new Promise((give) => explanations.push({ picture, isWanted, give })),
  };
  respond(model, { answerer, document: /** @type {any} */ ({}), signal: new AbortController().signal });
  let number = 0;
  return {
    model,
    questions,
    explanations,
    draw: (/** @type {string} */ picture) =>
      model.set("_drawing", { number: ++number, asks: true, known: 0, picture, background: "", strokes: [[]] }),
  };
}

test("an answer that Python gave is explained by its picture", () => {
  const { model, explanations } = begin({ image: "data:7", prediction: 1, _drawing: { number: 3, drawn: 1 } });
  model.set("explaining", true);
  assert.deepEqual(explanations.map(({ picture }) => picture), ["data:7"]);
});

test("while a drawing is being answered, the answer before it is not explained", async () => {
  const { model, questions, explanations, draw } = begin();
  draw("data:a");
  questions[0].give(DOG);
  await setImmediate();
  draw("data:b");
  model.set("explaining", true);
  assert.equal(explanations.length, 0);
  questions[1].give(DOG);
  await setImmediate();
  assert.deepEqual(explanations.map(({ picture }) => picture), ["data:b"]);
  explanations[0].give(REASONS);
  await setImmediate();
  assert.equal(model.get("_why").answered, 2);
  assert.deepEqual([model.get("_why").label, model.get("_why").runner_up_label], ["dog", "cat"]);
});

test("of two explanations of an answer, the newest alone is wanted and shown", async () => {
  const { model, questions, explanations, draw } = begin({ explaining: true });
  draw("data:a");
  questions[0].give(DOG);
  await setImmediate();
  model.set("explaining", false);
  model.set("explaining", true);
  assert.deepEqual(explanations.map(({ isWanted }) => isWanted?.()), [false, true]);
  explanations[0].give({ ...REASONS, overlay: "data:old" });
  await setImmediate();
  assert.deepEqual(model.get("_why"), {});
  explanations[1].give(REASONS);
  await setImmediate();
  assert.equal(model.get("_why").overlay, "data:overlay");
});
