import assert from "node:assert/strict";
import { test } from "node:test";

import { createExchange } from "../exchange.js";

const NOW = 1_000_000;

/**
 * An exchange whose sent numbers are written down.
 * @param {import("node:test").TestContext} t
 * @param {{ number?: number, asks?: boolean, answered?: number, unasked?: boolean }} [start]
 */
function begin(t, { number = 0, asks, answered = 0, unasked = false } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: NOW });
  const pad = { isReady: true, changes: 0 };
  /** @type {number[]} */
  const questions = [];
  /** @type {number[]} */
  const kept = [];
  const exchange = createExchange({
    send: (n, isQuestion) => (isQuestion ? questions : kept).push(n),
    canSend: () => pad.isReady,
    onChange: () => pad.changes++,
    number,
    asks,
    answered,
    unasked,
  });
  return { exchange, pad, questions, kept, tick: (/** @type {number} */ ms) => t.mock.timers.tick(ms) };
}

/** What Python sends with a drawing. @param {object} [more] */
const drawn = (more) => ({ number: NOW, isNew: true, answer: NOW, unasked: false, ...more });

test("a drawing is asked at once and is current when its answer comes", (t) => {
  const { exchange, questions, kept } = begin(t);
  assert.equal(exchange.state(), "current");
  exchange.request();
  assert.deepEqual([questions, kept], [[NOW], []]);
  assert.equal(exchange.state(), "waiting");
  exchange.settle(NOW);
  assert.equal(exchange.state(), "current");
});

test("one question is in flight, and of the drawings made meanwhile only the last is asked", (t) => {
  const { exchange, questions } = begin(t);
  for (let i = 0; i < 5; i++) exchange.request();
  assert.equal(questions.length, 1);
  exchange.settle(questions[0]);
  assert.equal(questions.length, 2);
  assert.equal(exchange.state(), "waiting", "the first answer is not that of the drawing on the pad");
  exchange.settle(questions[1]);
  assert.equal(exchange.state(), "current");
  assert.equal(questions.length, 2);
});

test("an answer to an older question changes nothing", (t) => {
  const { exchange, questions, pad } = begin(t);
  exchange.request();
  pad.changes = 0;
  exchange.settle(questions[0] - 7);
  assert.equal(exchange.state(), "waiting");
  assert.equal(pad.changes, 0);
});

test("an answer to another window's newer question ends the wait, as one's own may have been dropped", (t) => {
  const { exchange, questions } = begin(t);
  exchange.request();
  exchange.settle(questions[0] + 1);
  assert.equal(exchange.state(), "stale", "it is not the answer to this drawing");
  exchange.settle(questions[0]);
  assert.equal(exchange.state(), "current", "its own answer comes after all");
});

test("another window's newer answer lets the next drawing be asked", (t) => {
  const { exchange, questions } = begin(t);
  exchange.request();
  exchange.request();
  exchange.settle(questions[0] + 1);
  assert.equal(questions.length, 2);
  assert.equal(exchange.state(), "waiting");
});

test("another window's answer is not this drawing's, and asking still works", (t) => {
  const { exchange, questions } = begin(t, { number: 100, asks: true, answered: 100 });
  assert.equal(exchange.state(), "current");
  exchange.settle(200);
  assert.equal(exchange.state(), "stale");
  exchange.request();
  assert.equal(questions.length, 1);
  exchange.settle(questions[0]);
  assert.equal(exchange.state(), "current");
});

test("numbers only grow, even when the clock stands still or was ahead", (t) => {
  const { exchange, questions, kept } = begin(t, { number: 5_000_000, asks: true, answered: 5_000_000 });
  for (let i = 0; i < 2; i++) {
    exchange.request();
    exchange.settle(questions[i]);
  }
  exchange.keep();
  assert.deepEqual([...questions, ...kept], [5_000_001, 5_000_002, 5_000_003]);
});

test("after a second without an answer Python is busy, until it answers", (t) => {
  const { exchange, pad, questions, tick } = begin(t);
  exchange.request();
  tick(999);
  assert.equal(exchange.state(), "waiting");
  pad.changes = 0;
  tick(1);
  assert.equal(exchange.state(), "busy");
  assert.equal(pad.changes, 1);
  exchange.settle(questions[0]);
  assert.equal(exchange.state(), "current");
  tick(10_000);
  assert.equal(exchange.state(), "current");
});

test("each question has its own second", (t) => {
  const { exchange, questions, tick } = begin(t);
  exchange.request();
  tick(900);
  exchange.settle(questions[0]);
  exchange.request();
  tick(900);
  assert.equal(exchange.state(), "waiting");
  tick(100);
  assert.equal(exchange.state(), "busy");
});

