// What a person says about an answer: Right, or It was…; asked below the panel, and sent to who saves it, or learns from
// it: then the person is asked which one it is. It knows no model; view.js connects it.

import PAD from "../../src/digit_widget/pad.json" with { type: "json" };
import { write } from "../elements.js";
import { textOf } from "../template.js";
import ALL from "./texts.json" with { type: "json" };

/**
 * Which answer something is about: the number of the question, how many drawings Python had made, and the label.
 * @typedef {{ answered: number, drawn: number, result: string }} Of
 */

/**
 * What is sent; `number` grows with each. A page of its own is also asked to save a file, and to remove what is in it.
 * @typedef {object} Message
 * @property {number} number
 * @property {"say" | "comment" | "undo" | "retry" | "file" | "forget"} does
 * @property {boolean} [consents]  whether the person has agreed to have it saved
 * @property {number | null} [target]  the class that it was; null for none of them
 * @property {string} [comment]
 */

/**
 * What came of the last message, from Python; or from keeper.js, on a page of its own.
 * @typedef {object} Saved
 * @property {number} number  of the message
 * @property {boolean} consented
 * @property {"saved" | "undone" | "failed"} [state]
 * @property {string} [error]  why it failed
 * @property {boolean} [retries]  whether what failed can be tried again
 * @property {number[]} taught  how many drawings of each class a teacher has
 * @property {Of} [of]
 * @property {string} [label]  what it was saved as; "" for none of the labels
 * @property {import("./keeper.js").Kept} [kept]  what a page of its own has
 */

/**
 * @typedef {object} View
 * @property {{ language: string, aloud: (label: string) => string }} voice
 * @property {string[]} labels
 * @property {number | null} prediction
 * @property {boolean} isAnswered  whether there is an answer to the drawing on the pad
 * @property {boolean} isGone  whether Python is probably gone, if it does not answer
 * @property {Of} of
 * @property {Saved} saved
 * @property {boolean} [teaches]  whether the pad is taught
 * @property {boolean} [saves]  whether what is said is saved
 * @property {boolean} [isHere]  whether it is kept on the page, without Python
 * @property {string} [consent]  what is said before anything is saved, in the place of the usual text if not ""
 */

/** @typedef {keyof typeof ALL.texts} Key */

/** @param {Of | undefined} one @param {Of} other */
export const isSame = (one, other) =>
  one?.answered === other.answered && one.drawn === other.drawn && one.result === other.result;

/** @param {Document} document @param {string} words @param {() => void} act @param {string} [title] */
export function button(document, words, act, title) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = words;
  if (title && title !== words) made.ariaLabel = made.title = title;
  made.addEventListener("click", act);
  return made;
}

/** A line that is read out when it changes; the focus goes there when the button that had it is gone. */
export function statusLine(/** @type {Document} */ document) {
  const line = document.createElement("p");
  line.role = "status";
  line.tabIndex = -1;
  return line;
}

/**
 * @param {Document} document
 * @param {(message: Message & Partial<Of>) => void} send
 * @param {() => void} onSlow  called when what was said has been waiting for long: `show` is to be called then
 * @param {Partial<Record<Key, string[]>>} [others]  texts in the place of the usual ones
 */
