import assert from "node:assert/strict";
import { test } from "node:test";

import { createProtocol } from "../protocol.js";
import { FakeModel, FakePad, key } from "./model.js";

/** @typedef {import("../protocol.js").ProtocolTraits} ProtocolTraits */

const NOW = 1_000_000;
/** @type {import("../history.js").Stroke} */
const STROKE = [[1, 1, 1, 0.5]];
/** @type {import("../history.js").Stroke} */
const OTHER = [[2, 2, 2, 0.5]];

/** @type {ProtocolTraits} */
const TRAITS = { _drawing: {}, _memory: {}, image: "", predict_on: "stroke", _answered: 0, _unasked: false };

/** Let what was put off to the end of the task run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Some views of one model, and what they send.
 * @param {import("node:test").TestContext} t
 * @param {Partial<ProtocolTraits>} [traits]
 * @param {{ views?: number, isOneByOne?: boolean, answerFor?: () => Promise<object | undefined> }} [options]
 */
function begin(t, traits = {}, { views: count = 1, isOneByOne = false, answerFor } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: NOW });
  /** @type {{ _drawing: ProtocolTraits["_drawing"], [name: string]: any }[]} */
  const sent = [];
  const onSend = (/** @type {any} */ message) => sent.push(message);
  const model = new FakeModel({ ...TRAITS, ...traits }, onSend, isOneByOne);
  const open = () => {
    const pad = new FakePad();
    const life = new AbortController();
    const view = { pad, life, changes: 0 };
    const protocol = createProtocol(/** @type {any} */ (model), {
      pad: /** @type {any} */ (pad),
      onChange: () => view.changes++,
      answerFor,
      signal: life.signal,
    });
    return Object.assign(view, {
      protocol,
      draw(/** @type {number} */ n) {
        pad.move(n);
        pad.lift();
        protocol.change(true);
      },
    });
  };
  const views = Array.from({ length: count }, open);
  return { model, sent, open, views, view: views[0] };
}

test("a stroke is one message, sent at once, with all there is to know", (t) => {
  const { sent, view } = begin(t);
  view.draw(1);
  const strokes = [STROKE];
  const picture = key({ background: "", strokes });
  const question = { number: NOW, asks: true, known: 0, picture, background: "", strokes };
  assert.deepEqual(sent, [{ _drawing: question }]);
  assert.equal(view.pad.pictures, 1);
  assert.equal(view.protocol.state(), "waiting");
});

test("a question bears the page's answer, where Python wants it", async (t) => {
  /** @type {((answer: object | undefined) => void)[]} */
  const answers = [];
  const answerFor = () => new Promise((/** @type {(answer: object | undefined) => void} */ resolve) => answers.push(resolve));
  const { model, sent, view } = begin(t, {}, { answerFor });
  view.draw(1);
  assert.deepEqual([sent.length, view.protocol.state()], [0, "waiting"], "the page is still at it");
  model.receive({ _unasked: true });
  await settled();
  assert.equal(view.pad.drawing.strokes.length, 1, "what is said meanwhile does not bring the old drawing back");
  t.mock.timers.tick(1000);
  view.draw(2);
  answers[1]({ prediction: 2 });
  answers[0]({ prediction: 1 });
  await settled();
  assert.deepEqual(
    sent.map(({ _drawing: { number, answer } }) => [number, answer]),
    [[NOW + 1000, { prediction: 2 }]],
    "the answer to an older drawing is not sent after a newer one",
  );
});

test("undo and redo are saved with the drawing, when they have to be", (t) => {
  const { sent, view } = begin(t);
  view.draw(1);
  view.pad.clear();
  view.protocol.change(true);
  assert.equal(sent.length, 1, "the first question is in flight");
  t.mock.timers.tick(1000);
  view.protocol.change(true);
  assert.deepEqual(Object.keys(sent[1]), ["_memory", "_drawing"]);
});

test("a picture waits for its background, and is sent as the drawing is then", (t) => {
  const { sent, view } = begin(t);
  view.pad.isReady = false;
  view.draw(1);
  view.draw(2);
  assert.equal(view.protocol.state(), "waiting");
  assert.equal(sent.length, 0);
  view.pad.isReady = true;
  view.protocol.load();
  assert.equal(sent.length, 1);
  assert.equal(sent[0]._drawing.picture, key(view.pad.drawing));
  assert.equal(sent[0]._drawing.strokes?.length, 2);
});

test("a page begins with the drawing that is there, and its undo and redo", (t) => {
  const first = begin(t);
  first.view.draw(1);
  const back = { ...first.sent[0]._drawing };
  t.mock.timers.reset();
  const { view } = begin(t, { _drawing: back, _answered: NOW });
  assert.equal(key(view.pad.drawing), back.picture);
  assert.equal(view.protocol.state(), "current");
  assert.ok(view.protocol.isCurrent(NOW));
});

