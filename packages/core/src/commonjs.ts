import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * The CommonJS packages that this library builds on, each loaded when it is first needed. By `require`, because for an
 * `import` Node reads each file twice and starts WebAssembly for it: 8 MB of a daemon, and half of its start-up.
 */
export const commonJs = {
  ajv: () => require('ajv') as typeof import('ajv'),
  asn1: () => require('node-forge/lib/asn1') as typeof import('node-forge').asn1,
  mqtt: () => require('mqtt') as typeof import('mqtt'),
  pino: () => require('pino') as typeof import('pino'),
  re2js: () => require('re2js') as typeof import('re2js'),
  yaml: () => require('yaml') as typeof import('yaml'),
};

/** Options of ajv for schemas of our own, which the tests check: to check and to polish them takes longer than all the rest. */
export const ownSchema = { meta: false, validateSchema: false, code: { optimize: false } } as const;
