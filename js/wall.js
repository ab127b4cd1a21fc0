// The wall of feedback: drawings with what was answered and what it was, a page at a time. Python finds and counts.

import PAD from "../src/digit_widget/pad.json" with { type: "json" };
import { createMaker } from "./elements.js";
import { textOf } from "./template.js";
import { voiceOn } from "./texts.js";
import { listen } from "./traits.js";
import ALL_TEXTS from "./wall.json" with { type: "json" };

/**
 * @typedef {object} Asked  which drawings are wanted; "" and 0 narrow nothing
 * @property {number} number  grows with each question
 * @property {string} label  what it was
 * @property {string} result  what was answered
 * @property {"" | "right" | "wrong"} which
 * @property {string} model
 * @property {number} hours  only the last so many
 * @property {number} page
 */

/**
 * A record to be relabelled or dropped.
 * @typedef {object} Edit
 * @property {string} key  no other edit's
 * @property {"relabel" | "drop"} does
 * @property {string} id  the record's
 * @property {number | null} [target]  the class that it was; null for none of them
 */

/**
 * @typedef {object} Item
 * @property {string} id
 * @property {string} picture  a data URL, or ""
 * @property {string} result
 * @property {number} confidence
 * @property {string} label
 * @property {number | null} target
 * @property {string[]} labels
 * @property {boolean} isRight
 * @property {string} comment
 * @property {string} model
 * @property {string} time
 */

/**
 * @typedef {object} Shown
 * @property {number} number  of the question that it answers
 * @property {Item[]} items
 * @property {number} found  how many drawings are as wanted
 * @property {number} right  how many of these were answered rightly
 * @property {number} all
 * @property {number} page
 * @property {number} pages
 * @property {string[]} labels
 * @property {string[]} results
 * @property {string[]} models
 * @property {[label: string, result: string, count: number][]} confusion
 * @property {string[]} done  the keys of the edits that came last, which are done or refused
 * @property {string} error
 */

/** @typedef {{ _asked: Partial<Asked>, _edited: { edits?: Edit[] }, _shown: Shown }} Traits */

/** @type {Asked} */
const EVERYTHING = { number: 0, label: "", result: "", which: "", model: "", hours: 0, page: 0 };

