// How the widget speaks: a person's language among those of texts.json, numbers as it writes them. A text is never HTML.

import LANGUAGES from "../src/digit_widget/texts.json" with { type: "json" };

/** @typedef {keyof typeof LANGUAGES.en} Key */

/** From this confidence on an answer is called so. @type {[from: number, key: Key][]} */
const SURENESS = [
  [0.99, "verySure"],
  [0.9, "sure"],
  [0.6, "fairlySure"],
  [0, "notSure"],
];

/**
 * Take the first language tag ("de-AT") that is spoken here.
 * @param {readonly string[]} tags  the best first
 * @returns {{ tag: string, language: keyof typeof LANGUAGES }}
 */
export function choose(tags) {
  for (const tag of tags) {
    const language = tag.split("-")[0].toLowerCase();
    if (Object.hasOwn(LANGUAGES, language)) {
      return { tag, language: /** @type {keyof typeof LANGUAGES} */ (language) };
    }
  }
  return { tag: "en", language: "en" };
}

/**
 * The languages that a person may want, the best first.
 * @param {string} locale  what Python asks for, "" for nothing
 * @param {string} page  the page's language; hosts call themselves English whoever reads them, so that says nothing
 * @param {readonly string[]} browser  the browser's languages
 */
export const wanted = (locale, page, browser) =>
  locale ? [locale] : [...(page && choose([page]).language !== "en" ? [page] : []), ...browser];

/**
 * Cut a text at its {placeholders}: what stands at the odd places is a placeholder's name.
 * @param {string} text
 */
export const cut = (text) => text.split(/\{(\w+)\}/);

/** @param {Intl.LocalesArgument} tag */
const percents = (tag) => new Intl.NumberFormat(tag, { style: "percent" });

/** How the widget speaks to one person. @param {readonly string[]} tags  the languages wanted, the best first */
export function createVoice(tags) {
  const { tag, language } = choose(tags);
  const texts = LANGUAGES[language];
  let percent = percents(language);
  try {
    percent = percents(tag);
  } catch {
    // The tag begins with a language and goes on with nonsense: the language will do.
  }

  /** @param {Key} key @param {Record<string, string>} [values]  by placeholder */
  const say = (key, values = {}) =>
    cut(texts[key])
      .map((part, index) => (index % 2 ? (values[part] ?? "") : part))
      .join("");

  const share = (/** @type {number} */ p) =>
    // Never "100 %" for what is only nearly certain.
    p < 1 && p > 0.99 ? `> ${percent.format(0.99)}` : percent.format(p);

  return {
    language,
    /** All of the languages are written from left to right, on a page that is not, too. */
    direction: "ltr",
    say,
    share,

    /** A text with its {placeholders}. */
    template: (/** @type {Key} */ key) => texts[key],

    /** How sure an answer is, in words. @param {{ prediction: number | null, confidence: number }} answer */
    words({ prediction, confidence }) {
      if (prediction === null) return say("unknown");
      const [, key] = /** @type {[number, Key]} */ (SURENESS.find(([from]) => confidence >= from));
      return say("words", { sureness: say(key), share: share(confidence) });
    },

    /** A label as it is read aloud: a keycap emoji is its digit, the thinking face no answer. */
    aloud(/** @type {string} */ label) {
      if (label === "🤔") return say("none");
      return label.replace(/([0-9#*])\uFE0F?\u20E3/gu, "$1");
    },
  };
}

/** @typedef {ReturnType<typeof createVoice>} Voice */
