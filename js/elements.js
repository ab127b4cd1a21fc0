// Making elements of the page, and writing into them.

/**
 * What makes elements.
 * @param {Document} document
 * @param {string} prefix  what their classes begin with
 */
export const createMaker =
  (document, prefix) =>
  /**
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {string} name  "" for no class
   * @param {(Node | string)[]} children
   */
  (tag, name, ...children) => {
    const element = document.createElement(tag);
    if (name) element.className = prefix + name;
    element.append(...children);
    return element;
  };

/** @param {HTMLElement} target @param {string} text */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text; // if set again, it would be read out again
}

/**
 * Write a label, usually an emoji, with the text that screen readers read for it.
 * @param {HTMLElement} target
 * @param {string} label
 * @param {import("./texts.js").Voice} voice
 */
export function writeLabel(target, label, voice) {
  write(target, label);
  const aloud = voice.aloud(label);
  const isText = aloud === label;
  target.role = isText ? null : "img";
  target.ariaLabel = isText ? null : aloud;
}

/**
 * Set a data attribute for the style sheet.
 * @param {HTMLElement} target
 * @param {string} name
 * @param {boolean} isOn
 */
export const flag = (target, name, isOn) => (target.dataset[name] = String(isOn));
