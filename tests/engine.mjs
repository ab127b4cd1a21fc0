// Answers drawings, or explains the answers, by the engine that is shipped, for test_offline.py: what a page is given in,
// one answer or explanation a line out.

import { readFileSync } from "node:fs";

const source = readFileSync(new URL("../src/digit_widget/static/engine.js", import.meta.url));
const { explain, fromBase64, load } = await import(`data:text/javascript;base64,${source.toString("base64")}`);
const { packed, parts, inks, explains } = JSON.parse(readFileSync(0, "utf8"));
const toBase64 = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");
const bytes = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, fromBase64(part)]));
const classifier = await load(packed, bytes);
for (const { width, height, ink } of inks) {
  const drawing = { width, height, data: fromBase64(ink) };
  const found = await (explains ? explain(classifier, drawing, packed.about, () => true) : classifier.classify(drawing));
  console.log(JSON.stringify(found, (_, value) => (ArrayBuffer.isView(value) ? toBase64(value) : value)));
}
