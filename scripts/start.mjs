#!/usr/bin/env node
// node scripts/start.mjs SCRIPT [ARGS]: runs a script of this folder on the Node that the project pins. The very first
// command of a clone starts on the machine's own, installs the npm packages, and hands over to the one among them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onSignal } from './command.mjs';
import { endWithNpm } from './parent.mjs';
import { explain, installModules } from './setup.mjs';

async function handOver(node, script, args) {
  const child = spawn(node, [script, ...args], { stdio: 'inherit' });
  // A Ctrl-C reaches the child from the terminal; it decides how it ends.
  const signals = onSignal(() => child.kill('SIGTERM'));
  const [code, signal] = await once(child, 'close');
  signals.release();
  process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
}

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error('start: SCRIPT is required\n\nUsage: node scripts/start.mjs SCRIPT [ARGS]');
  process.exit(2);
}
const script = resolve(file);
endWithNpm();
try {
  const node = await installModules();
  if (realpathSync(process.execPath) === node) {
    process.argv.splice(1, 2, script);
    await import(pathToFileURL(script).href);
  } else {
    await handOver(node, script, args);
  }
} catch (error) {
  process.exitCode = explain(error);
}
