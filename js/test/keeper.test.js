import assert from "node:assert/strict";
import { test } from "node:test";

import { fileName } from "../feedback/keeper.js";
import { createStore } from "../feedback/store.js";

test("a file is called after the title, or after the page's own file", () => {
  assert.equal(fileName("For my colleagues!", "/x/y.html"), "for-my-colleagues-feedback.jsonl");
  assert.equal(fileName("数字 und Ziffern", "/y.html"), "数字-und-ziffern-feedback.jsonl");
  assert.equal(fileName("../../etc/passwd\\\0", "/y.html"), "etc-passwd-feedback.jsonl");
  assert.equal(fileName(null, "/home/ada/My%20Digits.html"), "my-digits-feedback.jsonl");
  assert.equal(fileName(null, "/home/ada/100%.html"), "100-feedback.jsonl");
  for (const path of ["/", "/pads/", "/…", ""]) assert.equal(fileName(null, path), "digits-feedback.jsonl");
  assert.equal(fileName("🙂", "/y.html"), "digits-feedback.jsonl");
  assert.equal(fileName("🐱a".repeat(100), "/y.html").length, 60 + "-feedback.jsonl".length);
});

test("what a storage has no room for is kept in memory, the newer line before the older", () => {
  /** A storage as a browser has it: its entries are its properties. */
  class Room {
    /** @param {string} name @param {string} line */
    setItem(name, line) {
      if (line.length > 5) throw new DOMException("full", "QuotaExceededError");
      /** @type {any} */ (this)[name] = line;
    }
    /** @param {string} name */
    removeItem(name) {
      delete (/** @type {any} */ (this)[name]);
    }
  }
  const storage = /** @type {any} */ (new Room());
  storage["another's"] = "x";
  const store = createStore(() => storage, "mine ");
  store.put("2", "two");
  store.put("1", "one");
  assert.deepEqual([...store.all()], [["1", "one"], ["2", "two"]]);
  assert.equal(store.isFleeting, false);
  store.put("1", "one and a comment");
  assert.equal(store.isFleeting, true);
  assert.deepEqual([...store.all().values()], ["one and a comment", "two"]);
  assert.deepEqual([...createStore(() => storage, "mine ").all().values()], ["one", "two"]); // in another tab
  store.put("1", "short");
  assert.equal(store.isFleeting, false);
  store.drop("1");
  store.drop("2");
  assert.deepEqual(Object.keys(storage), ["another's"]);
});

test("where there is no storage, all is kept in memory", () => {
  const store = createStore(() => {
    throw new DOMException("refused", "SecurityError");
  }, "mine ");
  store.put("1", "one");
  assert.deepEqual([...store.all()], [["1", "one"]]);
  assert.equal(store.isFleeting, true);
  store.drop("1");
  assert.equal(store.all().size, 0);
});
