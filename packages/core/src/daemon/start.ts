import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freshFolders, type Origins, readOrigins } from '../bundle.js';

/** Runs the bundle of mcod, in whose folder this is, where nothing that it was made of has changed since; else those modules. */
export async function start(): Promise<void> {
  const folder = dirname(fileURLToPath(import.meta.url));
  const origins = readOrigins<Origins>(join(folder, 'origins.json'));
  // In variables, so that neither is looked for when this is compiled.
  const [bundle, modules] = ['./mcod.js', '../src/daemon/main.js'];
  await import(origins && freshFolders(origins, join(folder, '../..')) ? bundle : modules);
}
