// What the panel shows of several models: the answer of each, and whether they agree.

import { createMaker, flag, write, writeLabel } from "./elements.js";
import ALL from "./models.json" with { type: "json" };
import { textOf } from "./template.js";

/** @typedef {import("./panel.js").View} View */

/** @param {Document} document */
export function createModels(document) {
  const make = createMaker(document, "dw-");
  const agreement = make("p", "agreement");
  const list = make("ul", "list");
  const element = make("div", "models", agreement, list);
  /** @type {ReturnType<typeof createLine>[]} */
  const lines = [];

  function createLine() {
    const [name, label] = [make("span", "name"), make("span", "emoji")];
    const [words, mark] = [make("span", "words"), make("span", "mark")];
    const row = make("li", "model", name, label, words, mark);
    list.append(row);
    return { name, label, words, mark, row };
  }

  /** Whether the models that have answered agree, in words. @param {View} view */
  const verdict = ({ voice, isBlank, _rows = [], agree }) =>
    isBlank || _rows.filter(({ error }) => !error).length < 2
      ? ""
      : textOf(ALL, voice.language, agree ? "agree" : "disagree");

  return {
    element,
    verdict,

    /** What is said beside the large answer, which is the first model's. @param {View} view @param {string} words */
    headline({ voice, agree, prediction, confidence, _rows: [first] = [] }, words) {
      if (!first) return words;
      // It does not look sure when other models disagree.
      const said = agree || prediction === null ? words : voice.share(confidence);
      return textOf(ALL, voice.language, "whose", { name: first.name, words: said });
    },

    /** @param {View} view */
    show(view) {
      const { voice, _rows = [], _met, isBlank, state } = view;
      list.ariaLabel = textOf(ALL, voice.language, "models");
      write(agreement, verdict(view));
      _rows.forEach((row, index) => {
        const line = (lines[index] ??= createLine());
        write(line.name, row.name);
        writeLabel(line.label, row.result, voice);
        const isNothing = isBlank || (row.prediction === null && state !== "current");
        const met = (isBlank && _met[index]) || "";
        write(line.words, row.error || (isNothing ? met : voice.words(row, view.labels)));
        flag(line.words, "met", Boolean(met));
        line.words.title = met;
        write(line.mark, row.differs ? textOf(ALL, voice.language, "differs") : "");
        flag(line.row, "differs", row.differs);
      });
    },
  };
}
