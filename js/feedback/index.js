// Feedback in a notebook: asked below the panel, and sent to Python.
// A bundle of its own, which a pad has only if it has feedback.

import { createAsking } from "./asking.js";
import CSS from "./feedback.css";

/**
 * @param {Document} document
 * @param {Parameters<typeof createAsking>[1]} send
 * @param {Parameters<typeof createAsking>[2]} onSlow
 */
export function createFeedback(document, send, onSlow) {
  const asking = createAsking(document, send, onSlow);
  const style = document.createElement("style");
  style.textContent = CSS;
  asking.element.prepend(style);
  return asking;
}
