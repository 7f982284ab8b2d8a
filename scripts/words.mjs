#!/usr/bin/env node
// npm run words: where texts use phrases that scripts/words/phrases.mjs lists.
import { root } from './setup.mjs';
import { findPhrases } from './words/phrases.mjs';
import { texts } from './words/texts.mjs';

const only = process.argv.slice(2);
let count = 0;
for (const { file, line, text } of texts(root)) {
  if (only.length > 0 && !only.some((start) => file.startsWith(start))) continue;
  for (const { words, instead } of findPhrases(text)) {
    count += 1;
    console.log(
      `${file}:${line}: "${words}" (write: ${instead})\n    ${text.trim().replaceAll('\n', ' ').slice(0, 300)}`,
    );
  }
}
console.log(`${count} found`);
process.exitCode = count > 0 ? 1 : 0;
