// The anywidget entry: connects a pad, a panel and an exchange to the widget's model, and does nothing else.

import { createExchange } from "./exchange.js";
import { isBlank } from "./history.js";
import { createKeys } from "./keys.js";
import { createPad } from "./pad.js";
import { createPanel } from "./panel.js";
import { pictureOf } from "./paste.js";
import { createVoice, wanted } from "./texts.js";

/**
 * The synced traits; widget.py says what they mean.
 * @typedef {object} Traits
 * @property {string} image
 * @property {import("./history.js").Stroke[]} strokes
 * @property {"stroke" | "move" | "button"} predict_on
 * @property {string[]} labels
 * @property {number} size
 * @property {string} locale
 * @property {string} result
 * @property {number | null} prediction
 * @property {number} confidence
 * @property {number[]} probabilities
 * @property {string} error
 * @property {string} _background
 * @property {string} _seen
 * @property {number} _drawn
 * @property {object} _memory
 * @property {string} _kept_as
 * @property {number} _question
 * @property {number} _answered
 * @property {boolean} _unasked
 * @property {boolean} explaining
 * @property {Why} _why
 * @property {boolean} [agree]  of a comparison
 * @property {import("./panel.js").Row[]} [_rows]  of a comparison
 */

/** @typedef {Partial<import("./panel.js").Reasons & { answered: number, error: string }>} Why */

/** What of the traits the panel shows. @type {(keyof Traits)[]} */
const SHOWN = [
  "predict_on",
  "labels",
  "size",
  "locale",
  "result",
  "prediction",
  "confidence",
  "probabilities",
  "error",
  "explaining",
  "agree",
  "_seen",
  "_why",
  "_rows",
];

