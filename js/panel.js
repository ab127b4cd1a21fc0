// What a person reads and presses: the answer, how sure it is, what the model saw, the buttons, the messages.
// It knows no widget; whatever it is given it shows as text, never as HTML.

const TEXT = {
  pad: "Drawing pad: draw a digit with mouse, finger or pen",
  undo: "Undo",
  redo: "Redo",
  clear: "Clear",
  predict: "Predict",
  blank: "Draw a digit",
  unknown: "Not a digit, it seems",
  seen: "What the model sees",
  seenAlt: "The drawing as the model sees it, 28 by 28 pixels",
  bars: "Most probable answers",
  busy: "Python is busy, or gone. Your drawing is kept; the answer comes when Python is free.",
  stale: "Press Predict for an answer",
};

/** From this confidence on an answer is called so. @type {[from: number, word: string][]} */
const SURENESS = [
  [0.99, "Very sure"],
  [0.9, "Sure"],
  [0.6, "Fairly sure"],
  [0, "Not sure"],
];

const BARS = 3;

/**
 * @typedef {object} View
 * @property {import("./exchange.js").State} state
 * @property {boolean} isBlank
 * @property {boolean} canUndo
 * @property {boolean} canRedo
 * @property {boolean} hasButton  whether *Predict* is there to be pressed
 * @property {string} result
 * @property {number | null} prediction
 * @property {number} confidence
 * @property {number[]} probabilities
 * @property {string[]} labels
 * @property {string} seen  data URL
 * @property {string} error
 */

/**
 * @param {Document} document
 * @param {object} actions
 * @param {() => void} actions.undo
 * @param {() => void} actions.redo
 * @param {() => void} actions.clear
 * @param {() => void} actions.predict
 */
export function createPanel(document, actions) {
  /**
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {string} name
   * @param {(Node | string)[]} children
   */
  const make = (tag, name, ...children) => {
    const element = document.createElement(tag);
    element.className = `dw-${name}`;
    element.append(...children);
    return element;
  };

  const button = (/** @type {keyof typeof actions} */ name) => {
    const element = make("button", name, TEXT[name]);
    element.type = "button";
    element.addEventListener("click", () => actions[name]());
    return element;
  };

  const canvas = make("canvas", "canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", TEXT.pad);

  const result = make("span", "result");
  const confidence = make("span", "confidence");
  const answer = make("output", "answer", result, confidence);
  answer.setAttribute("aria-live", "polite");

  const rows = Array.from({ length: BARS }, () => {
    const label = make("span", "label");
    const share = make("span", "share");
    const bar = make("span", "bar");
    return { label, bar, share, element: make("li", "row", label, bar, share) };
  });
  const bars = make("ol", "bars", ...rows.map(({ element }) => element));
  bars.setAttribute("aria-label", TEXT.bars);

  const picture = make("img", "seen");
  picture.alt = TEXT.seenAlt;
  const seen = make("figure", "figure", picture, make("figcaption", "caption", TEXT.seen));

  const [undo, redo, clear, predict] = [button("undo"), button("redo"), button("clear"), button("predict")];
  const message = make("p", "message");
  message.setAttribute("role", "status");

  const board = make("div", "board", canvas, make("div", "buttons", undo, redo, clear, predict));
  const element = make("div", "widget", board, make("div", "side", answer, bars, seen), message);
  element.className = "digit-widget";

  const percent = new Intl.NumberFormat(undefined, { style: "percent" });
  // Never "100 %" for what is only nearly certain.
  const format = (/** @type {number} */ share) =>
    share < 1 && share > 0.99 ? `> ${percent.format(0.99)}` : percent.format(share);

  const write = (/** @type {HTMLElement} */ target, /** @type {string} */ text) => {
    if (target.textContent !== text) target.textContent = text; // unchanged, it is not read out again
  };

  /** @param {View} view */
  function words({ isBlank, prediction, confidence: p, state, error }) {
    if (error) return "";
    if (isBlank) return TEXT.blank;
    if (prediction === null) return state === "current" ? TEXT.unknown : "";
    const [, word] = /** @type {[number, string]} */ (SURENESS.find(([from]) => p >= from));
    return `${word} (${format(p)})`;
  }

  return {
    element,
    canvas,

    /** @param {View} view */
    show(view) {
      const { state, probabilities, labels, prediction } = view;
      element.dataset.state = state;
      answer.ariaBusy = String(state === "waiting" || state === "busy");
      write(result, view.result);
      write(confidence, words(view));

      const best = probabilities
        .map((p, index) => ({ p, label: labels[index] ?? String(index) }))
        .sort((a, b) => b.p - a.p);
      bars.dataset.empty = String(prediction === null);
      rows.forEach(({ label, bar, share, element: row }, index) => {
        row.hidden = index >= best.length;
        const { p, label: text } = best[index] ?? { p: 0, label: "" };
        write(label, prediction === null ? "" : text);
        write(share, prediction === null ? "" : format(p));
        bar.style.setProperty("--dw-share", String(prediction === null ? 0 : p));
      });

      seen.dataset.empty = String(!view.seen);
      if (!view.seen) picture.removeAttribute("src");
      else if (picture.src !== view.seen) picture.src = view.seen; // the same again would be decoded again

      undo.disabled = !view.canUndo;
      redo.disabled = !view.canRedo;
      clear.disabled = view.isBlank;
      predict.hidden = !view.hasButton;
      predict.disabled = view.isBlank;
      write(message, state === "busy" ? TEXT.busy : view.error || (view.hasButton && state === "stale" ? TEXT.stale : ""));
    },
  };
}
