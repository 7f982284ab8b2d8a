#!/usr/bin/env node
if (process.argv[2] === 'emulate') {
  const { emulate } = await import('../dist/src/daemon/emulate.js');
  process.exitCode = await emulate();
} else await import('../dist/src/daemon/main.js');
