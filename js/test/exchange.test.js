import assert from "node:assert/strict";
import { test } from "node:test";

import { createExchange } from "../exchange.js";

/**
 * An exchange with a Python that answers when it is told to.
 * @param {import("node:test").TestContext} t
 */
function begin(t, { asked = 0, answered = 0 } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  /** @type {number[]} */
  const questions = [];
  const exchange = createExchange({ ask: (n) => questions.push(n), onChange() {}, asked, answered });
  return { exchange, questions, tick: (/** @type {number} */ ms) => t.mock.timers.tick(ms) };
}

test("a drawing is asked at once and is current again when its answer comes", (t) => {
  const { exchange, questions } = begin(t);
  assert.equal(exchange.state, "current");
  exchange.request();
  assert.equal(questions.length, 1);
  assert.equal(exchange.state, "waiting");
  exchange.settle(questions[0]);
  assert.equal(exchange.state, "current");
});

test("one question is in flight, and of the drawings made meanwhile only the last is asked", (t) => {
  const { exchange, questions } = begin(t);
  for (let i = 0; i < 5; i++) exchange.request();
  assert.equal(questions.length, 1);
  exchange.settle(questions[0]);
  assert.equal(questions.length, 2);
  assert.equal(exchange.state, "waiting", "the first answer is not that of the drawing on the pad");
  exchange.settle(questions[1]);
  assert.equal(exchange.state, "current");
});

test("an answer to an older question, or to another window's, changes nothing", (t) => {
  const { exchange, questions } = begin(t);
  exchange.request();
  exchange.settle(questions[0] - 7);
  assert.equal(exchange.state, "waiting");
});

test("another window's answer is not this drawing's, and asking works on", (t) => {
  const { exchange, questions } = begin(t, { asked: 100, answered: 100 });
  exchange.settle(200);
  assert.equal(exchange.state, "stale");
  exchange.request();
  assert.equal(questions.length, 1);
  exchange.settle(questions[0]);
  assert.equal(exchange.state, "current");
});

test("numbers only grow, even when the clock stands still or was ahead", (t) => {
  const { exchange, questions } = begin(t, { asked: 5_000_000, answered: 5_000_000 });
  for (let i = 0; i < 3; i++) {
    exchange.request();
    exchange.settle(questions[i]);
  }
  assert.deepEqual(questions, [5_000_001, 5_000_002, 5_000_003]);
});

test("after a second without an answer Python is busy, until it answers", (t) => {
  const { exchange, questions, tick } = begin(t);
  exchange.request();
  tick(999);
  assert.equal(exchange.state, "waiting");
  tick(1);
  assert.equal(exchange.state, "busy");
  exchange.settle(questions[0]);
  assert.equal(exchange.state, "current");
  tick(10_000);
  assert.equal(exchange.state, "current");
});

test("while Python is busy a new drawing is asked all the same, in case the question was lost", (t) => {
  const { exchange, questions, tick } = begin(t);
  exchange.request();
  tick(1000);
  exchange.request();
  assert.equal(questions.length, 2);
  assert.equal(exchange.state, "busy", "nothing has come from Python yet");
  exchange.settle(questions[0]);
  assert.equal(exchange.state, "busy", "the older question's answer is not this drawing's");
  exchange.settle(questions[1]);
  assert.equal(exchange.state, "current");
});

test("what an answer from elsewhere settles is stale no more", (t) => {
  const { exchange } = begin(t);
  exchange.mark(true);
  exchange.mark(false);
  assert.equal(exchange.state, "current");
});

test("a drawing that nobody asks about makes the answer stale, and asking makes it fresh", (t) => {
  const { exchange, questions } = begin(t);
  exchange.mark(true);
  assert.equal(exchange.state, "stale");
  exchange.request();
  exchange.settle(questions[0]);
  assert.equal(exchange.state, "current");
});

test("another view's question is waited for like one's own", (t) => {
  const { exchange, tick } = begin(t);
  exchange.follow(42);
  assert.equal(exchange.state, "waiting");
  tick(1000);
  assert.equal(exchange.state, "busy");
  exchange.settle(42);
  assert.equal(exchange.state, "current");
});

test("a page that comes up with a question open waits for it, and says so after a second", (t) => {
  const { exchange, tick } = begin(t, { asked: 7, answered: 6 });
  assert.equal(exchange.state, "waiting");
  tick(1000);
  assert.equal(exchange.state, "busy");
});

test("a closed exchange leaves no timer behind", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let changes = 0;
  const exchange = createExchange({ ask() {}, onChange: () => changes++, asked: 0, answered: 0 });
  exchange.request();
  const before = changes;
  exchange.close();
  t.mock.timers.tick(5000);
  assert.equal(changes, before);
});

test("what Python says of an answer is about the drawing until that changes or is asked about", (t) => {
  const { exchange, questions } = begin(t, { asked: 7, answered: 7 });
  assert.ok(exchange.isOf(7), "as after a reload");
  assert.ok(!exchange.isOf(6));
  assert.ok(!exchange.isOf(undefined));
  exchange.mark(true);
  assert.ok(!exchange.isOf(7), "the pen has touched the pad");
  exchange.mark(false);
  assert.ok(exchange.isOf(7), "the stroke was undone");
  exchange.request();
  assert.ok(!exchange.isOf(7));
  assert.ok(!exchange.isOf(questions[0]), "it cannot be known before its answer");
  exchange.settle(questions[0]);
  assert.ok(exchange.isOf(questions[0]));
  exchange.settle(questions[0] + 1);
  assert.ok(!exchange.isOf(questions[0] + 1));
});
