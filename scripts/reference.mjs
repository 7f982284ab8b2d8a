// Makes the tables of configurations in docs/reference from their schemas. After a build.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noArguments } from './command-line.mjs';
import { pages } from './reference/tables.mjs';
import { root } from './setup.mjs';

noArguments(
  'reference',
  'Usage: node scripts/reference.mjs\n\nGenerates the configuration tables in docs/reference.',
);

for (const [page, text] of await pages()) {
  writeFileSync(join(root, page), text);
  process.stdout.write(`${page}\n`);
}
