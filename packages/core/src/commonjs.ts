import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { freshFolders, type Origins, readOrigins } from './bundle.js';

const require = createRequire(import.meta.url);

/**
 * The CommonJS packages that this library builds on, each loaded when it is first needed. By `require`, because for an
 * `import` Node reads each file twice and starts WebAssembly for it: 8 MB of a daemon, and half of its start-up.
 */
export const commonJs = {
  ajv: () => load<typeof import('ajv')>('ajv'),
  asn1: () => load<typeof import('node-forge').asn1>('node-forge/lib/asn1'),
  mqtt: () => load<typeof import('mqtt')>('mqtt'),
  pino: () => load<typeof import('pino')>('pino'),
  re2js: () => load<typeof import('re2js')>('re2js'),
  yaml: () => load<typeof import('yaml')>('yaml'),
};

const loaded = new Map<string, unknown>();
let bundles: Readonly<Record<string, Origins>> | undefined;

/** Loads a package: the single file that the build made of it, where that is of the versions that are installed. */
function load<T>(name: string): T {
  const known = loaded.get(name);
  if (known !== undefined) return known as T;
  bundles ??=
    readOrigins<Record<string, Origins>>(
      fileURLToPath(new URL('../libraries/origins.json', import.meta.url)),
    ) ?? {};
  const origins = bundles[name];
  const isFresh = origins && freshFolders(origins, fileURLToPath(new URL('../../', import.meta.url)));
  const library = require(isFresh ? `../libraries/${name.replaceAll('/', '-')}.cjs` : name);
  loaded.set(name, library);
  return library as T;
}
