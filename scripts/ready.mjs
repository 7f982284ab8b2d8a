#!/usr/bin/env node
// npm run setup: the set-up with the build.
import { noArguments } from './command-line.mjs';
import { endWithNpm } from './parent.mjs';
import { explain, setup } from './setup.mjs';

noArguments('setup', 'Usage: npm run setup\n\nInstalls the dependencies of the clone and builds it.');
endWithNpm();
try {
  const missing = await setup({ build: true });
  console.error(
    missing.length === 0 ? 'setup: ready' : 'setup: ready, except for the missing packages above',
  );
} catch (error) {
  process.exitCode = explain(error);
}
