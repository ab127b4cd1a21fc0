// The wall of feedback: drawings with what was answered and what it was, a page at a time. Python finds and counts.

import { listen } from "./traits.js";

/**
 * @typedef {object} Asked  which drawings are wanted; "" and 0 narrow nothing
 * @property {number} number
 * @property {string} label  what it was
 * @property {string} result  what was answered
 * @property {"" | "right" | "wrong"} which
 * @property {string} model
 * @property {number} hours  only the last so many
 * @property {number} page
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
 * @property {string} error
 */

/** @typedef {{ _asked: Partial<Asked>, _edited: object, _shown: Shown }} Traits */

const NONE = "🤔";
/** @type {Asked} */
const ALL = { number: 0, label: "", result: "", which: "", model: "", hours: 0, page: 0 };

/** @param {string} label */
const named = (label) => (label === NONE ? "none of these" : label);

/** @type {import("@anywidget/types").Render<Traits>} */
function render({ model, el }) {
  const life = new AbortController();
  const { signal } = life;
  const document = el.ownerDocument;
  /** @type {string | null} */
  let chosen = null;

  /**
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {string} name
   * @param {(Node | string)[]} children
   */
  const make = (tag, name, ...children) => {
    const element = document.createElement(tag);
    if (name) element.className = `dw-wall-${name}`;
    element.append(...children);
    return element;
  };

  /** @param {string} text @param {() => void} act */
  const button = (text, act) => {
    const made = make("button", "", text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  };

  const asked = () => ({ ...ALL, ...model.get("_asked") });
  /** @param {Partial<Asked>} news */
  function ask(news) {
    const now = asked();
    model.set("_asked", { ...now, page: 0, ...news, number: now.number + 1 });
    model.save_changes();
  }

  /** @param {object} change */
  function edit(change) {
    model.set("_edited", { ...change, number: Date.now() });
    model.save_changes();
    chosen = null;
  }

  /**
   * @param {string} text
   * @param {keyof Asked} name
   * @param {(shown: Shown) => [value: string | number, text: string][]} choices
   */
  function filter(text, name, choices) {
    const select = make("select", "");
    select.addEventListener("change", () =>
      ask({ [name]: typeof ALL[name] === "number" ? Number(select.value) : select.value }),
    );
    const show = (/** @type {Shown} */ shown) => {
      const options = choices(shown).map(([value, words]) => new Option(words, String(value)));
      select.replaceChildren(...options);
      select.value = String(asked()[name]);
    };
    return { element: make("label", "filter", text, select), show };
  }

  const every = (/** @type {string[]} */ values) =>
    /** @type {[string, string][]} */ ([["", "all"], ...values.map((value) => [value, named(value)])]);
  const filters = [
    filter("It was", "label", ({ labels }) => every(labels)),
    filter("Answered", "result", ({ results }) => every(results)),
    filter("Answer", "which", () => [["", "all"], ["wrong", "wrong"], ["right", "right"]]),
    filter("Model", "model", ({ models }) => every(models)),
    filter("Time", "hours", () => [[0, "all"], [1, "last hour"], [24, "last day"], [168, "last week"]]),
  ];
  const count = make("p", "count");
  count.role = "status";
  const grid = make("ul", "grid");
  const details = make("div", "details");
  const pager = make("div", "pager");
  const table = make("div", "scroll");
  const confusion = make("details", "", make("summary", "", "Confusions"), table);
  const element = make(
    "div",
    "",
    make("div", "filters", ...filters.map((one) => one.element), button("Refresh", () => ask({}))),
    count,
    grid,
    pager,
    details,
    confusion,
  );
  element.className = "digit-widget-wall";

  /** @param {Item} item */
  function tile(item) {
    const picture = make("img", "");
    picture.src = item.picture;
    picture.alt = "";
    const words = item.isRight ? item.label : `${item.result} → ${item.label}`;
    const made = button("", () => {
      chosen = chosen === item.id ? null : item.id;
      show();
      details.querySelector("button")?.focus();
    });
    made.append(picture, make("span", "", words));
    made.ariaLabel = `Answered ${named(item.result)}, was ${named(item.label)}`;
    made.ariaPressed = String(item.id === chosen);
    made.dataset.right = String(item.isRight);
    return make("li", "", made);
  }

  /** @param {Item} item */
  function detail(item) {
    const picture = make("img", "");
    picture.src = item.picture;
    picture.alt = "The drawing";
    const said = [
      `Answered ${named(item.result)} (${Math.round(100 * item.confidence)} %) by ${item.model}, was ${named(item.label)}.`,
      new Date(item.time).toLocaleString(),
      item.comment,
    ].filter(Boolean);
    const labels = item.labels.map((label, target) => {
      const made = button(label, () => edit({ does: "relabel", id: item.id, target }));
      made.ariaPressed = String(target === item.target);
      return made;
    });
    const none = button("None of these", () => edit({ does: "relabel", id: item.id, target: null }));
    none.ariaPressed = String(item.target === null);
    return [
      picture,
      make(
        "div",
        "",
        ...said.map((text) => make("p", "", text)),
        make("div", "choice", "It was: ", ...labels, none),
        make("div", "choice", button("Remove", () => edit({ does: "drop", id: item.id }))),
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
    const corner = make("th", "", "was ↓  answered →");
    const body = rows.map((label) =>
      make(
        "tr",
        "",
        head(label, "row"),
        ...columns.map((result) => {
          const number = counts.get(`${label}\n${result}`) ?? 0;
          const cell = make("td", "", number ? button(String(number), () => ask({ label, result })) : "");
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
    for (const one of filters) one.show(shown);
    const share = shown.found ? ` ${Math.round((100 * shown.right) / shown.found)} % were answered rightly.` : "";
    count.textContent =
      shown.error || (shown.all ? `${shown.found} of ${shown.all} drawings.${share}` : "Nobody has said anything yet.");
    grid.replaceChildren(...shown.items.map(tile));
    const item = shown.items.find(({ id }) => id === chosen);
    details.replaceChildren(...(item ? detail(item) : []));
    const back = button("←", () => ask({ page: shown.page - 1 }));
    back.ariaLabel = "Newer";
    back.disabled = shown.page === 0;
    const on = button("→", () => ask({ page: shown.page + 1 }));
    on.ariaLabel = "Older";
    on.disabled = shown.page >= shown.pages - 1;
    pager.hidden = shown.pages < 2;
    pager.replaceChildren(back, `${shown.page + 1} / ${shown.pages}`, on);
    table.replaceChildren(matrix(shown));
    confusion.hidden = !shown.found;
  }

  listen(model, ["_shown"], show, signal);
  show();
  el.append(element);
  return () => {
    life.abort();
    element.remove();
  };
}

export default { render };
