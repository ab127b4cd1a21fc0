// What a person reads and presses: the answer, how sure it is, what the model saw, the buttons, the messages.
// It knows no widget; whatever it is given it shows as text, never as HTML.

import { cut } from "./texts.js";
import { createGrip } from "./grip.js";

const BARS = 3;

/**
 * @typedef {object} View
 * @property {import("./texts.js").Voice} voice
 * @property {number} size  the pad's side, in CSS pixels
 * @property {import("./exchange.js").State} state
 * @property {boolean} isAlone  whether there is no Python: drawing and answer are a picture, with nothing to press
 * @property {boolean} isBlank
 * @property {boolean} isDrawing  whether a stroke is under way
 * @property {{ x: number, y: number, isDown: boolean } | null} cursor  where the keyboard draws, in shares of the pad
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
 * @param {(size: number) => void} actions.resize
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

  /** What has to be said anew in another language. @type {((voice: import("./texts.js").Voice) => void)[]} */
  const texts = [];
  /** @param {HTMLElement} target @param {import("./texts.js").Key} key @param {string} [attribute] */
  const name = (target, key, attribute) => {
    texts.push(({ say }) => (attribute ? target.setAttribute(attribute, say(key)) : target.replaceChildren(say(key))));
  };

  const button = (/** @type {Exclude<keyof typeof actions, "resize">} */ action) => {
    const element = make("button", action);
    name(element, action);
    element.type = "button";
    element.addEventListener("click", () => actions[action]());
    // The focus stays where it is: with a button that is disabled by its press it would go, and the host's keys with it.
    element.addEventListener("mousedown", (event) => event.preventDefault());
    return element;
  };

  const canvas = make("canvas", "canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application"); // the keys are the pad's, not the screen reader's
  name(canvas, "pad", "aria-label");
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
    onPull: (size) => element.style.setProperty("--dw-size", `${size}px`),
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
  name(picture, "seenAlt", "alt");
  const plain = make("span", "plain");
  name(plain, "seen");
  const legend = make("span", "legend");
  const colours = { warm: make("span", "warm"), cold: make("span", "cold") };
  name(colours.warm, "warm");
  name(colours.cold, "cold");
  const spokeFor = make("span", "for");
  const seen = make("figure", "figure", picture, make("figcaption", "caption", plain, legend));

  const second = make("img", "runner-up");
  name(second, "seenAlt", "alt");
  const secondCaption = make("figcaption", "caption");
  const runnerUp = make("figure", "figure", second, secondCaption);

  const [undo, redo, clear] = [button("undo"), button("redo"), button("clear")];
  const [why, predict] = [button("why"), button("predict")];
  const message = make("p", "message");
  // The one place that is read aloud by itself; what is seen changes in many places at once.
  const spoken = make("p", "spoken");
  spoken.setAttribute("role", "status");

  const agreement = make("p", "agreement");
  const list = make("ul", "list");
  name(list, "models", "aria-label");
  const models = make("div", "models", agreement, list);
  /** @type {ReturnType<typeof makeModel>[]} */
  const lines = [];
  const makeModel = () => {
    const [called, label] = [make("span", "name"), make("span", "emoji")];
    const [words, mark] = [make("span", "words"), make("span", "mark")];
    const element = make("li", "model", called, label, words, mark);
    list.append(element);
    return { called, label, words, mark, element };
  };

  const sheet = make("div", "sheet", canvas, overlay, keys, cursor, corner);
  const board = make("div", "board", sheet, make("div", "buttons", undo, redo, clear, why, predict));
  const side = make("div", "side", answer, bars, seen, runnerUp);
  const element = make("div", "widget", board, side, models, message, spoken);
  element.className = "digit-widget";

  /** @type {import("./texts.js").Voice} */
  let voice;
  /** @param {import("./texts.js").Voice} next */
  function speak(next) {
    if (voice === next) return;
    voice = next;
    element.lang = voice.language;
    element.dir = voice.direction;
    for (const tell of texts) tell(voice);
    const parts = cut(voice.template("legend"));
    /** @type {Record<string, Node>} */
    const spans = { ...colours, label: spokeFor };
    legend.replaceChildren(...parts.map((part, index) => (index % 2 ? spans[part] : part)));
  }

  const write = (/** @type {HTMLElement} */ target, /** @type {string} */ text) => {
    if (target.textContent !== text) target.textContent = text; // unchanged, it is not read out again
  };

  const show = (/** @type {HTMLImageElement} */ image, /** @type {string | undefined} */ url) => {
    if (!url) image.removeAttribute("src");
    else if (image.src !== url) image.src = url; // the same again would be decoded again
  };

  /** @param {HTMLButtonElement} target @param {boolean} isOn */
  function enable(target, isOn) {
    // What is disabled loses the focus: a keyboard that pressed it goes on with the pad, not with the top of the page.
    if (!isOn && target.matches(":focus-visible")) canvas.focus();
    target.disabled = !isOn;
  }

  /** Write a label, an emoji mostly, and what is read aloud for it. @param {HTMLElement} target @param {string} text */
  function writeLabel(target, text) {
    write(target, text);
    const aloud = voice.aloud(text);
    if (aloud === text) for (const attribute of ["role", "aria-label"]) target.removeAttribute(attribute);
    else {
      target.setAttribute("role", "img");
      target.setAttribute("aria-label", aloud);
    }
  }

  /** @param {View} view */
  function mainWords(view) {
    if (view.error) return "";
    if (view.isBlank) return view.isAlone ? "" : voice.say("blank");
    return view.prediction === null && view.state !== "current" ? "" : voice.words(view);
  }

  /** @param {View} view */
  function showMessage(view) {
    const { state, hasButton, error, refusal, isAlone } = view;
    const hint = hasButton && state === "stale" ? voice.say("stale") : "";
    const lack = isAlone ? voice.say("alone") : state === "busy" ? voice.say("busy") : "";
    const text = lack || error || refusal || hint;
    write(message, text);
    // What Python says it says in English.
    message.lang = spoken.lang = text && text === (error || refusal) ? "en" : voice.language;
    write(spoken, text || aloud(view));
  }

  /** What is read aloud of an answer: once, when it is that of the drawing. @param {View} view */
  function aloud(view) {
    const { isBlank, isDrawing, state, prediction, result: label, probabilities, labels, rows: others, agree } = view;
    if (isDrawing || state !== "current") return "";
    if (isBlank) return voice.say("blank");
    if (prediction === null) return voice.words(view);
    const [, runner] = ranked(probabilities, labels);
    const agreed = others.filter((row) => !row.error).length < 2 ? "" : voice.say(agree ? "agree" : "disagree");
    return [
      voice.say("said", { label: voice.aloud(label), words: voice.words(view) }),
      runner && voice.say("second", { label: voice.aloud(runner.label), share: voice.share(runner.p) }),
      agreed,
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
  function showCursor({ cursor: place, isBlank }) {
    sheet.dataset.keys = String(place !== null);
    cursor.hidden = !place;
    keys.hidden = !place || !isBlank; // it stands on the paper, until there is something else on it
    if (!place) return;
    cursor.dataset.down = String(place.isDown);
    cursor.style.setProperty("--dw-x", String(place.x));
    cursor.style.setProperty("--dw-y", String(place.y));
  }

  /** @param {View} view */
  function showAlone({ isAlone, isBlank }) {
    sheet.inert = isAlone;
    board.dataset.alone = String(isAlone);
    if (isAlone && !isBlank) {
      board.role = "img";
      board.ariaLabel = voice.say("last");
    } else board.role = board.ariaLabel = null;
  }

  /** @param {View} view */
  function showReasons({ isExplaining, reasons, seen: url }) {
    why.ariaPressed = String(isExplaining);
    overlay.hidden = !reasons.overlay;
    show(overlay, reasons.overlay);
    show(picture, reasons.seen ?? url);
    plain.hidden = "seen" in reasons;
    legend.hidden = !plain.hidden;
    write(spokeFor, reasons.label ?? "");
    runnerUp.hidden = !isExplaining;
    runnerUp.dataset.empty = String(!reasons.runner_up);
    show(second, reasons.runner_up);
    write(secondCaption, voice.say("runnerUp", { label: reasons.runner_up_label ?? "" }));
  }

  /** @param {View} view */
  function showModels({ rows, agree, isBlank, state }) {
    models.hidden = !rows.length;
    const said = isBlank ? [] : rows.filter((row) => !row.error);
    write(agreement, said.length < 2 ? "" : voice.say(agree ? "agree" : "disagree"));
    rows.forEach((row, index) => {
      const line = (lines[index] ??= makeModel());
      write(line.called, row.name);
      writeLabel(line.label, row.result);
      const isNothing = isBlank || (row.prediction === null && state !== "current");
      write(line.words, row.error || (isNothing ? "" : voice.words(row)));
      write(line.mark, row.differs ? voice.say("differs") : "");
      line.element.dataset.differs = String(row.differs);
    });
  }

  return {
    element,
    canvas,

    /** @param {View} view */
    show(view) {
      const { state, probabilities, labels, prediction } = view;
      speak(view.voice);
      element.dataset.state = state;
      showAlone(view);
      element.style.setProperty("--dw-size", `${view.size}px`);
      grip.show(view.size);
      showCursor(view);
      writeLabel(result, view.result);
      write(confidence, mainWords(view));

      const best = ranked(probabilities, labels);
      bars.dataset.empty = String(prediction === null);
      rows.forEach(({ label, bar, share, element: row }, index) => {
        row.hidden = index >= best.length;
        const { p, label: text } = best[index] ?? { p: 0, label: "" };
        writeLabel(label, prediction === null ? "" : text);
        write(share, prediction === null ? "" : voice.share(p));
        bar.style.setProperty("--dw-share", String(prediction === null ? 0 : p));
      });

      seen.dataset.empty = String(!view.seen);
      showReasons(view);
      showModels(view);

      enable(undo, view.canUndo);
      enable(redo, view.canRedo);
      enable(clear, !view.isBlank);
      predict.hidden = !view.hasButton;
      enable(predict, !view.isBlank);
      showMessage(view);
    },
  };
}
