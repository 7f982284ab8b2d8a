#!/usr/bin/env node
// npm run bundle: makes the programs of a release in bundles/, of what tsc has written: each a folder that needs
// nothing but Node.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleProgram, programs } from './bundle/program.mjs';
import { noArguments } from './command-line.mjs';

noArguments('bundle', 'Usage: npm run bundle\n\nBuilds the programs of a release in bundles/.');
const root = resolve(fileURLToPath(import.meta.url), '../..');
for (const program of programs) {
  const { folder, bytes } = await bundleProgram(program, { root, target: resolve(root, 'bundles') });
  console.log(`${folder}  ${(bytes / 2 ** 20).toFixed(1)} MiB`);
}