export function createAsking(document, send, onSlow, others = {}) {
  const all = { ...ALL, texts: { ...ALL.texts, ...others } };
  /** @type {View} */
  let view;
  /** What is asked for: the usual buttons, which class it was, consent to what was chosen, a comment. */
  let step = "usual";
  /** What is said once the person has agreed. @type {number | null} */
  let chosen = null;
  let number = 0;
  /** Sends the last message once more. */
  let again = () => {};
  /** Whether that has been waiting for longer than saving should take. */
  let isSlow = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** What is shown, as one text: it is built again only when that changes, or buttons would lose the focus. */
  let built = "";

  const element = document.createElement("div");
  element.className = "dw-feedback";
  element.role = "group";
  const line = statusLine(document);
  const controls = document.createElement("div");
  element.append(line, controls);

  const say = (/** @type {Key} */ key, label = "") => textOf(all, view.voice.language, key, { label });
  const press = (/** @type {string} */ words, /** @type {() => void} */ act, /** @type {string} */ title = "") =>
    button(document, words, act, title);
  const isWaiting = () => number > view.saved.number;

  /** @param {string} next */
  function go(next) {
    step = next;
    show(view);
    const first = controls.querySelector("input") ?? controls.querySelector("button");
    (next === "usual" ? line : (first ?? line)).focus();
  }

  /** @param {Message["does"]} does @param {Partial<Message & Of>} [more] */
  function tell(does, more) {
    number = Math.max(number + 1, view.saved.number + 1, Date.now());
    again = () => tell(does, more);
    wait();
    send({ number, does, consents: view.saved.consented, ...more });
    go("usual");
  }

  /** What takes long may be lost with its kernel: the person is told, and may send it once more. */
  function wait() {
    isSlow = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      isSlow = isWaiting();
      if (isSlow) onSlow();
    }, PAD.slow_ms);
  }

  /** @param {number | null} target @param {boolean} [consents] */
  function choose(target, consents = view.saved.consented) {
    chosen = target;
    if (consents) tell("say", { ...view.of, target, consents });
    else go("consent");
  }

  /** A class to be taught, with how many drawings it has. @param {string} label @param {number} index */
  function lesson(label, index) {
    const count = view.saved.taught[index];
    const made = press(label, () => choose(index), `${view.voice.aloud(label)} (${count})`);
    if (count) made.append(` ${count}`);
    return made;
  }

  function comment() {
    const form = document.createElement("form"); // Enter submits it, whatever hears the key before
    const input = document.createElement("input");
    input.maxLength = 2000;
    input.ariaLabel = input.placeholder = say("comment");
    const save = document.createElement("button");
    save.textContent = say("agree");
    form.append(input, save);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      tell("comment", { comment: input.value });
    });
    return [form];
  }

  /** The sentence and the buttons that are to be seen. @returns {[string, () => HTMLElement[]]} */
  function content() {
    const { saved, of, labels, prediction, voice, consent, teaches, saves, isHere, isGone } = view;
    const isSaved = saved.state === "saved" && isSame(saved.of, of);
    const isUndone = saved.state === "undone" && isSame(saved.of, of);
    const label = saved.label ? voice.aloud(saved.label) : say("none");
    const undo = () => press(say("undo"), () => tell("undo"));
    const retry = (/** @type {() => void} */ act) => [press(say("retry"), act)];
    if (step === "consent")
      return [
        isHere ? `${consent} ${say("consent")}`.trim() : consent || say("consent"), // a page is another place
        () => [press(say("agree"), () => choose(chosen, true)), press(say("refuse"), () => go("usual"))],
      ];
    if (step === "which")
      return [
        say("was"),
        () => [
          ...labels.map((text, index) => press(text, () => choose(index), voice.aloud(text))),
          press(say("none"), () => choose(null)),
        ],
      ];
    if (step === "comment") return [say("comment"), comment];
    const correct = press(say("was"), () => go("which"));
    if (isWaiting()) return isSlow ? [say(isGone ? "gone" : "busy"), () => retry(again)] : [say("saving"), () => []];
    if (saved.state === "failed" && isSame(saved.of ?? of, of))
      return [saved.error ?? "", () => (saved.retries ? retry(() => tell("retry")) : [correct])];
    if (teaches)
      return [
        isSaved ? say(saves ? "thanks" : "learnt", label) : say(isUndone ? "undone" : "which"),
        () => [...labels.map(lesson), ...(isSaved ? [undo()] : [])],
      ];
    if (isSaved)
      return [say("thanks", label), () => [undo(), press(say("comment"), () => go("comment")), correct]];
    return [isUndone ? say("undone") : say("ask"), () => [press(say("right"), () => choose(prediction)), correct]];
  }

  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && step !== "usual") go("usual");
  });

  /** @param {View} next */
  function show(next) {
    const isNew = view && !isSame(view.of, next.of);
    view = next;
    if (isNew || !view.isAnswered) step = "usual"; // what was begun was about another drawing
    isSlow &&= isWaiting();
    element.ariaLabel = say("ask");
    element.dataset.empty = String(!view.isAnswered); // its place stays: nothing jumps
    element.inert = !view.isAnswered;
    const [sentence, make] = content();
    const { labels, prediction, voice, saved } = view;
    const key = JSON.stringify([step, sentence, labels, prediction, voice.language, saved.state, saved.taught, isSlow]);
    if (key === built) return;
    built = key;
    const hadFocus = controls.contains(document.activeElement);
    write(line, sentence);
    line.lang = saved.state === "failed" && sentence === saved.error ? "en" : "";
    controls.replaceChildren(...make());
    if (hadFocus) line.focus();
  }

  return {
    element,
    show,

    /** Whether what was said has been waiting for longer than it should. */
    get isSlow() {
      return isSlow;
    },
  };
}
