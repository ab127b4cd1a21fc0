// The talk with Python: one question in flight, the latest drawing wins. It knows neither pad nor widget.

/**
 * What is known of the answer that is shown: it is that of the drawing ("current"); the drawing has changed and nobody
 * asked ("stale"); it was asked ("waiting"), for longer than Python should need ("busy").
 * @typedef {"current" | "stale" | "waiting" | "busy"} State
 */

/**
 * @param {object} options
 * @param {(question: number) => void} options.ask  sends the drawing as it is now, under this number
 * @param {() => void} options.onChange  the state may be another
 * @param {number} options.asked  number of the last question, from whichever view
 * @param {number} options.answered  number of the last answer
 * @param {number} [options.patience]  ms after which Python counts as busy
 */
export function createExchange({ ask, onChange, asked, answered, patience = 1000 }) {
  let isStale = false;
  let isWanted = false; // the drawing has changed since it was asked about
  let isBusy = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const inFlight = () => asked !== answered;

  function wait() {
    clearTimeout(timer);
    isBusy &&= inFlight(); // once busy, busy until it answers
    if (!inFlight() || isBusy) return;
    timer = setTimeout(() => {
      isBusy = true;
      onChange();
    }, patience);
  }

  function send() {
    isWanted = isStale = false;
    // By the clock, so that two windows on one kernel never take each other's answers for their own.
    asked = Math.max(asked + 1, Date.now());
    wait();
    ask(asked);
  }

  wait();

  return {
    /** @returns {State} */
    get state() {
      if (isBusy) return "busy";
      if (isWanted || inFlight()) return "waiting";
      return isStale ? "stale" : "current";
    },

    /** Whether a question is under way. */
    get isAsking() {
      return inFlight();
    },

    /** Whether what Python said under this number is about the drawing as it is now. */
    isOf(/** @type {number | undefined} */ answer) {
      return answer === answered && this.state === "current";
    },

    /** The drawing is new and wants an answer. */
    request() {
      isWanted = true;
      // While Python is busy the question may be lost with its kernel: the next drawing is asked all the same.
      if (!inFlight() || isBusy) send();
      onChange();
    },

    /** Whether the drawing is newer than the answer and nobody asks yet. */
    mark(/** @type {boolean} */ stale) {
      if (isStale === stale) return; // every move of the pen touches
      isStale = stale;
      onChange();
    },

    /** Another view of the same widget has asked. */
    follow(/** @type {number} */ question) {
      if (question === asked) return;
      asked = question;
      isWanted = isStale = false;
      wait();
      onChange();
    },

    /** Python has answered a question. */
    settle(/** @type {number} */ answer) {
      if (answer !== asked) {
        // To an older question of ours; or, when we wait for nothing, to another window's drawing that is not shown here.
        if (!inFlight()) this.mark(true);
        return;
      }
      answered = answer;
      wait();
      if (isWanted) send();
      onChange();
    },

    /** Take the exchange down. */
    close() {
      clearTimeout(timer);
    },
  };
}
