// Makes the table of docs/reference/mcod.md from the schema of the daemon's configuration. After a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { configTable } from '../packages/core/dist/src/config/reference.js';
import { daemonSchema } from '../packages/daemon/dist/src/config.js';
import { noArguments } from './command-line.mjs';

noArguments('reference', 'Usage: node scripts/reference.mjs\n\nMakes the table of docs/reference/mcod.md.');

const page = new URL('../docs/reference/mcod.md', import.meta.url);
const begin = '<!-- made by scripts/reference.mjs -->\n';
const end = '<!-- end -->\n';

const text = readFileSync(page, 'utf8');
const from = text.indexOf(begin) + begin.length;
writeFileSync(page, `${text.slice(0, from)}\n${configTable(daemonSchema)}\n${text.slice(text.indexOf(end))}`);
