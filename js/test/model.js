// The two sides of a protocol, for tests: a model as hosts give it to a widget, and a pad without a canvas.

import { BLANK, createHistory, isBlank, isSame } from "../history.js";

/**
 * A model as anywidget gives it to a widget: `set` tells every view at once, `save_changes` sends what has changed.
 * @template {Record<string, any>} Traits
 */
export class FakeModel {
  /** @type {Map<string, Set<() => void>>} */
  #listeners = new Map();
  /** @type {Partial<Traits>} */
  #changes = {};
  #traits;
  #onSend;
  #isOneByOne;

  /**
   * @param {Traits} traits
   * @param {(message: Partial<Traits>) => void} onSend
   * @param {boolean} [isOneByOne]  whether it tells of each trait before the next has its value, as marimo does
   */
  constructor(traits, onSend, isOneByOne = false) {
    this.#traits = traits;
    this.#onSend = onSend;
    this.#isOneByOne = isOneByOne;
  }

  /** @template {keyof Traits} Name @param {Name} name */
  get(name) {
    return this.#traits[name];
  }

  /** @template {keyof Traits} Name @param {Name} name @param {Traits[Name]} value */
  set(name, value) {
    if (!this.#assign(name, value)) return;
    this.#changes[name] = value;
    this.#tell(name);
  }

  save_changes() {
    const changes = this.#changes;
    this.#changes = {};
    if (Object.keys(changes).length) this.#onSend(JSON.parse(JSON.stringify(changes)));
  }

  /** What comes from Python. @param {Partial<Traits>} state */
  receive(state) {
    const copy = JSON.parse(JSON.stringify(state));
    if (this.#isOneByOne) {
      for (const name of Object.keys(copy)) if (this.#assign(name, copy[name])) this.#tell(name);
    } else for (const name of Object.keys(copy).filter((each) => this.#assign(each, copy[each]))) this.#tell(name);
  }

  /** @param {string} event @param {() => void} react */
  on(event, react) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event)?.add(react);
  }

  /** @param {string} event @param {() => void} react */
  off(event, react) {
    this.#listeners.get(event)?.delete(react);
  }

  get listeners() {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** @param {keyof Traits} name @param {any} value */
  #assign(name, value) {
    if (JSON.stringify(this.#traits[name]) === JSON.stringify(value)) return false;
    this.#traits = { ...this.#traits, [name]: value };
    return true;
  }

  /** @param {keyof Traits} name */
  #tell(name) {
    for (const react of this.#listeners.get(`change:${String(name)}`) ?? []) react();
  }
}

/** What is on a pad, as text. @param {import("../history.js").Drawing} drawing */
export const key = (drawing) => (isBlank(drawing) ? "" : JSON.stringify([drawing.background, drawing.strokes]));

/** A pad without a canvas: its picture is `key`. */
export class FakePad {
  #history = createHistory();
  /** @type {import("../history.js").Stroke | null} */
  #stroke = null;
  isReady = true;
  pictures = 0;

  get drawing() {
    const { background, strokes } = this.#history.now;
    return this.#stroke ? { background, strokes: [...strokes, [...this.#stroke]] } : this.#history.now;
  }
  get isDrawing() {
    return this.#stroke !== null;
  }
  picture() {
    if (!this.isReady) throw new Error("the picture would lack its background");
    this.pictures++;
    return key(this.drawing);
  }
  historyToSave() {
    return this.#history.toSave();
  }
  /** @param {import("../history.js").Drawing} drawing @param {unknown} memory */
  restore(drawing, memory) {
    this.#history.restore(drawing, memory);
  }
  /** @param {import("../history.js").Drawing} drawing */
  follow(drawing) {
    if (!isSame(drawing, this.drawing)) this.edit(() => this.#history.follow(drawing));
  }

  /** Put a point to the stroke that is being drawn, or begin one. @param {number} n */
  move(n) {
    (this.#stroke ??= []).push([n, n, n, 0.5]);
  }
  lift() {
    if (!this.#stroke) return;
    const { background, strokes } = this.#history.now;
    this.#history.push({ background, strokes: [...strokes, this.#stroke] });
    this.#stroke = null;
  }
  /** @param {() => void} change */
  edit(change) {
    this.#stroke = null;
    change();
  }
  cancel() {
    this.#stroke = null;
  }
  undo() {
    this.edit(() => this.#history.undo());
  }
  redo() {
    this.edit(() => this.#history.redo());
  }
  clear() {
    this.edit(() => this.#history.push(BLANK));
  }
}
