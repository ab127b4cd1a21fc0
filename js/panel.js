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
  why: "Why?",
  warm: "Warm ink",
  spokeFor: (/** @type {string} */ label) => ` spoke for ${label}, `,
  cold: "cold ink",
  against: " against it",
  runnerUp: (/** @type {string} */ label) => `The same for the runner-up, ${label}`,
  runnerUpAlt: "What the model sees, its ink coloured by what it says of the runner-up",
  models: "The models' answers",
  agree: "The models agree",
  disagree: "The models disagree",
  differs: "\u2260 differs",
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
 * @property {boolean} isExplaining
 * @property {Partial<Reasons>} reasons  none while there are none of this drawing
 * @property {string} refusal  why there are no reasons, in words
 * @property {Row[]} rows  none unless several models are compared
 * @property {boolean} agree
 */

/**
 * Why the answer is what it is.
 * @typedef {object} Reasons
 * @property {string} label
 * @property {string} runner_up_label
 * @property {string} seen  data URL: what the model saw, its ink in the colours of what it says of the answer
 * @property {string} runner_up  the same for the answer that came second
 * @property {string} overlay  the colours of the drawing on the pad, to be laid over it; or ""
 */

/**
 * One model's answer.
 * @typedef {object} Row
 * @property {string} name
 * @property {string} result
 * @property {number | null} prediction
 * @property {number} confidence
 * @property {string} error
 * @property {boolean} differs  from the first one's
 */

/**
 * @param {Document} document
 * @param {object} actions
 * @param {() => void} actions.undo
 * @param {() => void} actions.redo
 * @param {() => void} actions.clear
 * @param {() => void} actions.predict
 * @param {() => void} actions.why
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
  const overlay = make("img", "overlay");
  overlay.alt = "";
  overlay.ariaHidden = "true";

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
  const plain = make("span", "plain", TEXT.seen);
  const spokeFor = make("span", "for");
  const [warm, cold] = [make("span", "warm", TEXT.warm), make("span", "cold", TEXT.cold)];
  const legend = make("span", "legend", warm, spokeFor, cold, TEXT.against);
  const seen = make("figure", "figure", picture, make("figcaption", "caption", plain, legend));

  const second = make("img", "runner-up");
  second.alt = TEXT.runnerUpAlt;
  const secondCaption = make("figcaption", "caption");
  const runnerUp = make("figure", "figure", second, secondCaption);

  const [undo, redo, clear] = [button("undo"), button("redo"), button("clear")];
  const [why, predict] = [button("why"), button("predict")];
  const message = make("p", "message");
  message.setAttribute("role", "status");

  const agreement = make("p", "agreement");
  agreement.setAttribute("aria-live", "polite");
  const list = make("ul", "list");
  list.setAttribute("aria-label", TEXT.models);
  const models = make("div", "models", agreement, list);
  /** @type {ReturnType<typeof makeModel>[]} */
  const lines = [];
  const makeModel = () => {
    const [name, label] = [make("span", "name"), make("span", "emoji")];
    const [words, mark] = [make("span", "words"), make("span", "mark")];
    const element = make("li", "model", name, label, words, mark);
    list.append(element);
    return { name, label, words, mark, element };
  };

  const board = make(
    "div",
    "board",
    make("div", "sheet", canvas, overlay),
    make("div", "buttons", undo, redo, clear, why, predict),
  );
  const side = make("div", "side", answer, bars, seen, runnerUp);
  const element = make("div", "widget", board, side, models, message);
  element.className = "digit-widget";

  const percent = new Intl.NumberFormat(undefined, { style: "percent" });
  // Never "100 %" for what is only nearly certain.
  const format = (/** @type {number} */ share) =>
    share < 1 && share > 0.99 ? `> ${percent.format(0.99)}` : percent.format(share);

  const write = (/** @type {HTMLElement} */ target, /** @type {string} */ text) => {
    if (target.textContent !== text) target.textContent = text; // unchanged, it is not read out again
  };

  const show = (/** @type {HTMLImageElement} */ image, /** @type {string | undefined} */ url) => {
    if (!url) image.removeAttribute("src");
    else if (image.src !== url) image.src = url; // the same again would be decoded again
  };

  /** @param {{ prediction: number | null, confidence: number }} answer */
  function words({ prediction, confidence: p }) {
    if (prediction === null) return TEXT.unknown;
    const [, word] = /** @type {[number, string]} */ (SURENESS.find(([from]) => p >= from));
    return `${word} (${format(p)})`;
  }

  /** @param {View} view */
  function mainWords(view) {
    if (view.error) return "";
    if (view.isBlank) return TEXT.blank;
    return view.prediction === null && view.state !== "current" ? "" : words(view);
  }

  /** @param {View} view */
  function showReasons({ isExplaining, reasons, seen: url }) {
    why.ariaPressed = String(isExplaining);
    overlay.hidden = !reasons.overlay;
    show(overlay, reasons.overlay);
    show(picture, reasons.seen ?? url);
    plain.hidden = "seen" in reasons;
    legend.hidden = !plain.hidden;
    write(spokeFor, TEXT.spokeFor(reasons.label ?? ""));
    runnerUp.hidden = !isExplaining;
    runnerUp.dataset.empty = String(!reasons.runner_up);
    show(second, reasons.runner_up);
    write(secondCaption, TEXT.runnerUp(reasons.runner_up_label ?? ""));
  }

  /** @param {View} view */
  function showModels({ rows, agree, isBlank, state }) {
    models.hidden = !rows.length;
    const said = isBlank ? [] : rows.filter((row) => !row.error);
    write(agreement, said.length < 2 ? "" : agree ? TEXT.agree : TEXT.disagree);
    rows.forEach((row, index) => {
      const line = (lines[index] ??= makeModel());
      write(line.name, row.name);
      write(line.label, row.result);
      const isNothing = isBlank || (row.prediction === null && state !== "current");
      write(line.words, row.error || (isNothing ? "" : words(row)));
      write(line.mark, row.differs ? TEXT.differs : "");
      line.element.dataset.differs = String(row.differs);
    });
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
      write(confidence, mainWords(view));

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
      showReasons(view);
      showModels(view);

      undo.disabled = !view.canUndo;
      redo.disabled = !view.canRedo;
      clear.disabled = view.isBlank;
      predict.hidden = !view.hasButton;
      predict.disabled = view.isBlank;
      const hint = view.hasButton && state === "stale" ? TEXT.stale : "";
      write(message, state === "busy" ? TEXT.busy : view.error || view.refusal || hint);
    },
  };
}
