#!/usr/bin/env node
// npm run demo: set-up with the build, then the demo in this process, so that arguments, signals and exit code are its own.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endWithNpm } from './parent.mjs';
import { explain, root, setup } from './setup.mjs';

const main = join(root, 'demo/dist/src/main.js');

async function isReady() {
  try {
    await setup({ build: true, puppet: !process.argv.includes('--emulate') });
    return true;
  } catch (error) {
    process.exitCode = explain(error);
    return false;
  }
}

endWithNpm();
if (await isReady()) {
  process.setSourceMapsEnabled(true);
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
}