test("undo works on over a reload, and a drawing that Python sent back unasked is stale", (t) => {
  const first = begin(t);
  first.view.pad.move(1);
  first.view.pad.lift();
  first.view.pad.clear();
  first.view.protocol.change(true);
  const { _memory, _drawing } = JSON.parse(JSON.stringify(first.sent[0]));
  t.mock.timers.reset();
  const back = { number: NOW, drawn: 4, background: _drawing.background, strokes: _drawing.strokes };
  const { view } = begin(t, { _memory, _drawing: back, _answered: NOW, _unasked: true });
  assert.equal(view.protocol.state(), "stale");
  view.pad.undo();
  assert.deepEqual(view.pad.drawing.strokes, [STROKE]);
});

test("a page begins with what nobody has asked about, or is still being asked", (t) => {
  const drawing = { number: 7, asks: false, known: 0, picture: "x", background: "", strokes: [STROKE] };
  assert.equal(begin(t, { _drawing: drawing, _answered: 6, _unasked: true }).view.protocol.state(), "stale");
  t.mock.timers.reset();
  assert.equal(begin(t, { _drawing: { ...drawing, asks: true }, _answered: 6 }).view.protocol.state(), "waiting");
});

test("the other views of a page show what one has drawn, and wait with it", async (t) => {
  const { model, sent, views } = begin(t, {}, { views: 2 });
  const [here, there] = views;
  here.draw(1);
  await settled();
  assert.equal(key(there.pad.drawing), key(here.pad.drawing));
  assert.equal(there.protocol.state(), "waiting");
  assert.equal(sent.length, 1);
  model.receive({ _answered: NOW });
  await settled();
  for (const { protocol } of views) assert.equal(protocol.state(), "current");
});

test("the view that sends goes on with its stroke", async (t) => {
  const { view } = begin(t, { predict_on: "move" });
  view.pad.move(1);
  view.protocol.change(false);
  view.pad.move(2);
  await settled();
  assert.ok(view.pad.isDrawing);
});

test("when a drawing is asked about is for predict_on to say", async (t) => {
  for (const [when, asked] of /** @type {const} */ ([
    ["stroke", [true]],
    ["move", [true]],
    ["button", [false]],
  ])) {
    t.mock.timers.reset();
    const { sent, view } = begin(t, { predict_on: when });
    view.pad.move(1);
    view.protocol.change(false);
    assert.equal(sent.length, when === "move" ? 1 : 0, when);
    assert.equal(view.protocol.state(), when === "move" ? "waiting" : "stale", when);
    view.pad.lift();
    view.protocol.change(true);
    assert.deepEqual(
      sent.map(({ _drawing }) => _drawing.asks),
      asked,
      when,
    );
  }
});

test("with a button a drawing is asked about when it is pressed, and a blank pad without", async (t) => {
  const { model, sent, view } = begin(t, { predict_on: "button" });
  view.draw(1);
  model.receive({ _unasked: true });
  await settled();
  assert.equal(view.protocol.state(), "stale");
  view.protocol.ask();
  const asked = sent.map(({ _drawing }) => [_drawing.number, _drawing.asks]);
  assert.deepEqual(asked, [
    [NOW, false],
    [NOW + 1, true],
  ]);
  model.receive({ _answered: NOW + 1, _unasked: false });
  await settled();
  assert.equal(view.protocol.state(), "current");
  view.pad.clear();
  view.protocol.change(true);
  assert.equal(sent.at(-1)?._drawing.asks, true);
});

test("a drawing that is what was answered before is current again", async (t) => {
  const { model, view } = begin(t, { predict_on: "button" });
  view.draw(1);
  model.receive({ _unasked: true });
  await settled();
  view.pad.undo();
  model.receive({ _unasked: false });
  await settled();
  assert.equal(view.protocol.state(), "current");
});

for (const isOneByOne of [false, true]) {
  test(`what Python draws is shown with its answer, ${isOneByOne ? "told one by one" : "told as one"}`, async (t) => {
    const { model, sent, view } = begin(t, {}, { isOneByOne });
    view.draw(1);
    model.receive({ _answered: NOW });
    await settled();
    view.changes = 0;
    const drawing = { number: NOW, drawn: 1, background: "b", strokes: [] };
    model.receive({ _unasked: false, _answered: NOW, _drawing: drawing });
    await settled();
    assert.deepEqual(view.pad.drawing, { background: "b", strokes: [] });
    assert.equal(view.protocol.state(), "current");
    view.draw(2);
    assert.equal(sent.at(-1)?._drawing.known, 1);
    assert.equal(sent.at(-1)?._drawing.background, "b");
  });
}

