#!/usr/bin/env node
// What follows tsc in a build: makes fewer and larger files, which start faster. Nothing needs them, and none is used
// where something that it was made of has changed since.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleLibraries } from './bundle/libraries.mjs';
import { bundleMco, bundleMcod } from './bundle/program.mjs';
import { bundleSchemas } from './bundle/schemas.mjs';

/** Makes all bundles of the clone at `root`, which tsc has compiled. */
export async function bundle(root) {
  await bundleLibraries(root);
  await bundleSchemas(root);
  await bundleMcod(root);
  await bundleMco(root);
}

const own = fileURLToPath(import.meta.url);
if (process.argv[1] && resolve(process.argv[1]) === own) await bundle(resolve(own, '../..'));
