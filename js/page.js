// A pad on a page of its own, without Python: what `pad.save("digits.html")` writes (page.py).

import * as engine from "./engine/index.js";
import PAD from "../src/digit_widget/pad.json" with { type: "json" };
import { voiceOn } from "./texts.js";
import { render } from "./view.js";

/**
 * @typedef {object} Data
 * @property {string | null} title
 * @property {any} traits  those that Python has settings for
 * @property {import("./engine/index.js").Packed} packed
 * @property {{ consent: string, about: import("./feedback/keeper.js").About } | null} feedback  if the pad has any
 */

/** The other traits, as they are when nothing is drawn. */
const BLANK = {
  image: "",
  explaining: false,
  result: PAD.no_answer,
  prediction: null,
  confidence: 0,
  probabilities: [],
  status: "blank",
  error: "",
  _drawing: {},
  _memory: {},
  _met: [],
  _seen: "",
  _answered: 0,
  _unasked: false,
  _why: {},
  _kept_as: "",
};

/**
 * A model as anywidget has it, with nothing behind it.
 * @param {Record<string, any>} traits
 * @returns {any}
 */
function createModel(traits) {
  /** @type {Map<string, Set<() => void>>} */
  const listeners = new Map();
  return {
    get: (/** @type {string} */ name) => traits[name],
    set(/** @type {string} */ name, /** @type {unknown} */ value) {
      if (traits[name] === value) return;
      traits[name] = value;
      for (const react of [...(listeners.get(`change:${name}`) ?? [])]) react();
    },
    save_changes() {},
    on(/** @type {string} */ event, /** @type {() => void} */ react) {
      if (!listeners.has(event)) listeners.set(event, new Set());
      listeners.get(event)?.add(react);
    },
    off: (/** @type {string} */ event, /** @type {() => void} */ react) => listeners.get(event)?.delete(react),
  };
}

/**
 * How feedback is asked for and kept: a bundle of its own, which is here if the pad has feedback.
 * @returns {typeof import("./feedback/page.js")}
 */
const corrections = () => /** @type {any} */ (globalThis).digitWidgetFeedback;

/** @param {string} id */
const content = (id) => document.getElementById(id)?.textContent ?? "";

function show() {
  /** @type {Data} */
  const { title, traits, packed, feedback } = JSON.parse(content("digit-widget-data"));
  const parts = Object.fromEntries(
    [...document.querySelectorAll("script[data-part]")].map((part) => [
      part.getAttribute("data-part"),
      new DataView(engine.fromBase64(part.textContent).buffer),
    ]),
  );
  const model = createModel({
    ...BLANK,
    ...traits,
    probabilities: traits.labels.map(() => 1 / traits.labels.length),
    _offline: { engine, packed, parts },
    _feedback: feedback ? { code: corrections(), consent: feedback.consent, saves: true, isHere: true } : {},
  });
  if (feedback) corrections().keep(model, { title, about: feedback.about, document, window });
  const root = document.documentElement;
  if (!traits.locale) root.lang = ""; // the page speaks the browser's language
  const voice = voiceOn(document)(traits.locale);
  root.lang = voice.language;
  const heading = /** @type {HTMLElement} */ (document.querySelector("h1"));
  heading.textContent = document.title = title ?? voice.invitation(traits);
  const el = /** @type {HTMLElement} */ (document.getElementById("digit-widget"));
  el.classList.add("jupyter-widgets-disconnected"); // as ipywidgets marks a view without Python
  render({ model, el });
}

show();
