// Feedback on a page of its own: asked as in a notebook, kept on the page, and saved to a file.
// A bundle of its own, which a page has only if its pad has feedback; page.py writes the style sheet into the page's.

import { textOf } from "../template.js";
import { button, createAsking, statusLine } from "./asking.js";
import HERE from "./here.json" with { type: "json" };

export { keep } from "./keeper.js";

/**
 * @param {Document} document
 * @param {Parameters<typeof createAsking>[1]} send
 * @param {Parameters<typeof createAsking>[2]} onSlow
 */
export function createFeedback(document, send, onSlow) {
  const asking = createAsking(document, send, onSlow, HERE.texts);
  const kept = document.createElement("div");
  kept.className = "dw-kept";
  const line = statusLine(document);
  const controls = document.createElement("div");
  kept.append(controls, line);
  const element = document.createElement("div");
  element.className = "dw-corrections";
  element.append(asking.element, kept);
  /** What is shown, as one text: buttons that are built again lose the focus. */
  let built = "";

  /** @param {import("./asking.js").View} view */
  function show(view) {
    asking.show(view);
    const { saved, voice } = view;
    const { count = 0, isFleeting = false, file = "", filed = 0, removed = 0 } = saved.kept ?? {};
    const key = JSON.stringify([voice.language, saved.kept]);
    if (key === built) return;
    built = key;
    const say = (/** @type {keyof typeof HERE.texts} */ key, /** @type {Record<string, string | number>} */ values) =>
      textOf(HERE, voice.language, key, values);
    const tell = (/** @type {"file" | "forget"} */ does) => send({ number: Math.max(saved.number + 1, Date.now()), does });
    const words = [
      filed && say("filed", { count: filed, file }),
      removed && say("removed", { count: removed }),
      isFleeting && filed < count && say("fleeting", {}),
    ];
    const hadFocus = controls.contains(document.activeElement);
    line.textContent = words.filter(Boolean).join(" ");
    controls.replaceChildren(
      ...(count ? [button(document, say("file", { count }), () => tell("file"))] : []),
      ...(filed ? [button(document, say("forget", { count: filed }), () => tell("forget"))] : []),
    );
    if (hadFocus) line.focus();
  }

  return {
    element,
    show,
    get isSlow() {
      return asking.isSlow;
    },
  };
}
