import assert from "node:assert/strict";
import { test } from "node:test";

import { BLANK, DEPTH, createHistory, isBlank } from "../history.js";

/** @typedef {import("../history.js").Drawing} Drawing */

/** A drawing of so many strokes. @returns {Drawing} */
const drawing = (/** @type {number} */ count, background = "") => ({
  background,
  strokes: Array.from({ length: count }, (_, i) => [[i, i, i, 0.5]]),
});

test("undo and redo walk through what was on the pad", () => {
  const history = createHistory();
  const [one, two] = [drawing(1), drawing(2)];
  history.push(one);
  history.push(two);
  history.undo();
  assert.equal(history.now, one);
  history.undo();
  assert.equal(history.now, BLANK);
  assert.equal(history.canUndo, false);
  history.redo();
  history.redo();
  assert.equal(history.now, two);
  assert.equal(history.canRedo, false);
});

test("undo on a blank pad and redo of nothing do nothing", () => {
  const history = createHistory();
  history.undo();
  history.redo();
  assert.equal(history.now, BLANK);
});

test("clearing can be undone", () => {
  const history = createHistory();
  history.push(drawing(3));
  history.push(BLANK);
  history.undo();
  assert.equal(history.now.strokes.length, 3);
});

test("the past is kept for so many steps and no more", () => {
  const history = createHistory();
  for (let i = 1; i <= DEPTH + 50; i++) history.push(drawing(i));
  let steps = 0;
  for (; history.canUndo; steps++) history.undo();
  assert.equal(steps, DEPTH);
});

test("a new stroke forgets what was undone", () => {
  const history = createHistory();
  history.push(drawing(1));
  history.undo();
  history.push(drawing(2));
  assert.equal(history.canRedo, false);
});

test("a restored drawing can be taken back stroke by stroke, its background last", () => {
  const history = createHistory();
  history.restore(drawing(2, "data:,"));
  const counts = [];
  while (history.canUndo) {
    history.undo();
    counts.push([history.now.strokes.length, history.now.background]);
  }
  assert.deepEqual(counts, [
    [1, "data:,"],
    [0, "data:,"],
    [0, ""],
  ]);
});

test("a restored blank has nothing to undo", () => {
  const history = createHistory();
  history.restore(drawing(0));
  assert.equal(history.canUndo, false);
});

test("another view's undo is an undo here, its redo a redo, its stroke a stroke", () => {
  const history = createHistory();
  history.follow(drawing(1));
  history.follow(drawing(2));
  history.follow(drawing(1));
  assert.equal(history.canRedo, true);
  history.follow(drawing(2));
  assert.equal(history.canRedo, false);
  history.undo();
  assert.equal(history.now.strokes.length, 1);
});

test("a pad is blank without strokes and without a background", () => {
  assert.ok(isBlank(BLANK));
  assert.ok(!isBlank(drawing(1)));
  assert.ok(!isBlank(drawing(0, "data:,")));
});

test("each redo in another view is one redo here", () => {
  const history = createHistory();
  for (const count of [1, 2]) history.push(drawing(count));
  history.undo();
  history.undo();
  history.follow(drawing(1));
  assert.equal(history.canRedo, true);
  history.follow(drawing(2));
  assert.equal(history.canRedo, false);
});

test("of a drawing with very many strokes, as many can be undone as of any other", () => {
  const history = createHistory();
  history.restore(drawing(DEPTH + 50));
  let steps = 0;
  for (; history.canUndo; steps++) history.undo();
  assert.equal(steps, DEPTH);
});

test("all that does not follow from one more stroke has to be saved", () => {
  const one = drawing(1);
  /** @type {[name: string, next: Drawing, isSaved: boolean][]} */
  const changes = [
    ["one more stroke", drawing(2), false],
    ["two more strokes at once", drawing(3), true],
    ["two strokes instead of one", { background: "", strokes: drawing(3).strokes.slice(1) }, true],
    ["nothing", BLANK, true],
  ];
  for (const [name, next, isSaved] of changes) {
    const history = createHistory();
    history.push(one);
    history.push(next);
    assert.equal(history.toSave() !== null, isSaved, name);
  }
});

test("undo and redo have to be saved, undo and redo of nothing do not", () => {
  const history = createHistory();
  history.undo();
  history.redo();
  history.push(drawing(1));
  assert.equal(history.toSave(), null);
  history.undo();
  assert.notEqual(history.toSave(), null);
  history.redo();
  assert.notEqual(history.toSave(), null);
  assert.equal(history.toSave(), null);
});