test("what Python had drawn before a reload is known", (t) => {
  for (const drawn of [{ drawn: 5 }, { known: 5, asks: true, picture: "" }]) {
    t.mock.timers.reset();
    const { sent, view } = begin(t, { _drawing: { number: 3, background: "", strokes: [], ...drawn }, _answered: 3 });
    view.draw(1);
    assert.equal(sent[0]._drawing.known, 5);
  }
});

test("a question that Python receives after it has drawn replaces that, here and there", async (t) => {
  const { model, sent, view } = begin(t);
  view.draw(1);
  const mine = key(view.pad.drawing);
  model.receive({ _drawing: { number: 0, drawn: 1, background: "", strokes: [OTHER] } });
  await settled();
  assert.equal(key(view.pad.drawing), mine, "Python will have it in a moment");
  assert.equal(view.protocol.state(), "waiting");
  const { background = "", strokes = [] } = sent[0]._drawing ?? {};
  model.receive({ _drawing: { number: NOW, drawn: 1, background, strokes }, _answered: NOW });
  await settled();
  assert.equal(key(view.pad.drawing), mine);
  assert.equal(view.protocol.state(), "current");
  view.draw(2);
  assert.equal(sent[1]._drawing.known, 1);
});

test("a drawing that comes back during a stroke that is given up is shown then", async (t) => {
  const { model, view } = begin(t, { predict_on: "button" });
  view.draw(1);
  model.receive({ _drawing: { number: 0, drawn: 1, background: "", strokes: [] } });
  await settled();
  assert.equal(key(view.pad.drawing), "");
  view.pad.move(5);
  view.protocol.change(false);
  model.receive({ _drawing: { number: NOW, drawn: 1, background: "", strokes: [STROKE] }, _unasked: true });
  await settled();
  assert.ok(view.pad.isDrawing);
  view.pad.cancel();
  view.protocol.cancel();
  assert.equal(key(view.pad.drawing), key({ background: "", strokes: [STROKE] }));
  assert.equal(view.protocol.state(), "stale");
});

test("Python's drawing takes the stroke that is being drawn", async (t) => {
  const { model, view } = begin(t);
  view.pad.move(1);
  view.protocol.change(false);
  model.receive({ _drawing: { number: 0, drawn: 1, background: "", strokes: [] } });
  await settled();
  assert.equal(view.pad.isDrawing, false);
  assert.equal(view.protocol.state(), "current");
});

test("a stroke that was given up leaves the drawing as it was, unless a part of it was sent", async (t) => {
  const { model, sent, view } = begin(t);
  view.pad.move(1);
  view.protocol.change(false);
  view.pad.cancel();
  view.protocol.cancel();
  assert.equal(sent.length, 0);
  assert.equal(view.protocol.state(), "current");
  view.pad.move(1);
  view.protocol.change(false);
  view.protocol.ask();
  assert.equal(sent.length, 1, "a button was pressed on the way");
  model.receive({ _answered: NOW });
  await settled();
  view.pad.cancel();
  view.protocol.cancel();
  assert.deepEqual(sent[1]._drawing.strokes, []);
});

test("in move mode a stroke that was given up is taken back in Python too", async (t) => {
  const { model, sent, view } = begin(t, { predict_on: "move" });
  view.pad.move(1);
  view.protocol.change(false);
  model.receive({ _answered: NOW });
  await settled();
  view.pad.cancel();
  view.protocol.cancel();
  assert.deepEqual(
    sent.map(({ _drawing }) => _drawing.strokes?.length),
    [1, 0],
  );
});

test("a picture is sent alone, and again if it is pasted again", (t) => {
  const { sent, view } = begin(t);
  view.protocol.paste("data:image/png;base64,AAAA");
  view.protocol.paste("data:image/png;base64,AAAA");
  assert.deepEqual(sent, Array(2).fill({ image: "data:image/png;base64,AAAA" }));
});

test("a view that is closed hears, sends and waits no more", async (t) => {
  const { model, views, sent } = begin(t, {}, { views: 2 });
  const [closed, open] = views;
  closed.draw(1);
  await settled();
  model.receive({ _answered: NOW });
  closed.life.abort();
  closed.changes = 0;
  await settled();
  t.mock.timers.tick(5000);
  assert.equal(closed.changes, 0);
  assert.equal(model.listeners, 3);
  open.life.abort();
  assert.equal(model.listeners, 0);
  assert.equal(sent.length, 1);
});
