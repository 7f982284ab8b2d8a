import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeLicences } from './licences.mjs';
import { writeOneFile } from './one-file.mjs';
import { originsOf } from './origins.mjs';

/** The CommonJS packages that `commonjs.ts` of @troupe/core loads. */
const names = ['ajv', 'mqtt', 'node-forge/lib/asn1', 'pino', 're2js', 'yaml'];

/** Makes a single file of each library that the core loads: to read a hundred small ones takes longer than all its work. */
export async function bundleLibraries(root) {
  const home = join(root, 'packages/core');
  const folder = join(home, 'dist/libraries');
  const origins = {};
  const metafiles = [];
  for (const name of names) {
    const outfile = join(folder, `${name.replaceAll('/', '-')}.cjs`);
    const contents = `module.exports = require('${name}')`;
    const metafile = await writeOneFile(contents, { root, home, outfile, legalComments: 'inline' });
    origins[name] = originsOf(metafile, { root, home });
    metafiles.push(metafile);
  }
  writeLicences(join(folder, 'LICENSES.txt'), metafiles, root);
  writeFileSync(join(folder, 'origins.json'), JSON.stringify(origins));
}