test("while Python is busy a new drawing is asked all the same, in case the question was lost", (t) => {
  const { exchange, questions, tick } = begin(t);
  exchange.request();
  tick(1000);
  exchange.request();
  assert.equal(questions.length, 2);
  assert.equal(exchange.state(), "busy", "nothing has come from Python yet");
  exchange.settle(questions[0]);
  assert.equal(exchange.state(), "busy", "the older question's answer is not this drawing's");
  exchange.settle(questions[1]);
  assert.equal(exchange.state(), "current");
});

test("the answer is stale from the first move of the pen, and not if the stroke is given up", (t) => {
  const { exchange, pad } = begin(t);
  exchange.begin();
  exchange.begin();
  assert.equal(exchange.state(), "stale");
  assert.equal(pad.changes, 1, "only the first move changes anything");
  exchange.cancel();
  assert.equal(exchange.state(), "current");
  assert.equal(pad.changes, 2);
});

test("a stroke that begins before the answer comes makes that stale", (t) => {
  const { exchange, questions } = begin(t);
  exchange.request();
  exchange.begin();
  exchange.settle(questions[0]);
  assert.equal(exchange.state(), "stale");
  exchange.request();
  exchange.settle(questions[1]);
  assert.equal(exchange.state(), "current");
});

test("what waits for an answer also waits for the stroke that is being drawn", (t) => {
  const { exchange, questions, pad } = begin(t);
  exchange.request();
  exchange.request();
  exchange.begin();
  exchange.settle(questions[0]);
  assert.equal(questions.length, 1, "half a stroke is not asked about");
  pad.changes = 0;
  exchange.cancel();
  assert.equal(questions.length, 2);
  assert.equal(pad.changes, 1);
});

test("a drawing that is kept makes the answer stale until it is asked about", (t) => {
  const { exchange, questions, kept } = begin(t);
  exchange.begin();
  exchange.keep();
  assert.deepEqual([questions, kept], [[], [NOW]]);
  assert.equal(exchange.state(), "stale");
  exchange.request();
  assert.equal(exchange.state(), "waiting");
  exchange.settle(questions[0]);
  assert.equal(exchange.state(), "current");
});

test("a drawing to be kept is sent after the answer to the question, and is not the one that is answered", (t) => {
  const { exchange, questions, kept, tick } = begin(t);
  exchange.request();
  exchange.keep();
  tick(1000);
  exchange.keep();
  assert.equal(kept.length, 0, "a host would merge it with the question");
  exchange.settle(questions[0]);
  assert.equal(exchange.state(), "stale");
  assert.equal(kept.length, 1);
});

test("a kept drawing that Python calls answered is current", (t) => {
  const { exchange, kept } = begin(t, { number: 100, asks: true, answered: 100 });
  exchange.keep();
  exchange.keep();
  exchange.settle(kept[0]);
  assert.equal(exchange.state(), "stale", "that was the drawing before");
  exchange.settle(kept[1]);
  assert.equal(exchange.state(), "current");
  assert.ok(exchange.isCurrent(kept[1]));
});

test("what Python says of the drawing it keeps counts, unless it is about another one", (t) => {
  const { exchange, questions } = begin(t, { number: 100, asks: true, answered: 100 });
  exchange.mark(true, 100);
  assert.equal(exchange.state(), "stale");
  exchange.mark(false, 100);
  assert.equal(exchange.state(), "current");
  exchange.mark(true, 100);
  exchange.mark(false, 200);
  assert.equal(exchange.state(), "stale", "200 is another window's answer");
  exchange.request();
  exchange.mark(true, 100);
  exchange.settle(questions[0]);
  assert.equal(exchange.state(), "current", "what was kept before the question is no matter");
});

test("a drawing that cannot be sent yet waits, and is sent once", (t) => {
  const { exchange, pad, questions, kept, tick } = begin(t);
  pad.isReady = false;
  exchange.request();
  assert.equal(exchange.state(), "waiting");
  tick(5000);
  assert.equal(exchange.state(), "waiting", "Python has not been asked");
  exchange.keep();
  assert.deepEqual([questions, kept], [[], []]);
  pad.isReady = true;
  exchange.flush();
  exchange.flush();
  assert.deepEqual([questions.length, kept.length], [1, 0], "the question brings the drawing");
});

