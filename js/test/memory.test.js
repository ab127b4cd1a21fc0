import assert from "node:assert/strict";
import { test } from "node:test";

import { BLANK, createHistory } from "../history.js";
import { unpack } from "../memory.js";

/** @typedef {import("../history.js").Drawing} Drawing */

/** A stroke like no other. @returns {import("../history.js").Stroke} */
const stroke = (/** @type {number} */ n, length = 2) => Array.from({ length }, (_, i) => [n, i, i, 0.5]);

/** A drawing of these strokes. @returns {Drawing} */
const drawing = (/** @type {number[]} */ numbers, background = "") => ({
  background,
  strokes: numbers.map((n) => stroke(n)),
});

/** All that can be undone, the newest first. @param {ReturnType<typeof createHistory>} history */
function undone(history) {
  const found = [];
  while (history.canUndo) {
    history.undo();
    found.push(history.now.strokes.map(([[n]]) => n));
  }
  return found;
}

/** What another page gets: a drawing and a memory, as JSON takes them there. */
function reloaded(/** @type {Drawing} */ now, /** @type {unknown} */ memory) {
  const history = createHistory();
  history.restore(JSON.parse(JSON.stringify(now)), JSON.parse(JSON.stringify(memory)));
  return history;
}

test("strokes alone need no memory", () => {
  const history = createHistory();
  history.push(drawing([1]));
  history.push(drawing([1, 2]));
  assert.equal(history.toSave(), null);
  assert.deepEqual(undone(reloaded(history.now, {})), [[1], []]);
});

test("what was cleared comes back after a reload, and what was drawn since is taken back stroke by stroke", () => {
  const history = createHistory();
  history.push(drawing([1]));
  history.push(drawing([1, 2]));
  history.push(BLANK);
  const memory = history.toSave();
  assert.equal(history.toSave(), null, "it is saved once");
  history.push(drawing([3]));
  history.push(drawing([3, 4]));
  assert.equal(history.toSave(), null);
  assert.deepEqual(undone(reloaded(history.now, memory)), [[3], [], [1, 2], [1], []]);
});

test("what was undone can be redone after a reload, until something is drawn", () => {
  const history = createHistory();
  history.push(drawing([1]));
  history.push(drawing([1, 2]));
  history.undo();
  const memory = history.toSave();
  const page = reloaded(history.now, memory);
  page.redo();
  assert.deepEqual(page.now, drawing([1, 2]));
  assert.equal(reloaded(drawing([1, 3]), memory).canRedo, false);
});

test("what Python drew meanwhile is one step more", () => {
  const history = createHistory();
  history.push(drawing([1]));
  history.push(BLANK);
  const memory = history.toSave();
  assert.deepEqual(undone(reloaded(drawing([], "data:image/png;base64,"), memory)), [[], [1], []]);
  history.push(drawing([5]));
  history.undo();
  assert.deepEqual(undone(reloaded(drawing([8, 9]), history.toSave())), [[8], [], [1], []]);
});

test("what Python drew instead is one step, and strokes on its picture are one each", () => {
  const history = createHistory();
  history.push(drawing([1]));
  history.push(BLANK);
  history.push(drawing([5]));
  history.undo();
  history.redo();
  const memory = history.toSave();
  assert.deepEqual(undone(reloaded(drawing([8, 9]), memory)), [[5], [], [1], []]);
  assert.deepEqual(undone(reloaded(drawing([8, 9], "data:image/png;base64,"), memory)), [[8], [], [5], [], [1], []]);
});

test("every stroke is kept once, and no more than there is room for", () => {
  const history = createHistory();
  for (let n = 1; n <= 60; n++) history.push({ background: "", strokes: [...history.now.strokes, stroke(n, 200)] });
  history.push(BLANK);
  const text = JSON.stringify(history.toSave());
  assert.ok(text.length < 70_000, `${text.length}`);
  const steps = undone(reloaded(BLANK, JSON.parse(text)));
  for (const step of steps) assert.ok(step.length <= 60);
});

test("data that is not a history is rejected", () => {
  const good = { strokes: [stroke(1)], backgrounds: [""], past: [[0]], now: [0, 0], future: [] };
  assert.ok(unpack(good));
  for (const bad of [
    undefined,
    null,
    {},
    [],
    { ...good, now: [0, 7] },
    { ...good, past: [[3]] },
    { ...good, past: "x" },
    { ...good, strokes: [["x"]] },
    { ...good, strokes: [[[1, 2, 3, null]]] },
    { ...good, backgrounds: ["https://example.org/seen.png"] },
  ]) {
    assert.equal(unpack(bad), null);
  }
});
