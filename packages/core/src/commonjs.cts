/**
 * The CommonJS packages that this library builds on, each loaded when it is first needed: many a command needs few of
 * them. This module is CommonJS itself, because `require` is what loads at once and late, and what a bundler follows.
 */
const commonJs = {
  ajv: () => require('ajv') as typeof import('ajv'),
  asn1: () => require('node-forge/lib/asn1') as typeof import('node-forge').asn1,
  mqtt: () => require('mqtt') as typeof import('mqtt'),
  pino: () => require('pino') as typeof import('pino'),
  re2js: () => require('re2js') as typeof import('re2js', { with: { 'resolution-mode': 'import' }}),
  yaml: () => require('yaml') as typeof import('yaml'),
};

// @ts-expect-error: the one thing here that is more than types, which `erasableSyntaxOnly` does not know.
export = commonJs;
