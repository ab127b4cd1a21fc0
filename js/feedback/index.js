// What a person says about an answer: Right, or It was…; asked below the panel, sent to Python, which saves it, or
// learns from it: then the person is asked which one it is.
// A bundle of its own, which a pad has only if it has feedback. It knows no model; widget.js connects it.

import ALL from "./texts.json" with { type: "json" };
import CSS from "./feedback.css";

/**
 * Which answer something is about: the number of the question, how many drawings Python had made, and the label.
 * @typedef {{ answered: number, drawn: number, result: string }} Of
 */

/**
 * What is sent; `number` grows with each.
 * @typedef {object} Message
 * @property {number} number
 * @property {"say" | "comment" | "undo" | "retry"} does
 * @property {boolean} consents  whether the person has agreed to have it saved
 * @property {number | null} [target]  the class that it was; null for none of them
 * @property {string} [comment]
 */

/**
 * What came of the last message, from Python.
 * @typedef {object} Saved
 * @property {number} number  of the message
 * @property {boolean} consented
 * @property {"saved" | "undone" | "failed"} [state]
 * @property {string} [error]  why it failed
 * @property {number[]} taught  how many drawings of each class a teacher has
 * @property {number} [waiting]  how many records could not be saved yet, and are kept to be tried again
 * @property {Of} [of]
 * @property {string} [label]  what it was saved as; "" for none of the labels
 */

/**
 * @typedef {object} View
 * @property {{ language: string, aloud: (label: string) => string }} voice
 * @property {string[]} labels
 * @property {number | null} prediction
 * @property {boolean} isAnswered  whether there is an answer to the drawing on the pad
 * @property {Of} of
 * @property {Saved} saved
 * @property {boolean} [teaches]  whether the pad is taught
 * @property {boolean} [saves]  whether what is said is saved
 * @property {string} [consent]  what is said before anything is saved; its own words if ""
 */

/** @param {Of | undefined} one @param {Of} other */
const isSame = (one, other) =>
  one?.answered === other.answered && one.drawn === other.drawn && one.result === other.result;

/**
 * @param {Document} document
 * @param {(message: Message & Partial<Of>) => void} send
 */
export function createFeedback(document, send) {
  /** @type {View} */
  let view;
  /** What is asked for: the usual buttons, which class it was, consent to what was chosen, a comment. */
  let step = "usual";
  /** What is said once the person has agreed. @type {number | null} */
  let chosen = null;
  let number = 0;
  /** What is shown, as one text: it is built again only when that changes, or buttons would lose the focus. */
  let built = "";

  const element = document.createElement("div");
  element.className = "dw-feedback";
  element.role = "group";
  const style = document.createElement("style");
  style.textContent = CSS;
  const line = document.createElement("p");
  line.role = "status";
  line.tabIndex = -1; // the focus goes there when the button that had it is gone
  const controls = document.createElement("div");
  element.append(style, line, controls);

  /** @param {keyof typeof ALL.texts} key @param {string} [label] */
  function say(key, label = "") {
    return ALL.texts[key][ALL.languages.indexOf(view.voice.language)].replace("{label}", () => label);
  }

  /** @param {string} text @param {() => void} act @param {string} [title] */
  function button(text, act, title) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    if (title && title !== text) made.ariaLabel = made.title = title;
    made.addEventListener("click", act);
    return made;
  }

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
    send({ number, does, consents: view.saved.consented, ...more });
    go("usual");
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
    const made = button(label, () => choose(index), `${view.voice.aloud(label)} (${count})`);
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
    const { saved, of, labels, prediction, voice, consent, teaches, saves } = view;
    const isSaved = saved.state === "saved" && isSame(saved.of, of);
    const isUndone = saved.state === "undone" && isSame(saved.of, of);
    const label = saved.label ? voice.aloud(saved.label) : say("none");
    const undo = () => button(say("undo"), () => tell("undo"));
    if (step === "consent")
      return [
        consent || say("consent"),
        () => [button(say("agree"), () => choose(chosen, true)), button(say("refuse"), () => go("usual"))],
      ];
    if (step === "which")
      return [
        say("was"),
        () => [
          ...labels.map((text, index) => button(text, () => choose(index), voice.aloud(text))),
          button(say("none"), () => choose(null)),
        ],
      ];
    if (step === "comment") return [say("comment"), comment];
    const correct = button(say("was"), () => go("which"));
    if (number > saved.number) return [say("saving"), () => []];
    if (saved.state === "failed" && isSame(saved.of ?? of, of))
      return [saved.error ?? "", () => (saved.waiting ? [button(say("retry"), () => tell("retry"))] : [correct])];
    if (teaches)
      return [
        isSaved ? say(saves ? "thanks" : "learnt", label) : say(isUndone ? "undone" : "which"),
        () => [...labels.map(lesson), ...(isSaved ? [undo()] : [])],
      ];
    if (isSaved)
      return [say("thanks", label), () => [undo(), button(say("comment"), () => go("comment")), correct]];
    return [isUndone ? say("undone") : say("ask"), () => [button(say("right"), () => choose(prediction)), correct]];
  }

  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && step !== "usual") go("usual");
  });

  /** @param {View} next */
  function show(next) {
    const isNew = view && !isSame(view.of, next.of);
    view = next;
    if (isNew || !view.isAnswered) step = "usual"; // what was begun was about another drawing
    element.ariaLabel = say("ask");
    element.dataset.empty = String(!view.isAnswered); // its place stays: nothing jumps
    element.inert = !view.isAnswered;
    const [sentence, make] = content();
    const { labels, prediction, voice, saved } = view;
    const key = JSON.stringify([step, sentence, labels, prediction, voice.language, saved.state, saved.taught]);
    if (key === built) return;
    built = key;
    const hadFocus = controls.contains(document.activeElement);
    if (line.textContent !== sentence) line.textContent = sentence;
    line.lang = view.saved.state === "failed" ? "en" : "";
    controls.replaceChildren(...make());
    if (hadFocus) line.focus();
  }

  return { element, show };
}
