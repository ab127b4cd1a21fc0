// Python's part of the feedback, where there is no Python: keeps on the page what asking.js sends, as correction.py saves
// it, and writes it to a file that `Feedback.add_file` reads.

import PAD from "../../src/digit_widget/pad.json" with { type: "json" };
import { isSame } from "./asking.js";
import { createStore } from "./store.js";

/**
 * What a page has of what was said.
 * @typedef {object} Kept
 * @property {number} count
 * @property {boolean} isFleeting  whether some of it is lost when the page is closed
 * @property {string} file  the name of the file that was saved last, "" before the first
 * @property {number} filed  how many records are in it and have not changed since
 * @property {number} [removed]  how many were removed last, until something else is done
 *
 * What Python tells a page (page.py).
 * @typedef {object} About
 * @property {string} model  what answers, by name
 * @property {string} weights  their SHA-256
 *
 * @typedef {Record<string, any>} Line  as `to_line` in record.py returns it, with the picture
 */

/** The version of the lines, and how they write "none of the classes": see record.py. */
const [SCHEMA, NONE] = [1, -1];
const LONGEST_COMMENT = 2000;

/** Eight digits by chance. */
const chance = () => crypto.getRandomValues(new Uint32Array(1))[0].toString(16).padStart(8, "0");

/** A time as the names of records begin with: 20261126T123015. @param {string} time  ISO 8601, in UTC */
const stamp = (time) => time.replace(/[^\dT]/g, "");

/**
 * What the file is called: after the title, or after the page's own file.
 * @param {string | null} title
 * @param {string} path  of the page
 */
export function fileName(title, path) {
  const own = /([^/]+)\.x?html?$/i.exec(path)?.[1] ?? "";
  let name = title ?? own;
  try {
    name = title ?? decodeURIComponent(own);
  } catch {
    // It is no valid address, and will do as it is.
  }
  const plain = name.replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return `${[...plain.toLowerCase()].slice(0, 60).join("") || "digits"}-feedback.jsonl`;
}

/**
 * Keep what is said on a page from now on: it comes as the model's `_correction`, and what came of it goes to `_saved`.
 * @param {any} model  as anywidget has it
 * @param {object} options
 * @param {string | null} options.title
 * @param {About} options.about
 * @param {Document} options.document
 * @param {Pick<Window, "localStorage" | "addEventListener" | "location">} options.window
 */
export function keep(model, { title, about, document, window }) {
  const which = JSON.stringify([title, model.get("prompt"), model.get("labels")]); // other pages may be beside it
  const store = createStore(() => window.localStorage, `digit-widget ${which} `);
  const session = `${stamp(new Date().toISOString()).slice(0, 15)}-${chance()}`;
  const file = fileName(title, window.location.pathname);
  /** What was said last. @type {{ of: import("./asking.js").Of, line: Line } | null} */
  let last = null;
  /** What is in the file that was saved last, by id. @type {Map<string, string>} */
  let filed = new Map();
  let url = "";
  /** @type {Partial<import("./asking.js").Saved>} */
  let told = { number: 0, consented: false, taught: [] };

  /** @param {number | null} target */
  function spoken(target) {
    const name = (/** @type {number | null} */ index) => (index === null ? PAD.no_answer : model.get("labels")[index]);
    return { label: name(target), target: target ?? NONE };
  }

  /** @param {number | null} target @returns {Line} */
  function record(target) {
    const time = new Date().toISOString();
    const { strokes = [], background = "", picture = "" } = model.get("_drawing");
    const [size, predict_on, panel] = ["size", "predict_on", "panel"].map(model.get);
    return {
      ...spoken(target),
      result: model.get("result"),
      prediction: model.get("prediction") ?? NONE,
      confidence: model.get("confidence"),
      probabilities: model.get("probabilities"),
      labels: model.get("labels"),
      comment: "",
      model: about.model,
      weights: about.weights,
      locale: model.get("locale"),
      time,
      session,
      id: `${stamp(time)}000-${chance()}`,
      strokes: JSON.stringify(strokes),
      settings: JSON.stringify({ predict_on, size, panel }),
      schema: SCHEMA,
      png: picture || background,
    };
  }

  /** @param {Line} line */
  function put(line) {
    store.put(line.id, JSON.stringify(line));
    told.state = "saved";
  }

  /** @param {import("./asking.js").Message & import("./asking.js").Of} message */
  function act({ does, answered, drawn, result, target = null, comment = "" }) {
    if (does === "say") {
      const of = { answered, drawn, result };
      const line = last && isSame(last.of, of) ? { ...last.line, ...spoken(target) } : record(target);
      last = { of, line };
      told = { ...told, of, label: target === null ? "" : line.label };
      put(line);
    } else if (does === "comment" && last) {
      last.line = { ...last.line, comment: comment.slice(0, LONGEST_COMMENT) };
      put(last.line);
    } else if (does === "undo") {
      if (last) store.drop(last.line.id);
      last = null;
      told.state = "undone";
    } else if (does === "file") {
      filed = store.all();
      save([...filed.values()]);
    }
  }

  /** Have the browser save a file. @param {string[]} lines */
  function save(lines) {
    URL.revokeObjectURL(url); // of the file before, which is saved by now
    url = URL.createObjectURL(new Blob(lines.map((line) => `${line}\n`), { type: "application/x-ndjson" }));
    const link = document.createElement("a");
    [link.href, link.download] = [url, file];
    link.click();
  }

  /** Those of the filed records that are as they were filed. */
  function unchanged() {
    const now = store.all();
    return [...filed.keys()].filter((id) => now.get(id) === filed.get(id));
  }

  /** Remove from the page what is in the file, as it is there; returns how many records that were. */
  function forget() {
    const ids = unchanged();
    for (const id of ids) store.drop(id);
    if (last && ids.includes(last.line.id)) {
      last = null;
      delete told.state;
    }
    filed = new Map();
    return ids.length;
  }

  function tell(removed = 0) {
    const kept = {
      count: store.all().size,
      isFleeting: store.isFleeting,
      file: filed.size ? file : "",
      filed: unchanged().length,
      removed,
    };
    model.set("_saved", { ...told, kept });
  }

  model.on("change:_correction", () => {
    const message = model.get("_correction");
    told = { ...told, number: message.number, consented: told.consented || message.consents === true };
    if (message.does === "forget") return tell(forget());
    act(message);
    tell();
  });
  window.addEventListener("beforeunload", (event) => {
    if (store.isFleeting && unchanged().length < store.all().size) event.preventDefault();
  });
  tell();
}
