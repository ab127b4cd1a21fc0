// Answers drawings by the engine that is shipped, for test_offline.py: what a page is given in, one answer a line out.

import { readFileSync } from "node:fs";

const source = readFileSync(new URL("../src/digit_widget/static/engine.js", import.meta.url));
const { fromBase64, load } = await import(`data:text/javascript;base64,${source.toString("base64")}`);
const { packed, parts, inks } = JSON.parse(readFileSync(0, "utf8"));
const bytes = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, fromBase64(part)]));
const classifier = await load(packed, bytes);
for (const { width, height, ink } of inks) {
  const { seen, ...answer } = await classifier.classify({ width, height, data: fromBase64(ink) });
  console.log(JSON.stringify({ ...answer, seen: Buffer.from(seen.data).toString("base64") }));
}
