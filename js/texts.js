// All that the widget says, in each language it speaks. Pure data and pure functions; a text is never HTML.

/** @typedef {keyof typeof en} Key */

const en = {
  pad: "Drawing pad: draw a digit with mouse, finger, pen or keys",
  keys:
    "Arrow keys move the pen, faster with Shift; Space puts it down and lifts it; Enter asks; Delete clears; " +
    "Ctrl+Z undoes; Escape leaves.",
  size: "Size of the pad",
  undo: "Undo",
  redo: "Redo",
  clear: "Clear",
  predict: "Predict",
  why: "Why?",
  blank: "Draw a digit",
  unknown: "Not a digit, it seems",
  none: "No answer",
  verySure: "Very sure",
  sure: "Sure",
  fairlySure: "Fairly sure",
  notSure: "Not sure",
  words: "{sureness} ({share})",
  said: "{label}: {words}.",
  second: "Second: {label} ({share}).",
  bars: "Most probable answers",
  seen: "What the model sees",
  seenAlt: "The drawing as the model sees it",
  legend: "{warm} spoke for {label}, {cold} against it",
  warm: "Warm ink",
  cold: "cold ink",
  runnerUp: "The same for the runner-up, {label}",
  models: "The models' answers",
  agree: "The models agree",
  disagree: "The models disagree",
  differs: "≠ differs",
  stale: "Press Predict for an answer",
  busy: "Python is busy, or gone. Your drawing is kept; the answer comes when Python is free.",
  alone: "Drawing needs Python. Run the notebook to draw.",
};

/** @type {typeof en} */
const de = {
  pad: "Zeichenfeld: eine Ziffer zeichnen, mit Maus, Finger, Stift oder Tasten",
  keys:
    "Pfeiltasten bewegen den Stift, mit Umschalt schneller; die Leertaste setzt ihn auf und hebt ihn ab; Eingabe fragt; " +
    "Entf löscht; Strg+Z macht rückgängig; Esc verlässt das Feld.",
  size: "Größe des Zeichenfelds",
  undo: "Rückgängig",
  redo: "Wiederholen",
  clear: "Löschen",
  predict: "Erkennen",
  why: "Warum?",
  blank: "Zeichne eine Ziffer",
  unknown: "Das ist wohl keine Ziffer",
  none: "Keine Antwort",
  verySure: "Sehr sicher",
  sure: "Sicher",
  fairlySure: "Ziemlich sicher",
  notSure: "Unsicher",
  words: "{sureness} ({share})",
  said: "{label}: {words}.",
  second: "An zweiter Stelle: {label} ({share}).",
  bars: "Die wahrscheinlichsten Antworten",
  seen: "Was das Modell sieht",
  seenAlt: "Die Zeichnung, wie das Modell sie sieht",
  legend: "{warm} sprach für {label}, {cold} dagegen",
  warm: "Warme Tinte",
  cold: "kalte Tinte",
  runnerUp: "Dasselbe für die zweitbeste Antwort, {label}",
  models: "Die Antworten der Modelle",
  agree: "Die Modelle sind sich einig",
  disagree: "Die Modelle sind sich uneinig",
  differs: "≠ weicht ab",
  stale: "„Erkennen“ drücken, dann kommt die Antwort",
  busy: "Python ist beschäftigt oder beendet. Die Zeichnung bleibt; die Antwort kommt, sobald Python frei ist.",
  alone: "Zum Zeichnen braucht es Python. Das Notebook ausführen, dann geht es.",
};

/** @type {typeof en} */
const zh = {
  pad: "画板：用鼠标、手指、手写笔或键盘画一个数字",
  keys: "方向键移动画笔，按住 Shift 更快；空格键落笔或抬笔；回车键识别；Delete 键清空；Ctrl+Z 撤销；Esc 键离开画板。",
  size: "画板大小",
  undo: "撤销",
  redo: "重做",
  clear: "清空",
  predict: "识别",
  why: "为什么？",
  blank: "画一个数字",
  unknown: "看起来不是数字",
  none: "没有答案",
  verySure: "非常确定",
  sure: "确定",
  fairlySure: "比较确定",
  notSure: "不太确定",
  words: "{sureness}（{share}）",
  said: "{label}：{words}。",
  second: "其次：{label}（{share}）。",
  bars: "最可能的答案",
  seen: "模型看到的图像",
  seenAlt: "模型看到的画",
  legend: "{warm}支持 {label}，{cold}反对",
  warm: "暖色笔迹",
  cold: "冷色笔迹",
  runnerUp: "第二可能的答案 {label} 的同样分析",
  models: "各模型的答案",
  agree: "各模型答案一致",
  disagree: "各模型答案不一致",
  differs: "≠ 不同",
  stale: "按“识别”获取答案",
  busy: "Python 正忙或已停止。画已保留，Python 空闲后会给出答案。",
  alone: "绘画需要 Python。请运行此笔记本后再画。",
};

