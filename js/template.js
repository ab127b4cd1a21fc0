// Texts with {placeholders}.

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