/** @type {import("@anywidget/types").Render<Traits>} */
function render({ model, el }) {
  const life = new AbortController();
  let isSending = false; // what this view sets comes back to it as a change
  let mustRepeat = false;
  let drawn = model.get("_drawn"); // how often the drawing came from a view: Python's own leave it as it is

  const panel = createPanel(el.ownerDocument, {
    undo: () => pad.undo(),
    redo: () => pad.redo(),
    clear: () => pad.clear(),
    predict: () => exchange.request(),
    why() {
      model.set("explaining", !model.get("explaining"));
      model.save_changes();
    },
    resize(size) {
      model.set("size", size);
      model.save_changes();
    },
  });

  const pad = createPad(panel.canvas, {
    signal: life.signal,
    onChange(still) {
      const when = model.get("predict_on");
      const waits = when === "button" && !isBlank(pad.drawing);
      if (waits && still) send(); // kept in the traits all the same
      if (waits || (when !== "move" && !still)) exchange.mark(true);
      else exchange.request();
    },
    onDrop() {
      if (model.get("predict_on") === "move") exchange.request();
      else exchange.mark(model.get("_unasked"));
    },
  });

  const keys = createKeys(panel.element, {
    canvas: panel.canvas,
    pad,
    ask() {
      // A pen that was just lifted for it may have asked.
      if (!isBlank(pad.drawing) && exchange.state !== "waiting") exchange.request();
    },
    onChange: refresh,
    signal: life.signal,
  });

  const exchange = createExchange({
    ask: (question) => send(question),
    onChange: refresh,
    asked: model.get("_question"),
    answered: model.get("_answered"),
  });

  /** Bring the drawing to Python, with a question or without. @param {number} [question] */
  function send(question) {
    const { background, strokes } = pad.drawing;
    isSending = true;
    if (mustRepeat) {
      // Hosts send only what changed on the page; Python has taken an older drawing since, and needs all of this one.
      model.set("image", "again");
      model.set("strokes", [[]]);
      model.set("_background", "again");
      mustRepeat = false;
    }
    model.set("image", pad.picture());
    model.set("strokes", strokes);
    model.set("_background", background);
    drawn = model.get("_drawn") + 1;
    model.set("_drawn", drawn);
    const memory = pad.remember();
    if (memory) model.set("_memory", memory);
    if (question !== undefined) model.set("_question", question);
    model.save_changes();
    isSending = false;
  }

  /** Python evens a picture out, draws it on the pad and answers it. @param {DataTransfer | null} data */
  async function take(data) {
    const picture = await pictureOf(el.ownerDocument, data);
    if (!picture || life.signal.aborted) return;
    model.set("image", picture);
    model.save_changes();
  }
  const { signal } = life;
  panel.canvas.addEventListener("paste", (event) => take(event.clipboardData), { signal });
  panel.canvas.addEventListener("dragover", (event) => event.preventDefault(), { signal });
  panel.canvas.addEventListener(
    "drop",
    (event) => {
      event.preventDefault(); // the browser would go to the picture instead
      take(event.dataTransfer);
    },
    { signal },
  );

  const drawing = () => ({ background: model.get("_background"), strokes: model.get("strokes") });

  /** @type {{ locale: string, voice: import("./texts.js").Voice } | undefined} */
  let spoken;
  function voice() {
    const locale = model.get("locale");
    if (spoken?.locale !== locale) {
      const { documentElement, defaultView } = el.ownerDocument;
      const browser = defaultView?.navigator.languages ?? [];
      spoken = { locale, voice: createVoice(wanted(locale, documentElement.lang, browser)) };
    }
    return spoken.voice;
  }

  function cursor() {
    if (!keys.cursor) return null;
    const { x, y, isDown } = keys.cursor;
    return { x: x / pad.side, y: y / pad.side, isDown };
  }

  // So ipywidgets marks the view of a model that came out of a file, with no Python behind it.
  const isAlone = () => el.classList.contains("jupyter-widgets-disconnected");
  const marks = new MutationObserver(refresh);
  marks.observe(el, { attributeFilter: ["class"] });

  let isRefreshing = false;
  /** Show what the traits say now, once for all that change together. */
  function refresh() {
    if (isRefreshing) return;
    isRefreshing = true;
    queueMicrotask(() => {
      isRefreshing = false;
      if (life.signal.aborted) return;
      const why = model.get("_why");
      pad.resize(model.get("size"));
      panel.show({
        voice: voice(),
        size: model.get("size"),
        state: exchange.state,
        isAlone: isAlone(),
        isBlank: isBlank(pad.drawing),
        isDrawing: pad.isDrawing,
        cursor: cursor(),
        canUndo: pad.canUndo,
        canRedo: pad.canRedo,
        hasButton: model.get("predict_on") === "button",
        result: model.get("result"),
        prediction: model.get("prediction"),
        confidence: model.get("confidence"),
        probabilities: model.get("probabilities"),
        labels: model.get("labels"),
        seen: model.get("_seen"),
        error: model.get("error"),
        isExplaining: model.get("explaining"),
        reasons: model.get("explaining") && exchange.isOf(why.answered) ? why : {},
        refusal: why.error ?? "",
        rows: model.get("_rows") ?? [],
        agree: model.get("agree") ?? true,
      });
    });
  }

  /** @param {keyof Traits} name @param {() => void} react */
  function on(name, react) {
    model.on(`change:${name}`, react);
    life.signal.addEventListener("abort", () => model.off(`change:${name}`, react));
  }

  for (const name of SHOWN) on(name, refresh);
  let isFollowing = false;
  /** Show what another view or Python drew, once for all the traits of a drawing. */
  function follow() {
    if (isSending || isFollowing) return;
    isFollowing = true;
    queueMicrotask(() => {
      isFollowing = false;
      if (life.signal.aborted) return;
      pad.follow(drawing());
      const isPythons = drawn === model.get("_drawn");
      drawn = model.get("_drawn");
      // A question that was under way when Python drew is about another drawing, and its answer will be too.
      if (isPythons && exchange.isAsking) {
        mustRepeat = true;
        exchange.request();
      } else exchange.mark(model.get("_unasked"));
      refresh();
    });
  }
  for (const name of /** @type {const} */ (["strokes", "_background"])) on(name, follow);
  on("_question", () => {
    if (!isSending) exchange.follow(model.get("_question"));
  });
  on("_unasked", () => exchange.mark(model.get("_unasked")));
  on("_answered", () => exchange.settle(model.get("_answered")));

  // While this view is there, what the notebook keeps for readers without Python (keepsake.py) is not needed.
  const hiding = el.ownerDocument.createElement("style");
  const kept = `.digit-widget-${CSS.escape(model.get("_kept_as"))}`;
  hiding.textContent = `:is(${kept}, .jp-OutputArea-child:has(${kept})) { display: none }`;

  pad.restore(drawing(), model.get("_memory"));
  exchange.mark(model.get("_unasked"));
  refresh();
  el.append(panel.element, hiding);

  return () => {
    life.abort();
    marks.disconnect();
    exchange.close();
    panel.element.remove();
    hiding.remove();
  };
}

export default { render };
