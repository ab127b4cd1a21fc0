// What a person reads and presses: the answer, how sure it is, what the model saw, the buttons, the messages.
// It knows no model; whatever it is given it shows as text, never as HTML.

import { createMaker, flag, write, writeLabel } from "./elements.js";
import { createGrip } from "./grip.js";
import { cut } from "./template.js";

const BARS = 3;
const FAILED = "⚠️";
/** Characters that every bar leaves for its label, at most. */
const LONGEST = 9;
/** Whether a label is a word, which is written small, and no emoji. @param {string} label */
const isWord = (label) => [...label].length > 2 && /\p{L}/u.test(label);

/**
 * The traits that the panel shows; traits.py says what they mean. A new one goes here and into `SHOWN`.
 * @typedef {object} ShownTraits
 * @property {"stroke" | "move" | "button"} predict_on
 * @property {string[]} labels
 * @property {number} size
 * @property {string} locale
 * @property {string} prompt  what the blank pad says instead of its own words; or ""
 * @property {"full" | "compact" | "none"} panel
 * @property {string} result
 * @property {number | null} prediction
 * @property {number} confidence
 * @property {number[]} probabilities
 * @property {string} error
 * @property {boolean} explaining
 * @property {boolean} [agree]  only in a comparison
 * @property {string[]} _met  what was found out about each model, in English; "" where nothing was
 * @property {string} _seen  data URL
 * @property {Partial<Reasons>} _why
 * @property {Row[]} [_rows]  only in a comparison
 */

/** @type {(keyof ShownTraits)[]} */
export const SHOWN = [
  "predict_on",
  "labels",
  "size",
  "locale",
  "prompt",
  "panel",
  "result",
  "prediction",
  "confidence",
  "probabilities",
  "error",
  "explaining",
  "agree",
  "_met",
  "_seen",
  "_why",
  "_rows",
];

/**
 * What the panel has to know besides.
 * @typedef {object} Situation
 * @property {import("./texts.js").Voice} voice
 * @property {import("./exchange.js").State} state
 * @property {boolean} isAlone  whether there is no Python: drawing and answer are a picture, with nothing to press
 * @property {boolean} isOffline  whether the page answers, without Python
 * @property {boolean} isGone  whether Python is probably gone
 * @property {boolean} isOver  whether something is being dragged over the pad
 * @property {boolean} isRefused  whether what was dropped or pasted last is no picture
 * @property {boolean} isExplained  whether `_why` is about the drawing on the pad
 * @property {boolean} isBlank
 * @property {boolean} isDrawing  whether a stroke is being drawn
 * @property {{ x: number, y: number, isDown: boolean } | null} cursor  of the keyboard, as fractions of the pad's side
 * @property {boolean} canUndo
 * @property {boolean} canRedo
 */

/** @typedef {ShownTraits & Situation} View */

/**
 * Why the answer is what it is, or why that cannot be explained.
 * @typedef {object} Reasons
 * @property {number} answered  number of the answer
 * @property {string} label
 * @property {string} runner_up_label
 * @property {string} seen  data URL: what the model saw, coloured by what the ink says for and against the answer
 * @property {string} runner_up  the same for the answer that came second
 * @property {string} overlay  the same colours for the drawing, to be laid over the pad; or ""
 * @property {string} error  instead of all this: why there are no reasons
 */

/**
 * One model's answer.
 * @typedef {object} Row
 * @property {string} name
 * @property {string} result
 * @property {number | null} prediction
 * @property {number} confidence
 * @property {string} error
 * @property {boolean} differs  from the first one's answer
 */

/**
 * What a comparison adds; see models.js.
 * @typedef {typeof import("./models.js").createModels} CreateModels
 */

/**
 * @param {Document} document
 * @param {object} actions
 * @param {() => void} actions.undo
 * @param {() => void} actions.redo
 * @param {() => void} actions.clear
 * @param {() => void} actions.predict
 * @param {() => void} actions.why
 * @param {(size: number) => void} actions.resize
 * @param {CreateModels} [createModels]  if several models are asked
 */
