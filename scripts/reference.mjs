// Makes the tables of configurations in docs/reference from their schemas, and docs/limits.md from declarations. After a build.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noArguments } from './command-line.mjs';
import { limitsPage } from './reference/limits.mjs';
import { pages } from './reference/tables.mjs';
import { root } from './setup.mjs';

noArguments(
  'reference',
  'Usage: node scripts/reference.mjs\n\nGenerates the configuration tables in docs/reference, and docs/limits.md.',
);

for (const [page, text] of [...(await pages()), ['docs/limits.md', await limitsPage()]]) {
  writeFileSync(join(root, page), text);
  process.stdout.write(`${page}\n`);
}
