// Hands, cells, windows and a slow Python, in every order: what must hold after each step, and at rest in the end.

import assert from "node:assert/strict";
import { test } from "node:test";

import { createProtocol } from "../protocol.js";
import { FakeModel, FakePad, key } from "./model.js";

const RUNS = Number(process.env.RUNS ?? 60);
const STEPS = Number(process.env.STEPS ?? 200); // in each run: 12,000 in all
const SEED = Number(process.env.SEED ?? 1);

/** Numbers in 0..1 that are the same for the same seed (mulberry32). @param {number} seed */
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Python as desk.py is: it keeps a drawing and its answer, which is the drawing's `key`. */
class Python {
  drawn = 0;
  traits = {
    _drawing: /** @type {any} */ ({}),
    _memory: {},
    image: "",
    predict_on: /** @type {"stroke" | "move" | "button"} */ ("stroke"),
    _answered: 0,
    _unasked: false,
    result: "",
  };
  /** What goes to every window with the next message. @type {Record<string, any>} */
  news = {};

  /** @param {Record<string, any>} state */
  #write(state) {
    Object.assign(this.traits, state);
    Object.assign(this.news, state);
  }

  /** @param {any} message  of a page */
  receive({ _drawing: drawing, ...others }) {
    Object.assign(this.traits, others);
    if (!drawing) return;
    const { known, asks, picture, number, background, strokes } = drawing;
    this.traits._drawing = drawing;
    if (known < this.drawn) this.#write({ _drawing: { number, drawn: this.drawn, background, strokes } });
    const isAnswered = asks || picture === this.traits.result || this.traits.predict_on !== "button";
    if (isAnswered) this.#write({ result: picture, _answered: number, _unasked: false });
    else this.#write({ _unasked: true });
  }

  /** A cell draws. @param {import("../history.js").Drawing} drawing */
  draw(drawing) {
    const number = this.traits._drawing.number ?? 0;
    this.drawn++;
    this.#write({ _drawing: { number, drawn: this.drawn, ...drawing }, result: key(drawing), _unasked: false });
    this.#write({ _answered: number });
  }

  /** A cell sets predict_on. @param {"stroke" | "move" | "button"} when */
  set(when) {
    this.#write({ predict_on: when });
    const { number, background, strokes } = this.traits._drawing;
    if (!this.traits._unasked || when === "button") return;
    this.#write({ result: key({ background, strokes }), _answered: number, _unasked: false });
  }
}

/**
 * A page: a model with views, and the way to Python and back.
 * @param {Python} python
 * @param {{ isOneByOne: boolean, isMerging: boolean }} host
 */
function openWindow(python, { isOneByOne, isMerging }) {
  const page = {
    /** @type {any[]} */ out: [],
    /** @type {any[]} */ back: [],
    isOpen: false, // a question is in flight
    asked: 0,
    /** @type {ReturnType<typeof openView>[]} */ views: [],
    model: new FakeModel(JSON.parse(JSON.stringify(python.traits)), send, isOneByOne),
    view: () => page.views.push(openView(page.model)),
    arrive() {
      page.model.receive(page.back.shift());
      page.isOpen &&= page.model.get("_answered") < page.asked;
    },
  };

  /** @param {any} message */
  function send(message) {
    const { _drawing: drawing } = message;
    if (drawing) {
      const isBusy = page.views.some(({ protocol }) => protocol.state() === "busy");
      assert.ok(!page.isOpen || isBusy, "one question in flight");
      if (drawing.asks) [page.isOpen, page.asked] = [true, drawing.number];
    }
    // ipywidgets has one message on its way, and merges those that follow until Python has dealt with it.
    if (isMerging && page.out.length > 1) Object.assign(page.out[1], message);
    else page.out.push(message);
  }

  return page;
}

/** @param {FakeModel<any>} model */
function openView(model) {
  const pad = new FakePad();
  const life = new AbortController();
  const protocol = createProtocol(/** @type {any} */ (model), {
    pad: /** @type {any} */ (pad),
    onChange() {},
    signal: life.signal,
  });
  return { pad, protocol, life };
}

