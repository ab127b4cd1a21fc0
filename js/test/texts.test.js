import assert from "node:assert/strict";
import { test } from "node:test";

import ALL from "../../src/digit_widget/texts.json" with { type: "json" };
import HERE from "../feedback/here.json" with { type: "json" };
import FEEDBACK from "../feedback/texts.json" with { type: "json" };
import MODELS from "../models.json" with { type: "json" };
import { cut } from "../template.js";
import { choose, createVoice, wanted } from "../texts.js";
import WALL from "../wall.json" with { type: "json" };

const KEYCAPS = Array.from({ length: 10 }, (_, digit) => `${digit}\uFE0F\u20E3`);

/** The placeholders of a text, in the order of the alphabet. @param {string} text */
const placeholders = (text) =>
  cut(text)
    .filter((_, index) => index % 2)
    .sort();

test("every language says everything, with the same placeholders", () => {
  for (const { languages } of [FEEDBACK, HERE, MODELS, WALL]) assert.deepEqual(languages, ALL.languages);
  for (const [key, [english, ...others]] of [ALL, FEEDBACK, HERE, MODELS, WALL].flatMap((one) => Object.entries(one.texts))) {
    assert.equal(others.length, ALL.languages.length - 1, key);
    for (const text of others) {
      assert.ok(text.trim(), key);
      assert.deepEqual(placeholders(text), placeholders(english), `${key}: ${text}`);
    }
  }
});

test("no text is left in English", () => {
  const forms = ["words", "said", "whose", "ctrl"]; // hold no word of their own
  for (const [key, [english, ...others]] of [ALL, FEEDBACK, HERE, MODELS, WALL].flatMap((one) => Object.entries(one.texts))) {
    if (!forms.includes(key)) assert.ok(!others.includes(english), key);
  }
});

test("a tag falls back to its language, another language to the next, and the last to English", () => {
  assert.deepEqual(choose(["de-AT"]), { tag: "de-AT", language: "de" });
  assert.deepEqual(choose(["zh-Hant-TW"]), { tag: "zh-Hant-TW", language: "zh" });
  assert.deepEqual(choose(["fr", "HI-in"]), { tag: "HI-in", language: "hi" });
  assert.deepEqual(choose(["fr", "constructor"]), { tag: "en", language: "en" });
  assert.deepEqual(choose([]), { tag: "en", language: "en" });
});

test("what Python asks for comes before the page, and the page, unless it is English, before the browser", () => {
  assert.deepEqual(wanted("hi", "de", ["zh"]), ["hi"]);
  assert.deepEqual(wanted("", "de", ["zh"]), ["de", "zh"]);
  assert.deepEqual(wanted("", "en", ["zh", "en"]), ["zh", "en"]);
  assert.deepEqual(wanted("", "", ["de-CH"]), ["de-CH"]);
});

test("numbers are written as the language writes them", () => {
  assert.equal(createVoice(["en"]).share(0.98), "98%");
  assert.equal(createVoice(["de"]).share(0.98), "98\u00a0%");
  assert.equal(createVoice(["hi-u-nu-deva"]).share(0.98), "९८%");
  assert.equal(createVoice(["de-1"]).share(0.98), "98\u00a0%", "nonsense after the language is ignored");
  assert.equal(createVoice(["en"]).share(0.9999), "> 99%", "what is only nearly certain");
  assert.equal(createVoice(["en"]).share(1), "100%");
});

test("how sure an answer is, is said in words", () => {
  const words = (/** @type {number} */ confidence, prediction = 7) =>
    createVoice(["en"]).words({ prediction, confidence }, KEYCAPS);
  assert.equal(words(0.995), "Very sure (> 99%)");
  assert.equal(words(0.93), "Sure (93%)");
  assert.equal(words(0.7), "Fairly sure (70%)");
  assert.equal(words(0.2), "Not sure (20%)");
  assert.equal(createVoice(["de"]).words({ prediction: null, confidence: 0 }, KEYCAPS), "Das ist wohl keine Ziffer");
  assert.equal(createVoice(["en"]).words({ prediction: null, confidence: 0 }, ["cat", "dog"]), "No answer");
});

test("a keycap is read as its digit, the thinking face as no answer, another label as it is", () => {
  const { aloud } = createVoice(["en"]);
  assert.equal(aloud("7\uFE0F\u20E3"), "7");
  assert.equal(aloud("\u{1F914}"), "No answer");
  assert.equal(aloud("\u{1F431}"), "\u{1F431}");
  assert.equal(aloud("seven"), "seven");
});

test("the blank pad says what can be drawn on it", () => {
  const { invitation } = createVoice(["en"]);
  assert.equal(invitation({ prompt: "", labels: KEYCAPS }), "Draw a digit");
  assert.equal(invitation({ prompt: "", labels: ["cat", "dog"] }), "Draw here, or drop a picture");
  assert.equal(invitation({ prompt: "A cat, please", labels: KEYCAPS }), "A cat, please");
});