export function createPanel(document, actions, createModels) {
  const make = createMaker(document, "dw-");

  /** Write the texts that depend on the language only. @type {((voice: import("./texts.js").Voice) => void)[]} */
  const texts = [];
  /** @param {HTMLElement} target @param {import("./texts.js").Key} key @param {string} [attribute] */
  const name = (target, key, attribute) => {
    texts.push(({ say }) => (attribute ? target.setAttribute(attribute, say(key)) : target.replaceChildren(say(key))));
  };

  /** @param {Exclude<keyof typeof actions, "resize">} action @param {string} [keys]  a shortcut; "^" is Control */
  const button = (action, keys) => {
    const element = make("button", action);
    name(element, action);
    if (keys) {
      element.classList.add("dw-icon");
      element.setAttribute("aria-keyshortcuts", keys.replace("^", "Control+"));
      texts.push(({ say }) => (element.title = `${say(action)} (${keys.replace("^", `${say("ctrl")}+`)})`));
    }
    element.type = "button";
    element.addEventListener("click", () => actions[action]());
    // A click does not take the focus: a button that its own click disables would lose it, and the host's keys with it.
    element.addEventListener("mousedown", (event) => event.preventDefault());
    return element;
  };

  const canvas = make("canvas", "canvas");
  canvas.tabIndex = 0;
  canvas.role = "application"; // so that screen readers leave the keys to the pad
  name(canvas, "pad", "aria-label");
  const hint = make("p", "hint");
  hint.ariaHidden = "true"; // the canvas's name says it
  name(hint, "hint");
  const keys = make("p", "keys");
  name(keys, "keys");
  keys.id = `dw-keys-${Math.random().toString(36).slice(2)}`; // there may be other pads on the page
  canvas.setAttribute("aria-describedby", keys.id);
  const overlay = make("img", "overlay");
  overlay.alt = "";
  overlay.ariaHidden = "true";
  const cursor = make("span", "cursor");
  const corner = make("span", "grip");
  name(corner, "size", "aria-label");
  const grip = createGrip(corner, {
    onPull: (size) => style(element, "size", `${size}px`),
    onChange: actions.resize,
  });

  const result = make("span", "result");
  const confidence = make("span", "confidence");
  const answer = make("div", "answer", result, confidence);

  const rows = Array.from({ length: BARS }, () => {
    const label = make("span", "label");
    const share = make("span", "share");
    const bar = make("span", "bar");
    return { label, bar, share, element: make("li", "row", label, bar, share) };
  });
  const bars = make("ol", "bars", ...rows.map(({ element }) => element));
  name(bars, "bars", "aria-label");

  const picture = make("img", "seen");
  name(picture, "seen", "alt");
  const plain = make("span", "plain");
  name(plain, "seen");
  const legend = make("span", "legend");
  const colours = { warm: make("span", "warm"), cold: make("span", "cold") };
  name(colours.warm, "warm");
  name(colours.cold, "cold");
  const spokeFor = make("span", "for");
  const seen = make("figure", "figure", picture, make("figcaption", "caption", plain, legend));

  const second = make("img", "runner-up");
  name(second, "seen", "alt");
  const secondCaption = make("figcaption", "caption");
  const runnerUp = make("figure", "figure", second, secondCaption);

  const [undo, redo, clear] = [button("undo", "^Z"), button("redo", "^Shift+Z"), button("clear", "Delete")];
  const [why, predict] = [button("why"), button("predict")];
  const message = make("p", "message");
  // Screen readers read this one element when it changes; what is seen changes in many places at once.
  const spoken = make("p", "spoken");
  spoken.role = "status";

  const models = createModels?.(document);

  const sheet = make("div", "sheet", canvas, overlay, hint, keys, cursor, corner);
  const board = make("div", "board", sheet, make("div", "buttons", predict, undo, redo, clear, why));
  const side = make("div", "side", answer, bars, seen, runnerUp);
  const element = make("div", "widget", board, side, ...(models ? [models.element] : []), message, spoken);
  element.className = "digit-widget";

  /** @type {import("./texts.js").Voice} */
  let voice;
  /** @param {import("./texts.js").Voice} next */
  function speak(next) {
    if (voice === next) return;
    voice = next;
    element.lang = voice.language;
    element.dir = "ltr"; // all our languages are written so, also on a page that is not
    for (const tell of texts) tell(voice);
    const parts = cut(voice.template("legend"));
    /** @type {Record<string, Node>} */
    const spans = { ...colours, label: spokeFor };
    legend.replaceChildren(...parts.map((part, index) => (index % 2 ? spans[part] : part)));
  }

  /**
   * Set a custom property for the style sheet.
   * @param {HTMLElement} target
   * @param {string} name
   * @param {string | number} value
   */
  const style = (target, name, value) => target.style.setProperty(`--dw-${name}`, String(value));

  const show = (/** @type {HTMLImageElement} */ image, /** @type {string | undefined} */ url) => {
    if (!url) image.removeAttribute("src");
    else if (image.src !== url) image.src = url; // if set again, it would be decoded again
  };

  /** @param {HTMLButtonElement} target @param {boolean} isOn */
  function enable(target, isOn) {
    // A button that is disabled loses the focus: for the keyboard it moves to the pad, not to the top of the page.
    if (!isOn && target.matches(":focus-visible")) canvas.focus();
    target.disabled = !isOn;
  }

  /** @param {View} view */
  function mainWords(view) {
    if (view.error) return voice.say("none");
    if (view.isBlank) return view.isAlone ? "" : voice.invitation(view);
    if (view.prediction === null && view.state !== "current") return "";
    const words = voice.words(view, view.labels);
    return models ? models.headline(view, words) : words;
  }

  /** Why there will be no answer now, or not yet. @param {View} view */
  function lack({ isAlone, isOffline, state, isGone }) {
    if (isOffline) return "";
    if (isAlone) return voice.say("alone");
    if (state !== "busy") return "";
    return voice.say(isGone ? "gone" : "busy");
  }

  /** What Why? says of a drawing without an answer. @param {View} view */
  function nearest({ explaining, isBlank, state, prediction, probabilities, labels }) {
    const [best] = ranked(probabilities, labels);
    const isOne = best?.p > 1.05 / probabilities.length; // else none is nearer than the others
    const isAsked = explaining && !isBlank && state === "current" && prediction === null;
    return isAsked && isOne ? voice.say("nearest", { label: voice.aloud(best.label) }) : "";
  }

  /** @param {View} view */
  function showMessage(view) {
    const { state, predict_on, error, _why, _met, isBlank, isRefused, isOffline } = view;
    const refusal = _why.error ?? "";
    const met = isBlank && !models ? (_met[0] ?? "") : "";
    const note = isOffline ? voice.say("offline") : met;
    const advice = predict_on === "button" && state === "stale" ? voice.say("stale") : nearest(view);
    const text = lack(view) || (isRefused && voice.say("notPicture")) || error || refusal || advice;
    write(message, text || note);
    // Python's own sentences are in English.
    spoken.lang = text && text === (error || refusal) ? "en" : voice.language;
    message.lang = text || isOffline ? spoken.lang : "en";
    flag(message, "met", !text);
    message.title = text ? "" : note;
    write(spoken, text || aloud(view));
  }

  /** What screen readers read of an answer: once, when it is the answer to the drawing. @param {View} view */
  function aloud(view) {
    const { isBlank, isDrawing, state, prediction, result: label, probabilities, labels } = view;
    if (isDrawing || state !== "current") return "";
    if (isBlank) return voice.invitation(view);
    if (prediction === null) return voice.words(view, labels);
    const [, runner] = ranked(probabilities, labels);
    return [
      voice.say("said", { label: voice.aloud(label), words: voice.words(view, labels) }),
      runner && voice.say("second", { label: voice.aloud(runner.label), share: voice.share(runner.p) }),
      models?.verdict(view),
    ]
      .filter(Boolean)
      .join(" ");
  }

  /** @param {number[]} probabilities @param {string[]} labels */
  const ranked = (probabilities, labels) =>
    probabilities
      .map((p, index) => ({ p, label: labels[index] ?? String(index) }))
      .sort((a, b) => b.p - a.p);

  /** @param {View} view */
  function showCursor({ cursor: place, isBlank, isAlone }) {
    hint.hidden = !isBlank || isAlone || place !== null;
    flag(sheet, "keys", place !== null);
    cursor.hidden = !place;
    keys.hidden = !place || !isBlank; // the help is on the paper, where the drawing will be
    if (!place) return;
    flag(cursor, "down", place.isDown);
    style(cursor, "x", place.x);
    style(cursor, "y", place.y);
  }

  /** @param {View} view */
  function showAlone({ isAlone, isBlank }) {
    sheet.inert = isAlone;
    flag(board, "alone", isAlone);
    if (isAlone && !isBlank) {
      board.role = "img";
      board.ariaLabel = voice.say("last");
    } else board.role = board.ariaLabel = null;
  }

  /** @param {View} view */
  function showReasons({ explaining, isExplained, _why, _seen }) {
    const reasons = explaining && isExplained ? _why : {};
    why.ariaPressed = String(explaining);
    overlay.hidden = !reasons.overlay;
    show(overlay, reasons.overlay);
    show(picture, reasons.seen ?? _seen);
    plain.hidden = "seen" in reasons;
    legend.hidden = !plain.hidden;
    write(spokeFor, reasons.label ?? "");
    runnerUp.hidden = !explaining;
    flag(runnerUp, "empty", !reasons.runner_up);
    show(second, reasons.runner_up);
    write(secondCaption, voice.say("runnerUp", { label: reasons.runner_up_label ?? "" }));
  }

  return {
    element,
    canvas,

    /** Put something below the answer. @param {HTMLElement} part */
    add: (part) => message.before(part),

    /** @param {View} view */
    show(view) {
      const { state, probabilities, labels, prediction, error } = view;
      speak(view.voice);
      element.dataset.state = state;
      element.dataset.panel = view.panel;
      flag(element, "failed", Boolean(error));
      flag(answer, "blank", view.isBlank && !error);
      flag(answer, "doubted", view.agree === false);
      flag(sheet, "over", view.isOver);
      showAlone(view);
      style(element, "size", `${view.size}px`);
      grip.show(view.size);
      showCursor(view);
      writeLabel(result, error ? FAILED : view.result, voice);
      flag(result, "word", isWord(view.result));
      result.title = isWord(view.result) ? view.result : "";
      write(confidence, mainWords(view));

      const longest = Math.max(...labels.map((one) => [...voice.aloud(one)].length));
      style(bars, "longest", Math.min(longest, LONGEST));
      const best = prediction === null ? [] : ranked(probabilities, labels);
      flag(bars, "empty", !best.length);
      rows.forEach(({ label, bar, share, element: row }, index) => {
        row.hidden = index >= probabilities.length;
        const { p, label: text } = best[index] ?? { p: 0, label: "" };
        write(label, voice.aloud(text));
        label.title = voice.aloud(text);
        write(share, text && voice.share(p));
        style(bar, "share", p);
        flag(row, "empty", p < 0.005); // "0 %" says nothing
      });

      flag(seen, "empty", !view._seen);
      showReasons(view);
      models?.show(view);

      enable(undo, view.canUndo);
      enable(redo, view.canRedo);
      enable(clear, !view.isBlank);
      enable(why, !view.isBlank);
      predict.hidden = view.predict_on !== "button";
      enable(predict, !view.isBlank);
      showMessage(view);
    },
  };
}
