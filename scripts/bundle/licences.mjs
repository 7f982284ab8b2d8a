import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Writes the licences of the packages of others that builds of esbuild read files of, as these licences ask for. */
export function writeLicences(file, metafiles, root) {
  const texts = new Map();
  for (const path of metafiles.flatMap(({ inputs }) => Object.keys(inputs))) {
    if (!path.includes('node_modules/')) continue;
    const folder = packageFolder(join(root, path));
    if (!texts.has(folder)) texts.set(folder, licenceOf(folder));
  }
  writeFileSync(file, [...texts.values()].sort().join('\n\n'));
}

/** The folder of the package that a file belongs to. */
function packageFolder(file) {
  for (let folder = dirname(file); ; folder = dirname(folder))
    if (existsSync(join(folder, 'package.json')) && hasName(folder)) return folder;
}

function hasName(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name !== undefined;
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter((entry) => /^(licen[cs]e|notice|copying)/i.test(entry))
    .map((entry) => readFileSync(join(folder, entry), 'utf8').trim());
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}
