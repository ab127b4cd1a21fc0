// Python's part of the talk, where there is no Python: answers what protocol.js sends, by setting the traits that Python
// would set.

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
 * @property {Partial<import("../panel.js").Reasons & { answered: number }>} _why
 *
 * @typedef {Answers & import("../protocol.js").ProtocolTraits} Traits
 */

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
  /** What the answer in the traits is the answer to: the picture, and whether the pad alone has drawn it. */
  let answered = { picture: "", isOfPad: false };

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

  /**
   * @param {string} picture  a data URL; "" when the pad is blank
   * @param {boolean} isOfPad  whether the pad alone has drawn it
   * @returns {Promise<Partial<Traits>>}
   */
  async function answerTo(picture, isOfPad) {
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
    const { picture = "", strokes = [], background } = sent;
    const mine = ++turn;
    number = Math.max(number, sent.number);
    if (sent.asks) asked = number;
    const isStale = !sent.asks && picture !== "" && picture !== answered.picture;
    if (isStale) return publish({ status: "waiting", _answered: asked, _unasked: true });
    const isOfPad = strokes.length > 0 && !background;
    const values = await answerTo(picture, isOfPad);
    if (mine !== turn || signal.aborted) return;
    answered = { picture, isOfPad };
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
    try {
      background = inkUrl(document, shrink(inkOf(await decode(document, picture), false), PAD.size));
      values = await answerTo(picture, false);
    } catch (error) {
      values = { error: error instanceof Error ? error.message : String(error) };
    }
    if (mine !== turn || signal.aborted) return;
    if (background) {
      answered = { picture, isOfPad: false };
      values._drawing = { background, strokes: [], number, drawn: ++drawn };
    }
    publish({ ...values, _answered: number, _unasked: false });
    reason();
  }

  /** If the person wants it, show why the answer is what it is, or a sentence that says why that is not known. */
  async function reason() {
    const mine = turn;
    const isWanted = () => mine === turn && model.get("explaining") && !signal.aborted;
    publish({ _why: {} });
    const labels = model.get("labels");
    if (!isWanted() || model.get("_unasked") || model.get("prediction") === null) return;
    try {
      const found = await answerer.explain(isWanted, answered.picture, answered.isOfPad);
      if (!found || !isWanted()) return;
      const { prediction, runnerUp, seen, runnerUpSeen, overlay } = found;
      const [label, runner_up_label] = [labels[prediction], labels[runnerUp]];
      const answer = { label, runner_up_label, seen, runner_up: runnerUpSeen, overlay };
      publish({ _why: { ...answer, answered: model.get("_answered") } });
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
