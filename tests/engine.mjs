// Answers drawings by the engine of the front end, for test_page.py: a page's data in, one answer a line out.

import { readFileSync } from "node:fs";
import { fromBase64, load } from "../js/engine/index.js";

const { packed, parts, inks } = JSON.parse(readFileSync(0, "utf8"));
const bytes = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, fromBase64(part)]));
const classifier = await load(packed, bytes);
for (const { width, height, ink } of inks) {
  const { seen, ...answer } = await classifier.classify({ width, height, data: fromBase64(ink) });
  console.log(JSON.stringify({ ...answer, seen: Buffer.from(seen.data).toString("base64") }));
}
