// Python's part of the talk, where there is no Python: answers what protocol.js sends, by setting the traits that Python
// would set.

import PAD from "../../src/digit_widget/pad.json" with { type: "json" };
import { decode, inkOf, toDataUrl } from "./picture.js";

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
 * @property {object} _why
 *
 * @typedef {Answers & import("../protocol.js").ProtocolTraits} Traits
 */

/**
 * Answer on the page, from now on: a question that waits, and all that follow. The newest drawing wins.
 *
 * @param {import("../traits.js").Model<Traits>} model
 * @param {object} options
 * @param {ReturnType<typeof import("./index.js").createAnswerer>} options.answer
 * @param {Document} options.document
 * @param {AbortSignal} options.signal  ends it
 */
export function respond(model, { answer, document, signal }) {
  let { number = 0, drawn = 0, known = 0 } = model.get("_drawing");
  drawn ||= known;
  let asked = model.get("_answered"); // the highest number of a question
  let turn = 0; // counts what was received: what has become old is dropped
  /** The picture that the answer in the traits is the answer to. */
  let answered = "";

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
      const { seen, prediction, ...rest } = await answer(picture, isOfPad);
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
    const isStale = !sent.asks && picture !== "" && picture !== answered;
    if (isStale) return publish({ status: "waiting", _answered: asked, _unasked: true });
    const values = await answerTo(picture, strokes.length > 0 && !background);
    if (mine !== turn || signal.aborted) return;
    answered = picture;
    publish({ ...values, _answered: number, _unasked: false });
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
      background = toDataUrl(document, inkOf(await decode(document, picture), false), PAD.size);
      values = await answerTo(picture, false);
    } catch (error) {
      values = { error: error instanceof Error ? error.message : String(error) };
    }
    if (mine !== turn || signal.aborted) return;
    if (background) {
      answered = picture;
      values._drawing = { background, strokes: [], number, drawn: ++drawn };
    }
    publish({ ...values, _answered: number, _unasked: false });
  }

  model.on("change:_drawing", receive);
  model.on("change:image", draw);
  signal.addEventListener("abort", () => {
    model.off("change:_drawing", receive);
    model.off("change:image", draw);
  });
  if (model.get("_drawing").asks && number > asked) receive();
}
