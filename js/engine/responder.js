// Python's part of the talk, where there is no Python: answers what protocol.js sends, and explains its answers, by setting
// the traits that Python would set.

import PAD from "../../src/digit_widget/pad.json" with { type: "json" };
import { shrink } from "./normalise.js";
import { decode, inkOf, inkUrl } from "./picture.js";

/**
 * The traits that an answer sets; traits.py says what they mean.
 * @typedef {object} Answers
 * @property {string[]} labels
 * @property {string} status
 * @property {string} result
 * @property {number | null} prediction
 * @property {number} confidence
 * @property {number[]} probabilities
 * @property {string} error
 * @property {string} _seen
 * @property {boolean} explaining
 * @property {Partial<import("../panel.js").Reasons>} _why
 *
 * @typedef {Answers & import("../protocol.js").ProtocolTraits} Traits
 */

/**
 * The drawing in the traits: its picture, and whether the pad alone has drawn it. Where Python has put it there, its
 * picture is a trait of its own.
 * @param {import("../traits.js").Model<Traits>} model
 */
function drawingOf(model) {
  const { picture, strokes = [], background } = model.get("_drawing");
  return { picture: picture ?? model.get("image"), isOfPad: strokes.length > 0 && !background };
}

/**
 * Answer on the page, from now on: a question that waits, and all that follow. The newest drawing wins.
 *
 * @param {import("../traits.js").Model<Traits>} model
 * @param {object} options
 * @param {ReturnType<typeof import("./index.js").createAnswerer>} options.answerer
 * @param {Document} options.document
 * @param {AbortSignal} options.signal  ends it
 */
export function respond(model, { answerer, document, signal }) {
  let { number = 0, drawn = 0, known = 0 } = model.get("_drawing");
  drawn ||= known;
  let asked = model.get("_answered"); // the highest number of a question
  let turn = 0; // counts what was received: what has become old is dropped
  let settled = 0; // the last turn that was dealt with
  let explained = 0; // counts explanations: only the newest is wanted
  /** What the answer in the traits is the answer to: the picture, and whether the pad alone has drawn it. */
  let answered = drawingOf(model);

  /** @param {Partial<Traits>} values */
  function publish(values) {
    for (const [name, value] of Object.entries(values)) model.set(/** @type {keyof Traits} */ (name), value);
  }

  /** What a drawing without an answer shows. */
  const nothing = () => {
    const classes = model.get("labels").length;
    return {
      result: PAD.no_answer,
      prediction: null,
      confidence: 0,
      probabilities: new Array(classes).fill(1 / classes),
      error: "",
      _seen: "",
      _why: {},
    };
  };

  /** @param {typeof answered} drawing @returns {Promise<Partial<Traits>>} */
  async function answerTo({ picture, isOfPad }) {
    if (!picture) return { ...nothing(), status: "blank" };
    try {
      const { seen, prediction, ...rest } = await answerer.answer(picture, isOfPad);
      const isOne = prediction !== null;
      return {
        ...nothing(),
        ...rest,
        prediction,
        result: isOne ? model.get("labels")[prediction] : PAD.no_answer,
        status: isOne ? "answered" : "unknown",
        _seen: seen,
      };
    } catch (error) {
      return { ...nothing(), status: "error", error: error instanceof Error ? error.message : String(error) };
    }
  }

  /** A drawing from the pad. */
  async function receive() {
    const sent = model.get("_drawing");
    if (sent.drawn !== undefined || !sent.number) return; // drawn here
    const { picture = "" } = sent;
    const mine = ++turn;
    number = Math.max(number, sent.number);
    if (sent.asks) asked = number;
    const isStale = !sent.asks && picture !== "" && picture !== answered.picture;
    if (isStale) {
      settled = mine;
      return publish({ status: "waiting", _answered: asked, _unasked: true });
    }
    const drawing = drawingOf(model);
    const values = await answerTo(drawing);
    if (mine !== turn || signal.aborted) return;
    settled = mine;
    answered = drawing;
    publish({ ...values, _answered: number, _unasked: false });
    reason();
  }

  /** A picture that was dropped or pasted: it goes under the pad, cleaned. */
  async function draw() {
    const picture = model.get("image");
    if (!picture) return;
    const mine = ++turn;
    /** @type {Partial<Traits>} */
    let values;
    let background = "";
    const drawing = { picture, isOfPad: false };
    try {
      background = inkUrl(document, shrink(inkOf(await decode(document, picture), false), PAD.size));
      values = await answerTo(drawing);
    } catch (error) {
      values = { error: error instanceof Error ? error.message : String(error) };
    }
    if (mine !== turn || signal.aborted) return;
    settled = mine;
    if (background) {
      answered = drawing;
      values._drawing = { background, strokes: [], number, drawn: ++drawn };
    }
    publish({ ...values, _answered: number, _unasked: false });
    if (background || !("seen" in model.get("_why"))) reason(); // it may have been given up for this picture
  }

  /** If the person wants it, show why the answer is what it is, or a sentence that says why that is not known. */
  async function reason() {
    const mine = ++explained;
    const isWanted = () => mine === explained && turn === settled && model.get("explaining") && !signal.aborted;
    publish({ _why: {} });
    const [labels, answer] = [model.get("labels"), model.get("_answered")];
    const { picture, isOfPad } = answered;
    if (!isWanted() || !picture || model.get("_unasked") || model.get("prediction") === null) return;
    try {
      const found = await answerer.explain(isWanted, picture, isOfPad);
      if (!found || !isWanted()) return;
      const { prediction, runnerUp, seen, runnerUpSeen, overlay } = found;
      const [label, runner_up_label] = [labels[prediction], labels[runnerUp]];
      publish({ _why: { answered: answer, label, runner_up_label, seen, runner_up: runnerUpSeen, overlay } });
    } catch (error) {
      if (!isWanted()) return;
      publish({ explaining: false });
      publish({ _why: { error: error instanceof Error ? error.message : String(error) } });
    }
  }

  /** @type {[keyof Traits, () => void][]} */
  const listeners = [
    ["_drawing", receive],
    ["image", draw],
    ["explaining", reason],
  ];
  for (const [name, react] of listeners) model.on(`change:${name}`, react);
  signal.addEventListener("abort", () => {
    for (const [name, react] of listeners) model.off(`change:${name}`, react);
  });
  if (model.get("_drawing").asks && number > asked) receive();
}
