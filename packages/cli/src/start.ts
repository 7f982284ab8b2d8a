import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { freshFolders, type Origins, readOrigins } from '@troupe/core/bundle';

// The beginning of the bundle, which lies in dist/bundle.
const folder = dirname(fileURLToPath(import.meta.url));
const origins = readOrigins<Origins>(join(folder, 'origins.json'));
const folders = origins && freshFolders(origins, join(folder, '../..'));

/** What CommonJS packages within the bundle load Node's own modules with. */
export const require = createRequire(import.meta.url);

/** The address of the module that some part of the bundle was made of. */
export function placeOf(name: string, path: string): string {
  return pathToFileURL(join(folders?.get(name) ?? folder, path)).href;
}

/** The address of a package that is not in the bundle, as some part of the bundle would find it. */
export function packageFrom(place: string, name: string): string {
  return pathToFileURL(createRequire(place).resolve(name)).href;
}

/** Runs the bundle where nothing that it was made of has changed since, else those modules themselves. */
export async function start(): Promise<void> {
  // In variables, so that neither is looked for when this is compiled.
  const [bundle, modules] = ['./main.js', '../src/main.js'];
  await import(folders ? bundle : modules);
}
