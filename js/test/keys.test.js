import assert from "node:assert/strict";
import { test } from "node:test";

import { meaning, step } from "../keys.js";

/** A press of a key. @param {string} key @param {Partial<import("../keys.js").Press>} [more] */
const press = (key, more = {}) =>
  meaning({ key, code: "", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more });

test("plain keys move, draw, ask, clear and leave", () => {
  for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) assert.equal(press(key), "move");
  assert.equal(press(" "), "pen");
  assert.equal(press("Enter"), "ask");
  assert.equal(press("Delete"), "clear");
  assert.equal(press("Backspace"), "clear");
  assert.equal(press("Escape"), "leave");
});

test("Tab, letters and function keys are not the pad's", () => {
  for (const key of ["Tab", "a", "z", "F5", "Shift", "Home"]) assert.equal(press(key), null);
});

test("undo and redo are what they are everywhere, with Ctrl and with Cmd", () => {
  for (const held of [{ ctrlKey: true }, { metaKey: true }]) {
    assert.equal(press("z", held), "undo");
    assert.equal(press("Z", { ...held, shiftKey: true }), "redo");
    assert.equal(press("y", held), "redo");
    assert.equal(press("s", held), null);
    assert.equal(press("Enter", held), null, "a notebook runs its cell");
  }
  assert.equal(press("z", { ctrlKey: true, altKey: true }), null);
});

test("where the keyboard writes no Latin letters, undo is the key in its place", () => {
  assert.equal(press("य", { ctrlKey: true, code: "KeyZ" }), "undo");
  assert.equal(press("w", { ctrlKey: true, code: "KeyZ" }), null, "a French keyboard has its Z elsewhere");
});

test("Shift goes faster and lifts the pen, and is else the host's", () => {
  const held = { shiftKey: true };
  assert.equal(press("ArrowLeft", held), "move");
  assert.equal(press(" ", held), "pen");
  assert.equal(press("Escape", held), "leave");
  assert.equal(press("Enter", held), null);
  assert.equal(press("Delete", held), null);
});

test("an arrow goes a fortieth of the side, with Shift a tenth, two of them aslant", () => {
  const middle = { x: 140, y: 140 };
  assert.deepEqual(step(middle, ["ArrowLeft"], false, 280), { x: 133, y: 140 });
  assert.deepEqual(step(middle, ["ArrowDown"], true, 280), { x: 140, y: 168 });
  assert.deepEqual(step(middle, ["ArrowUp", "ArrowRight"], false, 280), { x: 147, y: 133 });
  assert.deepEqual(step(middle, ["ArrowUp", "ArrowDown"], false, 280), middle);
});

test("the cursor stays on the pad", () => {
  let place = { x: 140, y: 140 };
  for (let i = 0; i < 100; i++) place = step(place, ["ArrowUp", "ArrowLeft"], true, 280);
  assert.deepEqual(place, { x: 0, y: 0 });
  for (let i = 0; i < 100; i++) place = step(place, ["ArrowDown", "ArrowRight"], true, 280);
  assert.deepEqual(place, { x: 280, y: 280 });
});