test("a drawing that is to be kept but cannot be sent yet is stale, and kept later", (t) => {
  const { exchange, pad, kept } = begin(t);
  pad.isReady = false;
  exchange.keep();
  exchange.mark(false, 0);
  assert.equal(exchange.state(), "stale", "Python has not seen it");
  pad.isReady = true;
  exchange.flush();
  exchange.flush();
  assert.equal(kept.length, 1);
});

test("what waits to be sent is not sent when another view has drawn instead", (t) => {
  const { exchange, pad, questions, kept } = begin(t);
  pad.isReady = false;
  exchange.request();
  exchange.keep();
  exchange.begin();
  exchange.follow(NOW + 5, true);
  exchange.settle(NOW + 5);
  assert.equal(exchange.state(), "current");
  pad.isReady = true;
  exchange.flush();
  assert.deepEqual([questions, kept], [[], []]);
});

test("another view's question is waited for like one's own", (t) => {
  const { exchange, pad, tick } = begin(t);
  exchange.follow(42, true);
  assert.equal(pad.changes, 1);
  assert.equal(exchange.state(), "waiting");
  tick(1000);
  assert.equal(exchange.state(), "busy");
  exchange.settle(42);
  assert.equal(exchange.state(), "current");
});

test("another view's drawing that is only kept is stale here too", (t) => {
  const { exchange } = begin(t);
  exchange.follow(42, false);
  assert.equal(exchange.state(), "stale");
  exchange.settle(42);
  assert.equal(exchange.state(), "current");
});

test("what Python draws is shown even if its last question came from a window whose clock is slow", (t) => {
  const { exchange } = begin(t, { number: 100, asks: true, answered: 100 });
  exchange.settle(50);
  assert.equal(exchange.state(), "stale");
  assert.equal(exchange.take(drawn({ number: 50, answer: 50 })), true);
  assert.ok(exchange.isCurrent(50));
});

test("what Python draws is current together with its answer", (t) => {
  const { exchange, pad } = begin(t, { number: 100, asks: true, answered: 100 });
  exchange.settle(200);
  pad.changes = 0;
  assert.equal(exchange.take(drawn({ number: 200, answer: 200 })), true);
  assert.equal(pad.changes, 1);
  exchange.settle(200);
  assert.equal(exchange.state(), "current");
  assert.ok(exchange.isCurrent(200));
});

test("a drawing that Python sends back unasked is stale", (t) => {
  const { exchange, kept } = begin(t);
  exchange.keep();
  assert.ok(exchange.take(drawn({ number: 0, answer: 0 })), "Python drew before it received the one that is kept");
  assert.equal(exchange.state(), "current");
  assert.ok(exchange.take(drawn({ number: kept[0], isNew: false, answer: 0, unasked: true })));
  assert.equal(exchange.state(), "stale");
});

test("what Python drew before it received the question is not shown: the question will replace it", (t) => {
  const { exchange, questions } = begin(t);
  exchange.request();
  exchange.request();
  assert.equal(exchange.take(drawn({ number: NOW - 1, answer: 0 })), false);
  exchange.settle(NOW);
  assert.equal(questions.length, 2, "and what was drawn since is asked next");
});

test("what a hand has drawn since the question is newer than what Python drew", (t) => {
  const { exchange, questions } = begin(t);
  exchange.request();
  exchange.request();
  assert.equal(exchange.take(drawn({ answer: 0 })), false);
  exchange.settle(NOW);
  assert.equal(questions.length, 2);
});

test("what Python drew after it received the question replaces it", (t) => {
  const { exchange, questions, tick } = begin(t);
  exchange.request();
  exchange.begin();
  assert.equal(exchange.take(drawn({ answer: 0 })), true);
  assert.equal(exchange.state(), "waiting", "the question is still to be answered");
  tick(1000);
  assert.equal(exchange.state(), "busy");
  exchange.settle(NOW);
  assert.equal(exchange.state(), "current");
  assert.equal(questions.length, 1);
});

test("Python's drawing with an answer to a newer question of another window ends the wait", (t) => {
  const { exchange, tick } = begin(t);
  exchange.request();
  assert.ok(exchange.take(drawn({ number: NOW + 9, answer: NOW + 9 })));
  exchange.settle(NOW + 9);
  assert.equal(exchange.state(), "current");
  tick(1000);
  assert.equal(exchange.state(), "current");
});

test("another window's answer after Python's drawing is not that drawing's", (t) => {
  const { exchange } = begin(t);
  exchange.request();
  assert.ok(exchange.take(drawn({ number: NOW + 9, answer: 0 })));
  exchange.settle(NOW);
  assert.equal(exchange.state(), "stale");
});

