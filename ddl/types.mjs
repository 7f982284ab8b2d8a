#!/usr/bin/env node
// Writes NAME.d.json.ts beside each NAME.json: the same JSON in type position, so that TypeScript keeps the
// literal types that it widens when it imports JSON (microsoft/TypeScript#32063). `--check` only compares.
// Usage: node ddl/types.mjs [--check] [FOLDER or FILE …]; default: this folder.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { orEnd, readArguments, WrongUse } from '../scripts/command-line.mjs';

const USAGE = `Usage: npm run ddl [-- --check] [FOLDER or FILE …]

Writes the types beside each DDL; --check only compares. Exit codes: 0 all are fresh; 1 one is stale; 2 wrong use.`;

const { check, places } = orEnd('ddl', USAGE, () => {
  const options = { check: { type: 'boolean', default: false } };
  const { values, positionals } = readArguments({ options, allowPositionals: true });
  const missing = positionals.find((place) => !existsSync(place));
  if (missing !== undefined) throw new WrongUse(`there is no ${missing}`);
  return { check: values.check, places: positionals };
});
if (places.length === 0) places.push(dirname(fileURLToPath(import.meta.url)));

const files = places.flatMap((place) =>
  statSync(place).isDirectory()
    ? readdirSync(place)
        .filter((name) => name.endsWith('.json') && name !== 'package.json')
        .map((name) => join(place, name))
    : [place],
);
let stale = 0;
for (const file of files) {
  const json = readFileSync(file, 'utf8').trim();
  JSON.parse(json);
  const target = file.replace(/\.json$/, '.d.json.ts');
  const text = `// Generated from ${basename(file)} by "npm run ddl".\ndeclare const ddl: ${json};\nexport = ddl;\n`;
  if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
  if (check) {
    stale += 1;
    console.error(`${target} is stale: run npm run ddl`);
  } else {
    writeFileSync(target, text);
    console.log(`wrote ${target}`);
  }
}
process.exit(stale > 0 ? 1 : 0);
