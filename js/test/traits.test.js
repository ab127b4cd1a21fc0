import assert from "node:assert/strict";
import { test } from "node:test";

import { listen } from "../traits.js";
import { FakeModel } from "./model.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A model with two traits, and how often it was reacted to. */
function begin() {
  const model = new FakeModel({ a: 0, b: 0 }, () => {}, true);
  const life = new AbortController();
  const seen = { count: 0, a: 0, b: 0 };
  const react = () => Object.assign(seen, { count: seen.count + 1, a: model.get("a"), b: model.get("b") });
  const soon = listen(/** @type {any} */ (model), ["a", "b"], react, life.signal);
  return { model, life, seen, soon };
}

test("traits that change together are reacted to once, when all have their values", async () => {
  const { model, seen, soon } = begin();
  model.receive({ a: 1, b: 2 });
  soon();
  assert.equal(seen.count, 0);
  await settled();
  assert.deepEqual(seen, { count: 1, a: 1, b: 2 });
  model.receive({ b: 3 });
  await settled();
  assert.deepEqual(seen, { count: 2, a: 1, b: 3 });
});

test("after the end nothing is reacted to, not even what came before it", async () => {
  const { model, life, seen } = begin();
  model.receive({ a: 1 });
  life.abort();
  await settled();
  assert.equal(seen.count, 0);
  assert.equal(model.listeners, 0);
});