/** @type {import("@anywidget/types").Render<Traits>} */
function render({ model, el }) {
  const life = new AbortController();
  const { signal } = life;
  const document = el.ownerDocument;
  const voice = voiceOn(document)("");
  /** @type {string | null} */
  let chosen = null;
  /** What Python has not said to be done: sent again with the next, for hosts send only the last while it is busy. */
  /** @type {Edit[]} */
  let edits = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let patience;

  /** A text with its {placeholders}. @param {keyof typeof ALL_TEXTS.texts} key @param {Record<string, unknown>} [values] */
  const say = (key, values = {}) => textOf(ALL_TEXTS, voice.language, key, values);

  /** @param {string} label */
  const named = (label) => (label === PAD.no_answer ? say("none") : label);

  const make = createMaker(document, "dw-wall-");

  /** @param {string} key  tells it from all others, so that it keeps the focus @param {string} text @param {() => void} act */
  const button = (key, text, act) => {
    const made = make("button", "", text);
    made.type = "button";
    made.dataset.key = key;
    made.addEventListener("click", act);
    return made;
  };

  const asked = () => ({ ...EVERYTHING, ...model.get("_asked") });
  /** @param {Partial<Asked>} news */
  function ask(news) {
    const now = asked();
    model.set("_asked", { ...now, page: 0, ...news, number: now.number + 1 });
    model.save_changes();
    wait();
  }

  /** @param {Omit<Edit, "key">} change */
  function edit(change) {
    edits = [...edits, { ...change, key: `${Date.now()}-${Math.random()}` }];
    model.set("_edited", { edits });
    model.save_changes();
    wait();
    chosen = null;
    details.replaceChildren();
    focusOn(`tile ${change.id}`);
  }

  /** Say that Python is slow, when it is. */
  function wait() {
    clearTimeout(patience);
    patience = setTimeout(() => (problem.textContent = say("slow")), PAD.slow_ms);
  }

  /** @param {string} key */
  const find = (key) => /** @type {HTMLElement | null} */ (element.querySelector(`[data-key="${CSS.escape(key)}"]`));

  /** @param {string} key */
  const focusOn = (key) => (find(key) ?? count).focus({ preventScroll: true });

  /**
   * @param {string} text
   * @param {keyof Asked} name
   * @param {(shown: Shown) => [value: string | number, text: string][]} choices
   */
  function filter(text, name, choices) {
    const select = make("select", "");
    select.addEventListener("change", () =>
      ask({ [name]: typeof EVERYTHING[name] === "number" ? Number(select.value) : select.value }),
    );
    const show = (/** @type {Shown} */ shown) => {
      const options = choices(shown).map(([value, words]) => new Option(words, String(value)));
      select.replaceChildren(...options);
      select.value = String(asked()[name]);
    };
    return { element: make("label", "filter", text, select), show };
  }

  const every = (/** @type {string[]} */ values) =>
    /** @type {[string, string][]} */ ([["", say("all")], ...values.map((value) => [value, named(value)])]);
  const filters = [
    filter(say("was"), "label", ({ labels }) => every(labels)),
    filter(say("answered"), "result", ({ results }) => every(results)),
    filter(say("answer"), "which", () => [["", say("all")], ["wrong", say("wrong")], ["right", say("right")]]),
    filter(say("model"), "model", ({ models }) => every(models)),
    filter(say("time"), "hours", () => [[0, say("all")], [1, say("hour")], [24, say("day")], [168, say("week")]]),
  ];
  const count = make("p", "count");
  count.role = "status";
  count.tabIndex = -1; // takes the focus where what had it is gone
  const problem = make("p", "problem");
  problem.role = "alert";
  const grid = make("ul", "grid");
  const details = make("div", "details");
  const pager = make("div", "pager");
  const table = make("div", "scroll");
  const confusion = make("details", "", make("summary", "", say("confusions")), table);
  const element = make(
    "div",
    "",
    make("div", "filters", ...filters.map((one) => one.element), button("refresh", say("refresh"), () => ask({}))),
    count,
    problem,
    grid,
    pager,
    details,
    confusion,
  );
  element.className = "digit-widget-wall";
  element.lang = voice.language;

  /** @param {Item} item */
  function tile(item) {
    const picture = make("img", "");
    picture.src = item.picture;
    picture.alt = "";
    const words = item.isRight ? item.label : `${item.result} → ${item.label}`;
    const made = button(`tile ${item.id}`, "", () => {
      chosen = chosen === item.id ? null : item.id;
      show();
      details.querySelector("button")?.focus();
    });
    made.append(picture, make("span", "", words));
    made.ariaLabel = say("tile", { result: named(item.result), label: named(item.label) });
    made.ariaPressed = String(item.id === chosen);
    made.dataset.right = String(item.isRight);
    return make("li", "", made);
  }

  /** @param {Item} item */
  function detail(item) {
    const picture = make("img", "");
    picture.src = item.picture;
    picture.alt = say("drawing");
    const { confidence, model } = item;
    const values = { result: named(item.result), share: voice.share(confidence), model, label: named(item.label) };
    const said = [
      say("details", values),
      new Date(item.time).toLocaleString(voice.language),
      item.comment,
    ].filter(Boolean);
    const labels = item.labels.map((label, target) => {
      const made = button(`target ${target}`, label, () => edit({ does: "relabel", id: item.id, target }));
      made.ariaPressed = String(target === item.target);
      return made;
    });
    const none = button("target", named(PAD.no_answer), () => edit({ does: "relabel", id: item.id, target: null }));
    none.ariaPressed = String(item.target === null);
    return [
      picture,
      make(
        "div",
        "",
        ...said.map((text) => make("p", "", text)),
        make("div", "choice", `${say("was")}: `, ...labels, none),
        make("div", "choice", button("remove", say("remove"), () => edit({ does: "drop", id: item.id }))),
      ),
    ];
  }

  /** @param {Shown} shown */
  function matrix({ confusion: cells }) {
    const order = (/** @type {string[]} */ known, /** @type {0 | 1} */ side) =>
      known.filter((value) => cells.some((cell) => cell[side] === value));
    const { labels, results } = model.get("_shown");
    const [rows, columns] = [order(labels, 0), order(results, 1)];
    const counts = new Map(cells.map(([label, result, number]) => [`${label}\n${result}`, number]));
    const most = Math.max(1, ...cells.map(([, , number]) => number));
    const head = (/** @type {string} */ label, /** @type {string} */ scope) => {
      const cell = make("th", "", named(label));
      cell.scope = scope;
      return cell;
    };
    const corner = make("th", "", say("corner"));
    const body = rows.map((label) =>
      make(
        "tr",
        "",
        head(label, "row"),
        ...columns.map((result) => {
          const number = counts.get(`${label}\n${result}`) ?? 0;
          const cell = make("td", "", number ? button(`cell ${label} ${result}`, String(number), () => ask({ label, result })) : "");
          cell.style.setProperty("--dw-share", String(number / most));
          cell.dataset.right = String(label === result);
          return cell;
        }),
      ),
    );
    return make("table", "", make("tr", "", corner, ...columns.map((label) => head(label, "col"))), ...body);
  }

  function show() {
    const shown = model.get("_shown");
    const root = /** @type {Document | ShadowRoot} */ (element.getRootNode());
    const focused = element.contains(root.activeElement) && root.activeElement;
    const key = focused && /** @type {HTMLElement} */ (focused).dataset.key;
    for (const one of filters) one.show(shown);
    const parts = [shown.all ? say("count", shown) : say("empty")];
    if (shown.found) parts.push(say("share", { share: voice.share(shown.right / shown.found) }));
    count.textContent = parts.join(" ");
    grid.replaceChildren(...shown.items.map(tile));
    const item = shown.items.find(({ id }) => id === chosen);
    details.replaceChildren(...(item ? detail(item) : []));
    const back = button("newer", "←", () => ask({ page: shown.page - 1 }));
    back.ariaLabel = say("newer");
    back.disabled = shown.page === 0;
    const on = button("older", "→", () => ask({ page: shown.page + 1 }));
    on.ariaLabel = say("older");
    on.disabled = shown.page >= shown.pages - 1;
    pager.hidden = shown.pages < 2;
    pager.replaceChildren(back, `${shown.page + 1} / ${shown.pages}`, on);
    table.replaceChildren(matrix(shown));
    confusion.hidden = !shown.found;
    if (key) focusOn(key);
  }

  listen(
    model,
    ["_shown"],
    () => {
      const { done, number, error } = model.get("_shown");
      edits = edits.filter((one) => !done.includes(one.key));
      if (!edits.length && number >= asked().number) {
        clearTimeout(patience);
        problem.textContent = error;
      }
      show();
    },
    signal,
  );
  problem.textContent = model.get("_shown").error;
  show();
  el.append(element);
  return () => {
    life.abort();
    clearTimeout(patience);
    element.remove();
  };
}

export default { render };