/**
 * One run: random steps, then rest.
 * @param {import("node:test").TestContext} t
 * @param {number} seed
 * @param {{ windows: number, isLost?: boolean }} options  isLost: whether Python dies on the way
 */
async function run(t, seed, { windows: count, isLost = false }) {
  t.mock.timers.reset();
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const random = generator(seed);
  const below = (/** @type {number} */ n) => Math.floor(random() * n);
  const pick = (/** @type {any[]} */ list) => list[below(list.length)];
  /** @type {string[]} */
  const log = [];

  const host = { isOneByOne: below(2) === 0, isMerging: below(3) > 0 };
  const python = new Python();
  python.traits.predict_on = pick(["stroke", "stroke", "move", "button"]);
  let pages = Array.from({ length: count }, () => openWindow(python, host));
  for (const page of pages) page.view();
  if (below(2)) pages[0].view();
  let isDead = false;
  let n = 0;
  /** What a hand has drawn since a cell drew; null if none has, or if its page may have closed with it. @type {string | null} */
  let last = null;

  /** The hand has changed the drawing. @param {{ pad: FakePad, protocol: { change: (isFinished: boolean) => void } }} view */
  function change({ pad, protocol }) {
    const isAlone = pages.length === 1 && pages[0].views.length === 1; // two hands have no order
    last = isAlone ? key(pad.drawing) : null;
    protocol.change(true);
  }

  const hand = {
    move() {
      const { pad, protocol } = pick(pick(pages).views);
      pad.move(++n);
      protocol.change(false);
    },
    finish() {
      const { pad, protocol } = pick(pick(pages).views);
      if (below(8) === 0) pad.isReady = false;
      if (!pad.isDrawing) pad.move(++n);
      pad.lift();
      change({ pad, protocol });
    },
    cancel() {
      const { pad, protocol } = pick(pick(pages).views);
      if (!pad.isDrawing) return;
      pad.cancel();
      protocol.cancel();
    },
    edit() {
      const { pad, protocol } = pick(pick(pages).views);
      if (below(4) === 0) pad.isReady = false;
      pad[pick(["undo", "undo", "redo", "clear"])]();
      change({ pad, protocol });
    },
    ask() {
      const { pad, protocol } = pick(pick(pages).views);
      if (key(pad.drawing) && protocol.state() !== "waiting") protocol.ask();
    },
    load() {
      const { pad, protocol } = pick(pick(pages).views);
      pad.isReady = true;
      protocol.load();
    },
  };
  const others = {
    receive() {
      const page = pick(pages);
      if (isDead || !page.out.length) return;
      // Answers to one window may travel together. Those to two do not, or one might never hear of its own.
      if (count > 1) others.send();
      python.receive(page.out.shift());
    },
    send() {
      if (isDead || !Object.keys(python.news).length) return;
      for (const page of pages) page.back.push(python.news);
      python.news = {};
    },
    arrive() {
      const page = pick(pages);
      if (page.back.length) page.arrive();
    },
    cell() {
      if (isDead || below(2)) return;
      n++;
      last = null;
      python.draw(pick([{ background: "", strokes: [] }, { background: "", strokes: [[[n, 0, 0, 0.5]]] }]));
    },
    set() {
      if (!isDead && below(6) === 0) python.set(pick(["stroke", "move", "button"]));
    },
    tick() {
      t.mock.timers.tick(pick([1, 20, 400, 1100]));
    },
    view() {
      const page = pick(pages);
      if (below(8)) return;
      if (page.views.length > 1) {
        page.views.shift()?.life.abort();
        last = null;
      }
      // A new view cannot know of a question in flight if Python has drawn since; it will follow what comes back.
      else if (!page.isOpen || page.model.get("_drawing").drawn === undefined) page.view();
    },
    reload() {
      if (isDead || below(12)) return;
      last = null;
      // What was sent is on its way all the same; the new page hears of it.
      const index = below(pages.length);
      const [before] = pages.splice(index, 1);
      for (const { life } of before.views) life.abort();
      while (before.out.length) {
        others.send();
        python.receive(before.out.shift());
      }
      others.send();
      const page = openWindow(python, host);
      page.view();
      pages.splice(index, 0, page);
    },
  };
  /** @type {Record<string, () => void>} */
  const steps = { ...hand, ...others };
  const often = "move finish finish receive receive send send arrive arrive arrive load".split(" ");

  function check() {
    for (const { views, model } of pages) {
      for (const { pad, protocol } of views) {
        if (protocol.state() !== "current") continue;
        assert.equal(model.get("result"), key(pad.drawing), "an answer that is called current is the drawing's");
      }
    }
  }

  /** @param {string} name @param {() => void} step */
  async function take(name, step) {
    log.push(name);
    t.mock.timers.tick(3); // two windows have no two drawings in the same millisecond
    step();
    await null; // what was put off to the end of the task
    await null;
    check();
  }

  /** Finish every stroke, load every background, and let Python answer all there is. */
  async function rest() {
    for (let round = 0; round < 12; round++) {
      for (const page of pages) {
        for (const { pad, protocol } of page.views) {
          await take("finish", () => {
            if (!pad.isReady) {
              pad.isReady = true;
              protocol.load();
            }
            if (!pad.isDrawing) return;
            pad.lift();
            change({ pad, protocol });
          });
        }
        while (!isDead && page.out.length) {
          await take("send", others.send);
          await take("receive", () => python.receive(page.out.shift()));
        }
      }
      await take("send", others.send);
      for (const page of pages) {
        while (page.back.length) await take("arrive", page.arrive);
      }
    }
  }

  try {
    for (let step = 0; step < STEPS; step++) {
      if (isLost && step === STEPS / 2) isDead = true;
      const name = pick(random() < 0.6 ? often : Object.keys(steps));
      await take(name, steps[name]);
    }
    await rest();
    const views = pages.flatMap((page) => page.views);
    if (isDead) {
      log.push("drawn after the end");
      const { pad, protocol } = views[0];
      pad.move(++n);
      pad.lift();
      protocol.ask();
      await null;
      t.mock.timers.tick(1000);
      assert.equal(protocol.state(), "busy", "a Python that is gone is noticed");
      return;
    }
    for (const { protocol } of views) {
      assert.ok(["current", "stale"].includes(protocol.state()), "nobody waits for ever");
    }
    for (const page of pages) {
      const [first, ...rest] = page.views.map(({ pad }) => key(pad.drawing));
      for (const other of rest) assert.equal(other, first, "the views of a page show the same");
    }
    if (count === 1) {
      const { background, strokes } = { background: "", strokes: [], ...python.traits._drawing };
      assert.equal(key(views[0].pad.drawing), key({ background, strokes }), "the pad shows what Python has");
      const state = python.traits._unasked ? "stale" : "current";
      for (const { protocol } of views) assert.equal(protocol.state(), state);
      if (last !== null) assert.equal(key(views[0].pad.drawing), last, "what a hand has drawn last is there in the end");
    }
    log.push("the last drawing");
    const { pad, protocol } = pick(views);
    pad.move(++n);
    pad.lift();
    protocol.ask();
    await rest();
    assert.equal(protocol.state(), "current", "the last drawing is asked about");
    assert.equal(python.traits.result, key(pad.drawing), "and is the one that is answered");
  } catch (error) {
    console.error(`seed ${seed}, ${count} window(s): … ${log.slice(-40).join(" ")}`);
    throw error;
  } finally {
    for (const { views } of pages) for (const { life } of views) life.abort();
  }
}

for (const windows of [1, 2]) {
  test(`in ${windows} window(s) no answer is another drawing's, and all drawings are answered`, async (t) => {
    for (let seed = SEED; seed < SEED + RUNS / 2; seed++) await run(t, seed, { windows });
  });
}

test("when Python dies on the way, no old answer is shown for a new drawing, and the pad says so", async (t) => {
  for (let seed = SEED; seed < SEED + RUNS / 4; seed++) await run(t, seed, { windows: 1 + (seed % 2), isLost: true });
});
