#!/usr/bin/env node
// npm run setup: the set-up with the build.
import { noArguments } from './command-line.mjs';
import { endWithNpm } from './parent.mjs';
import { explain, setup } from './setup.mjs';

noArguments('setup', 'Usage: npm run setup\n\nInstalls what the clone needs, and builds it.');
endWithNpm();
try {
  const missing = await setup({ build: true });
  console.error(missing.length === 0 ? 'set-up: ready' : 'set-up: ready, apart from what is missing');
} catch (error) {
  process.exitCode = explain(error);
}
