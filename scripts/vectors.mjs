// npm run reference: makes docs/reference/protocol-vectors.json. After a build.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noArguments } from './command-line.mjs';
import { root } from './setup.mjs';
import { vectors } from './vectors/make.mjs';

noArguments('vectors', 'Usage: node scripts/vectors.mjs\n\nGenerates docs/reference/protocol-vectors.json.');

const page = 'docs/reference/protocol-vectors.json';
writeFileSync(join(root, page), `${JSON.stringify(await vectors(), null, 2)}\n`);
process.stdout.write(`${page}\n`);