test("a drawing that Python sends back is shown, unless a newer one is on the pad", (t) => {
  const { exchange, pad, questions } = begin(t);
  const back = (/** @type {number} */ number) => exchange.take(drawn({ isNew: false, number, answer: number }));
  exchange.request();
  exchange.begin();
  assert.equal(back(questions[0]), false, "a stroke is being drawn, with the question in flight");
  exchange.cancel();
  assert.equal(back(questions[0] + 1), false, "another window's");
  assert.ok(back(questions[0]));
  exchange.settle(questions[0]);
  exchange.begin();
  assert.equal(back(questions[0]), false, "a stroke is being drawn");
  exchange.cancel();
  assert.ok(back(questions[0]));
  pad.isReady = false;
  exchange.keep();
  assert.equal(back(questions[0]), false, "a drawing is to be kept");
  pad.isReady = true;
  exchange.flush();
  assert.equal(back(questions[0]), false, "a drawing was kept");
  exchange.request();
  exchange.request();
  assert.equal(back(questions[1]), false, "a drawing is to be asked about");
  exchange.settle(questions[1]);
  exchange.settle(questions[2]);
  assert.ok(back(questions[2] + 1), "another window's, with nothing in flight here");
});

test("a page that comes up with a question open waits for it, and says so after a second", (t) => {
  const { exchange, tick } = begin(t, { number: 7, asks: true, answered: 6 });
  assert.equal(exchange.state(), "waiting");
  tick(1000);
  assert.equal(exchange.state(), "busy");
  exchange.settle(7);
  assert.equal(exchange.state(), "current");
});

test("a page that comes up tells whose the answer is", (t) => {
  const state = (/** @type {Parameters<typeof begin>[1]} */ start) => {
    t.mock.timers.reset();
    return begin(t, start).exchange.state();
  };
  assert.equal(state({ number: 7, asks: true, answered: 7 }), "current");
  assert.equal(state({ number: 7, asks: true, answered: 8 }), "stale", "another window has asked since");
  assert.equal(state({ number: 7, asks: false, answered: 6 }), "stale", "nobody has asked");
  assert.equal(state({ number: 7, asks: false, answered: 7 }), "current", "Python has answered it unasked");
  assert.equal(state({ number: 7, answered: 7 }), "current", "Python has drawn it");
  assert.equal(state({ number: 7, answered: 8 }), "stale", "Python drew it, and another window has asked since");
  assert.equal(state({ number: 7, answered: 6, unasked: true }), "stale", "Python has sent it back, unasked");
  assert.equal(state({ number: 7, answered: 6 }), "current", "what Python draws comes with its answer");
});

test("a closed exchange leaves no timer behind", (t) => {
  const { exchange, pad, tick } = begin(t);
  exchange.request();
  const before = pad.changes;
  exchange.close();
  tick(5000);
  assert.equal(pad.changes, before);
});

test("the view hears of every request, of what is kept, and of every answer", (t) => {
  const { exchange, pad, questions } = begin(t);
  const steps = [
    () => exchange.request(),
    () => exchange.settle(questions[0]),
    () => exchange.mark(true, questions[0]),
    () => exchange.keep(),
  ];
  for (const [index, step] of steps.entries()) {
    step();
    assert.equal(pad.changes, index + 1);
  }
});

test("an answer is current until the drawing changes or is asked about", (t) => {
  const { exchange, questions } = begin(t, { number: 7, asks: true, answered: 7 });
  assert.ok(exchange.isCurrent(7), "as after a reload");
  assert.ok(!exchange.isCurrent(6));
  assert.ok(!exchange.isCurrent(undefined));
  exchange.begin();
  assert.ok(!exchange.isCurrent(7), "a stroke has begun");
  exchange.cancel();
  assert.ok(exchange.isCurrent(7), "it was given up");
  exchange.request();
  assert.ok(!exchange.isCurrent(7));
  assert.ok(!exchange.isCurrent(questions[0]), "there is no answer yet");
  exchange.settle(questions[0]);
  assert.ok(exchange.isCurrent(questions[0]));
  exchange.settle(questions[0] + 1);
  assert.ok(!exchange.isCurrent(questions[0] + 1));
});

test("a question that was dropped is settled, and what is shown is not called its answer", (t) => {
  const { exchange, questions } = begin(t);
  exchange.request();
  exchange.settle(questions[0], true);
  assert.equal(exchange.state(), "stale");
  assert.equal(exchange.isCurrent(questions[0]), false);
  exchange.request();
  exchange.settle(questions[1]);
  assert.equal(exchange.state(), "current");
});
