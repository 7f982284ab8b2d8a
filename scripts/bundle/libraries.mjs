import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { originsOf, packageFolder } from './origins.mjs';

/** The CommonJS packages that `commonjs.ts` of @troupe/core loads. */
const names = ['ajv', 'mqtt', 'node-forge/lib/asn1', 'pino', 're2js', 'yaml'];

/** Makes a single file of each library that the core loads: to read a hundred small ones takes longer than all its work. */
export async function bundleLibraries(root) {
  const home = join(root, 'packages/core');
  const folder = join(home, 'dist/libraries');
  const since = Date.now();
  const origins = {};
  const licences = new Map();
  for (const name of names) {
    const { metafile } = await build({
      stdin: { contents: `module.exports = require('${name}')`, resolveDir: home },
      absWorkingDir: root,
      bundle: true,
      platform: 'node',
      target: 'node20.19',
      format: 'cjs',
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: 'inline',
      metafile: true,
      outfile: join(folder, `${name.replaceAll('/', '-')}.cjs`),
      logLevel: 'warning',
    });
    origins[name] = originsOf(metafile, { root, home, since });
    for (const path of Object.keys(metafile.inputs)) noteLicence(join(root, path), licences);
  }
  writeFileSync(join(folder, 'LICENSES.txt'), [...licences.values()].sort().join('\n\n'));
  writeFileSync(join(folder, 'origins.json'), JSON.stringify(origins));
}

function noteLicence(file, licences) {
  if (!file.includes('/node_modules/')) return;
  const folder = packageFolder(file);
  if (licences.has(folder)) return;
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter((entry) => /^(licen[cs]e|notice|copying)/i.test(entry))
    .map((entry) => readFileSync(join(folder, entry), 'utf8').trim());
  licences.set(folder, [`${name} ${version} (${license})`, ...texts].join('\n\n'));
}
