// Texts with {placeholders}, in several languages.

/** @typedef {{ languages: string[], texts: Record<string, string[]> }} Texts  each text in all languages */

/**
 * Split a text at its placeholders; every second part is the name of one.
 * @param {string} text
 */
export const cut = (text) => text.split(/\{(\w+)\}/);

/**
 * Put values in the places of the placeholders; nothing where there is none.
 * @param {string} text
 * @param {Record<string, unknown>} values
 */
export const fill = (text, values) =>
  cut(text)
    .map((part, index) => (index % 2 ? String(values[part] ?? "") : part))
    .join("");

/**
 * A text in one of its languages, with its placeholders.
 * @template {Texts} All @param {All} all @param {string} language @param {keyof All["texts"] & string} key
 */
export const templateOf = ({ languages, texts }, language, key) => texts[key][languages.indexOf(language)];

/**
 * A text in one of its languages.
 * @template {Texts} All @param {All} all @param {string} language @param {keyof All["texts"] & string} key
 * @param {Record<string, unknown>} [values]  by placeholder
 */
export const textOf = (all, language, key, values = {}) => fill(templateOf(all, language, key), values);