/** @type {typeof en} */
const hi = {
  pad: "ड्रॉइंग पैड: माउस, उँगली, पेन या कीबोर्ड से एक अंक बनाएँ",
  keys:
    "तीर कुंजियाँ पेन चलाती हैं, Shift के साथ तेज़; Space पेन रखता और उठाता है; Enter पूछता है; Delete मिटाता है; " +
    "Ctrl+Z पूर्ववत करता है; Escape बाहर ले जाता है।",
  size: "पैड का आकार",
  undo: "पूर्ववत करें",
  redo: "फिर से करें",
  clear: "मिटाएँ",
  predict: "पहचानें",
  why: "क्यों?",
  blank: "एक अंक बनाएँ",
  unknown: "लगता है यह अंक नहीं है",
  none: "कोई उत्तर नहीं",
  verySure: "बिल्कुल निश्चित",
  sure: "निश्चित",
  fairlySure: "काफ़ी निश्चित",
  notSure: "अनिश्चित",
  words: "{sureness} ({share})",
  said: "{label}: {words}।",
  second: "दूसरा: {label} ({share})।",
  bars: "सबसे संभावित उत्तर",
  seen: "मॉडल को जो दिखता है",
  seenAlt: "चित्र जैसा मॉडल को दिखता है",
  legend: "{warm} {label} के पक्ष में थी, {cold} विरोध में",
  warm: "गर्म रंग की स्याही",
  cold: "ठंडे रंग की स्याही",
  runnerUp: "दूसरे सबसे संभावित उत्तर {label} के लिए भी यही",
  models: "मॉडलों के उत्तर",
  agree: "मॉडल सहमत हैं",
  disagree: "मॉडल सहमत नहीं हैं",
  differs: "≠ अलग",
  stale: "उत्तर के लिए “पहचानें” दबाएँ",
  busy: "Python व्यस्त है या बंद हो चुका है। चित्र सुरक्षित है; Python के खाली होते ही उत्तर आएगा।",
  alone: "चित्र बनाने के लिए Python चाहिए। बनाने के लिए नोटबुक चलाएँ।",
};

/** Every language by its code. */
export const LANGUAGES = { en, de, zh, hi };

/** From this confidence on an answer is called so. @type {[from: number, key: Key][]} */
const SURENESS = [
  [0.99, "verySure"],
  [0.9, "sure"],
  [0.6, "fairlySure"],
  [0, "notSure"],
];

/**
 * Take the first language tag ("de-AT") that is spoken here.
 * @param {readonly string[]} tags  the best first
 * @returns {{ tag: string, language: keyof typeof LANGUAGES }}
 */
export function choose(tags) {
  for (const tag of tags) {
    const language = tag.split("-")[0].toLowerCase();
    if (Object.hasOwn(LANGUAGES, language)) {
      return { tag, language: /** @type {keyof typeof LANGUAGES} */ (language) };
    }
  }
  return { tag: "en", language: "en" };
}

/**
 * The languages that a person may want, the best first.
 * @param {string} locale  what Python asks for, "" for nothing
 * @param {string} page  the page's language; hosts call themselves English whoever reads them, so that says nothing
 * @param {readonly string[]} browser  the browser's languages
 */
export const wanted = (locale, page, browser) =>
  locale ? [locale] : [...(page && choose([page]).language !== "en" ? [page] : []), ...browser];

/**
 * Cut a text at its {placeholders}: what stands at the odd places is a placeholder's name.
 * @param {string} text
 */
export const cut = (text) => text.split(/\{(\w+)\}/);

/** @param {Intl.LocalesArgument} tag */
const percents = (tag) => new Intl.NumberFormat(tag, { style: "percent" });

/** How the widget speaks to one person. @param {readonly string[]} tags  the languages wanted, the best first */
export function createVoice(tags) {
  const { tag, language } = choose(tags);
  const texts = LANGUAGES[language];
  let percent = percents(language);
  try {
    percent = percents(tag);
  } catch {
    // The tag begins with a language and goes on with nonsense: the language will do.
  }

  /** @param {Key} key @param {Record<string, string>} [values]  by placeholder */
  const say = (key, values = {}) =>
    cut(texts[key])
      .map((part, index) => (index % 2 ? (values[part] ?? "") : part))
      .join("");

  const share = (/** @type {number} */ p) =>
    // Never "100 %" for what is only nearly certain.
    p < 1 && p > 0.99 ? `> ${percent.format(0.99)}` : percent.format(p);

  return {
    language,
    /** All of the languages are written from left to right, on a page that is not, too. */
    direction: "ltr",
    say,
    share,

    /** A text with its {placeholders}. */
    template: (/** @type {Key} */ key) => texts[key],

    /** How sure an answer is, in words. @param {{ prediction: number | null, confidence: number }} answer */
    words({ prediction, confidence }) {
      if (prediction === null) return say("unknown");
      const [, key] = /** @type {[number, Key]} */ (SURENESS.find(([from]) => confidence >= from));
      return say("words", { sureness: say(key), share: share(confidence) });
    },

    /** A label as it is read aloud: a keycap emoji is its digit, the thinking face no answer. */
    aloud(/** @type {string} */ label) {
      if (label === "🤔") return say("none");
      return label.replace(/([0-9#*])\uFE0F?\u20E3/gu, "$1");
    },
  };
}

/** @typedef {ReturnType<typeof createVoice>} Voice */
