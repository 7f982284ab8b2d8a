import { createLogger } from '@troupe/core';
import { startMaster } from '@troupe/emulator';
import { followWire } from './wire.js';

/* A master: usage: node master-main.js FOLDER WIRE. */
const [, , folder = '', wire = ''] = process.argv;
const log = createLogger({
  level: 'warn',
  destination: { write: (line) => process.stderr.write(line) },
});
const daemon = await startMaster({ folder }, { log, ...followWire(wire) });
process.once('SIGTERM', () => void daemon.close().then(() => process.exit(0)));
process.stdout.write('ready\n');
