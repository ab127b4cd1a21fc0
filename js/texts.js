// What the widget says, in the languages of texts.json and with numbers written as in each. Texts are never HTML.

import PAD from "../src/digit_widget/pad.json" with { type: "json" };
import ALL from "../src/digit_widget/texts.json" with { type: "json" };
import { templateOf, textOf } from "./template.js";

/** @typedef {keyof typeof ALL.texts} Key */

/** What an answer is called, by its least confidence. @type {[from: number, key: Key][]} */
const SURENESS = [
  [0.99, "verySure"],
  [0.9, "sure"],
  [0.6, "fairlySure"],
  [0, "notSure"],
];

/**
 * Choose the first language tag ("de-AT") whose language there are texts in.
 * @param {readonly string[]} tags  the preferred one first
 * @returns {{ tag: string, language: string }}
 */
export function choose(tags) {
  for (const tag of tags) {
    const language = tag.split("-")[0].toLowerCase();
    if (ALL.languages.includes(language)) return { tag, language };
  }
  return { tag: "en", language: "en" };
}

/**
 * The languages that a person may want, the preferred one first.
 * @param {string} locale  the one that Python asks for, or ""
 * @param {string} page  the page's language; ignored if English, as hosts say that of their pages to everybody
 * @param {readonly string[]} browser  the browser's languages
 */
export const wanted = (locale, page, browser) =>
  locale ? [locale] : [...(page && choose([page]).language !== "en" ? [page] : []), ...browser];

/** @param {Intl.LocalesArgument} tag */
const percents = (tag) => new Intl.NumberFormat(tag, { style: "percent" });

/** The widget's texts in one language. @param {readonly string[]} tags  those wanted, the preferred one first */
export function createVoice(tags) {
  const { tag, language } = choose(tags);
  let percent = percents(language);
  try {
    percent = percents(tag);
  } catch {
    // The tag is not valid after its language; the language will do.
  }

  /** A text with its {placeholders}. @param {Key} key */
  const template = (key) => templateOf(ALL, language, key);

  /** @param {Key} key @param {Record<string, string>} [values]  by placeholder */
  const say = (key, values) => textOf(ALL, language, key, values);

  const share = (/** @type {number} */ p) =>
    // Never "100%" if it is not quite certain.
    p < 1 && p > 0.99 ? `> ${percent.format(0.99)}` : percent.format(p);

  /** A label as screen readers read it: a keycap emoji as its digit, 🤔 as no answer. @param {string} label */
  const aloud = (label) =>
    label === PAD.no_answer ? say("none") : label.replace(/([0-9#*])\uFE0F?\u20E3/gu, "$1");

  /** @param {string[]} labels */
  const areDigits = (labels) => labels.every((label, digit) => aloud(label) === String(digit));

  return {
    language,
    template,
    say,
    share,
    aloud,
    areDigits,

    /** What the blank pad says. @param {{ prompt: string, labels: string[] }} traits */
    invitation: ({ prompt, labels }) => prompt || say(areDigits(labels) ? "blank" : "hint"),

    /**
     * How sure an answer is, in words.
     * @param {{ prediction: number | null, confidence: number }} answer
     * @param {string[]} labels
     */
    words({ prediction, confidence }, labels) {
      if (prediction === null) return say(areDigits(labels) ? "unknown" : "none");
      const [, key] = /** @type {[number, Key]} */ (SURENESS.find(([from]) => confidence >= from));
      return say("words", { sureness: say(key), share: share(confidence) });
    },
  };
}

/** @typedef {ReturnType<typeof createVoice>} Voice */

/**
 * The voice for what Python asks for, on this page in this browser. It stays the same object while the language does.
 * @param {Document} document
 * @returns {(locale: string) => Voice}
 */
export function voiceOn({ documentElement, defaultView }) {
  /** @type {string} */
  let spoken;
  /** @type {Voice} */
  let voice;
  return (locale) => {
    if (spoken !== locale) {
      spoken = locale;
      voice = createVoice(wanted(locale, documentElement.lang, defaultView?.navigator.languages ?? []));
    }
    return voice;
  };
}
