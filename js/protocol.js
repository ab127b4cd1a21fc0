// The talk with Python, in traits: sends the drawing on the pad and shows the ones that come back.
// What is sent when, and which answer belongs to which drawing, is decided in exchange.js.

import { createExchange } from "./exchange.js";
import { isBlank, isSame } from "./history.js";
import { listen } from "./traits.js";

/**
 * A drawing on its way. A page says whether it asks about it and how many of Python's own drawings it has seen
 * (`known`); Python says how many it has made (`drawn`).
 * @typedef {import("./history.js").Drawing & { number: number, picture: string, asks: boolean, known: number }} Asked
 * @typedef {Asked & { answer?: object }} Sent  with the page's answer, where Python wants it
 * @typedef {import("./history.js").Drawing & { number: number, drawn: number }} Drawn
 */

/**
 * The traits of the protocol; traits.py says what they mean.
 * @typedef {object} ProtocolTraits
 * @property {Partial<Sent & Drawn>} _drawing  {} before the first one
 * @property {object} _memory
 * @property {string} image
 * @property {"stroke" | "move" | "button"} predict_on
 * @property {number} _answered
 * @property {boolean} _unasked
 */

/**
 * @typedef {Pick<ReturnType<typeof import("./pad.js").createPad>, "drawing" | "isReady" | "picture" | "historyToSave"
 *   | "restore" | "follow">} Pad
 */

/** How many drawings Python had made, as far as this page knew. @param {ProtocolTraits["_drawing"]} drawing */
const seen = ({ drawn, known = 0 }) => drawn ?? known;

/** @param {ProtocolTraits["_drawing"]} drawing @returns {import("./history.js").Drawing} */
const contents = ({ background = "", strokes = [] }) => ({ background, strokes });

/**
 * Connect a pad to the model's traits, and put the drawing that is there on the pad.
 *
 * @param {import("./traits.js").Model<ProtocolTraits>} model
 * @param {object} options
 * @param {Pad} options.pad
 * @param {() => void} options.onChange  called when the state may have changed
 * @param {((picture: string, isOfPad: boolean) => Promise<object | undefined>) | null} [options.answerFor]  answers a
 *   drawing on the page, if Python wants that
 * @param {AbortSignal} options.signal  ends the talk
 */
export function createProtocol(model, { pad, onChange, answerFor = null, signal }) {
  // The traits as they were when they were last dealt with.
  let drawing = model.get("_drawing");
  let answered = model.get("_answered");
  let unasked = model.get("_unasked");
  /** The drawing that was last sent or shown. */
  let base = contents(drawing);
  /** Number of the drawing that the page answers; an answer to an older one is not sent. @type {number | undefined} */
  let newest;

  const exchange = createExchange({
    send,
    canSend: () => pad.isReady,
    onChange,
    number: drawing.number ?? 0,
    asks: drawing.asks,
    answered,
    unasked,
  });
  signal.addEventListener("abort", exchange.close);

  /** @param {number} number @param {boolean} asks */
  function send(number, asks) {
    base = pad.drawing;
    // The number comes first: it tells two drawings apart before their strokes have to be compared.
    const sent = { number, asks, known: seen(drawing), picture: pad.picture(), ...base };
    const memory = pad.historyToSave();
    if (memory) model.set("_memory", memory);
    if (asks && answerFor) sendAnswered(sent, answerFor);
    else deliver(sent);
  }

  /** @param {ProtocolTraits["_drawing"]} sent */
  function deliver(sent) {
    drawing = sent;
    model.set("_drawing", sent);
    model.save_changes();
  }

  /**
   * @param {ProtocolTraits["_drawing"]} sent
   * @param {(picture: string, isOfPad: boolean) => Promise<object | undefined>} answerFor
   */
  async function sendAnswered(sent, answerFor) {
    const { number } = sent;
    newest = number;
    const answer = await answerFor(sent.picture ?? "", !sent.background);
    if (number === newest) deliver({ ...sent, answer });
  }

  /** Show the drawing in the trait, which another view or Python has sent. @param {number} known  see `seen` */
  function show(known) {
    const { number = 0, asks, drawn } = drawing;
    if (drawn === undefined) exchange.follow(number, asks);
    else if (!exchange.take({ number, isNew: drawn !== known, answer: answered, unasked })) return;
    base = contents(drawing);
    pad.follow(base);
  }

  /** Deal with the traits that have changed. They belong together, so all are read before any is dealt with. */
  function receive() {
    const before = { drawing, answered, unasked };
    drawing = model.get("_drawing");
    answered = model.get("_answered");
    unasked = model.get("_unasked");
    if (drawing !== before.drawing) show(seen(before.drawing));
    if (answered !== before.answered) exchange.settle(answered, unasked);
    else if (unasked !== before.unasked) exchange.mark(unasked, answered);
  }

  /** @param {boolean} isFinished */
  function change(isFinished) {
    const when = model.get("predict_on");
    const isAsked = isBlank(pad.drawing) || when !== "button"; // a blank pad needs no button
    if (isAsked && (isFinished || when === "move")) exchange.request();
    else if (isFinished) exchange.keep();
    else exchange.begin();
  }

  listen(model, ["_drawing", "_answered", "_unasked"], receive, signal);
  pad.restore(base, model.get("_memory"));

  return {
    state: exchange.state,
    isCurrent: exchange.isCurrent,

    /** The person has changed the drawing. @param {boolean} isFinished  false while the pen is still down */
    change,

    /** The person has given up a stroke. */
    cancel() {
      exchange.cancel();
      if (!isSame(base, contents(drawing))) show(seen(drawing)); // it was sent back during the stroke
      if (!isSame(base, pad.drawing)) change(true); // a part of the stroke was sent
    },

    /** Ask about the drawing, whatever `predict_on` says. */
    ask: exchange.request,

    /** The background of the drawing has loaded. */
    load: exchange.flush,

    /** Have Python clean up a picture and draw it. @param {string} picture  a data URL */
    paste(picture) {
      model.set("image", ""); // the same picture may have been pasted before, and only changes are sent
      model.set("image", picture);
      model.save_changes();
    },
  };
}
