#!/usr/bin/env node
// npm run setup: the set-up with the build.
import { endWithNpm } from './parent.mjs';
import { explain, setup } from './setup.mjs';

endWithNpm();
try {
  const missing = await setup({ build: true });
  console.error(missing.length === 0 ? 'set-up: ready' : 'set-up: ready, apart from what is missing');
} catch (error) {
  process.exitCode = explain(error);
}
