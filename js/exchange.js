// Which number is sent, waited for and answered: one question in flight, the latest drawing wins.
// It knows no pad and no model; protocol.js connects it to both.

import PAD from "../src/digit_widget/pad.json" with { type: "json" };

/**
 * How the answer on the panel relates to the drawing on the pad: it is the answer to that drawing ("current"); the
 * drawing is newer and nobody has asked ("stale"); somebody has asked ("waiting"), for longer than an answer should
 * take ("busy").
 * @typedef {"current" | "stale" | "waiting" | "busy"} State
 */

/**
 * @param {object} options
 * @param {(number: number, asks: boolean) => void} options.send  sends the drawing on the pad, to be answered or kept
 * @param {() => boolean} options.canSend  whether the pad can be sent as it is; call `flush` when that becomes true
 * @param {() => void} options.onChange  called when the state may have changed
 * @param {number} options.number  number of the drawing on the pad, 0 if it never had one
 * @param {boolean} [options.asks]  whether a page sent it as a question; undefined if Python drew it
 * @param {number} options.answered  number that Python answered last
 * @param {boolean} options.unasked  whether Python says that it keeps a drawing nobody has asked about
 */
export function createExchange({ send, canSend, onChange, number, asks, answered, unasked }) {
  let latest = number; // of the drawings sent by this page
  let shown = number; // of the drawing on the pad
  let asked = asks && number > answered ? number : answered;
  let isDrawing = false; // a stroke is being drawn that has not been sent
  let isWanted = false; // the drawing is to be asked about, as soon as possible
  let isUnsaved = false; // the drawing is to be sent without a question, as soon as possible
  let isUnasked = unasked || (asks === false ? number !== answered : number < answered); // the answer is another one's
  let isBusy = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const inFlight = () => asked !== answered;

  function wait() {
    clearTimeout(timer);
    isBusy &&= inFlight(); // once busy, busy until there is an answer
    if (!inFlight() || isBusy) return;
    timer = setTimeout(() => {
      isBusy = true;
      onChange();
    }, PAD.slow_ms);
  }

  /**
   * The drawing on the pad has this number now, and there is nothing else to send.
   * @param {number} number
   * @param {boolean} unasked
   */
  function show(number, unasked) {
    shown = number;
    isDrawing = isWanted = isUnsaved = false;
    isUnasked = unasked;
  }

  /** Send what is waiting to be sent, if that is possible now. */
  function flush() {
    // A question that takes long may be lost with its kernel: the next one does not wait for it. Nothing else may be
    // sent before it is answered: hosts merge what is sent while Python is busy, and it would replace the question.
    const isQuestion = isWanted && (!inFlight() || isBusy);
    const isKept = isUnsaved && !inFlight();
    if (!(isQuestion || isKept) || isDrawing || !canSend()) return;
    // By the clock, so that two windows on one kernel do not use the same number.
    latest = Math.max(latest + 1, Date.now());
    show(latest, !isQuestion);
    if (isQuestion) asked = latest;
    wait();
    send(latest, isQuestion);
  }

  /** @returns {State} */
  function state() {
    if (isBusy) return "busy";
    if (isWanted || inFlight()) return "waiting";
    return isDrawing || isUnsaved || isUnasked ? "stale" : "current";
  }

  wait();

  return {
    state,
    flush,

    /** Whether the answer with this number is the answer to the drawing on the pad. */
    isCurrent: (/** @type {number | undefined} */ answer) => answer === answered && state() === "current",

    /** A stroke is being drawn. */
    begin() {
      if (isDrawing) return; // this is called for every move of the pen
      isDrawing = true;
      onChange();
    },

    /** The stroke was given up: the drawing is what it was before. */
    cancel() {
      isDrawing = false;
      flush();
      onChange();
    },

    /** Ask about the drawing on the pad. */
    request() {
      isWanted = true;
      isDrawing = false;
      flush();
      onChange();
    },

    /** Have Python keep the drawing on the pad, without an answer. */
    keep() {
      isUnsaved = true;
      isDrawing = false;
      flush();
      onChange();
    },

    /** Another view on this page has sent a drawing, which is on the pad now. */
    follow(/** @type {number} */ number, /** @type {boolean | undefined} */ asks) {
      latest = number;
      show(number, !asks);
      if (asks) asked = number;
      wait();
      onChange();
    },

    /**
     * Python has sent a drawing. It goes on the pad, unless the one that is there is newer and will replace it.
     * @param {object} drawing
     * @param {number} drawing.number  the last number Python had received from a page by then
     * @param {boolean} drawing.isNew  whether Python drew it; if not, Python sends back what a page has sent
     * @param {number} drawing.answer  the number that is answered now
     * @param {boolean} drawing.unasked  whether that is the answer to another drawing
     * @returns {boolean}  whether it has to be shown
     */
    take({ number, isNew, answer, unasked }) {
      const isOlder = isNew
        ? inFlight() && number < asked // Python has not received the question yet, and will keep its drawing
        : isDrawing || number < latest || (inFlight() && number > asked); // or another window's
      if (isOlder || isWanted || isUnsaved) return false;
      show(number, unasked);
      if (!inFlight()) asked = answered = answer;
      onChange();
      return true;
    },

    /**
     * Python has dealt with all questions up to this number.
     * @param {number} answer
     * @param {boolean} [unasked]  whether the drawing that Python keeps is newer than its answer
     */
    settle(answer, unasked = false) {
      if (inFlight() && answer < asked) return; // the answer to an older question
      isUnasked = unasked || answer !== shown; // of a drawing in another window
      answered = asked = answer === shown ? answer : asked; // which ends the wait: the question may have been dropped
      wait();
      flush();
      onChange();
    },

    /** Python says whether the drawing that it keeps is newer than the answer with this number. */
    mark(/** @type {boolean} */ unasked, /** @type {number} */ answer) {
      if (answer !== answered) return; // this is about a drawing in another window
      isUnasked = unasked;
      onChange();
    },

    /** Stop waiting. */
    close() {
      clearTimeout(timer);
    },
  };
}
