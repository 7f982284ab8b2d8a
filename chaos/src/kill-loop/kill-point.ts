import fs from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import type { KillPoint } from './plan.js';

/*
 * Loaded into mcod with --import: kills it with SIGKILL at one operation on one of its files, which no signal from
 * outside hits. TROUPE_KILL_POINT has the point as JSON; it counts from SIGUSR2 on, or with TROUPE_KILL_ARMED from the start.
 */
const point = JSON.parse(process.env.TROUPE_KILL_POINT ?? 'null') as KillPoint | null;
let left = process.env.TROUPE_KILL_ARMED ? (point?.nth ?? 0) : 0;

const die = () => process.kill(process.pid, 'SIGKILL');

/** What kills this process around an operation; nothing where it is another one. */
function deadly(operation: KillPoint['operation'], path: string | undefined): KillPoint['when'] | undefined {
  if (!point || left === 0 || path === undefined) return undefined;
  if (point.operation !== operation || basename(path) !== point.file) return undefined;
  left -= 1;
  return left === 0 ? point.when : undefined;
}

if (point) {
  process.on('SIGUSR2', () => {
    left = point.nth;
    process.stderr.write('kill point armed\n');
  });
  const { openSync, writeSync, fdatasync, renameSync } = fs;
  const { rename } = files;
  const paths = new Map<number, string>();
  fs.openSync = (path, ...rest) => {
    const fd = openSync(path, ...rest);
    paths.set(fd, String(path));
    return fd;
  };
  const write = (fd: number, bytes: Uint8Array, offset = 0) => {
    const when = deadly('write', paths.get(fd));
    if (when === 'before') die();
    if (when === 'half') {
      writeSync(fd, bytes, offset, Math.ceil((bytes.length - offset) / 2));
      die();
    }
    const done = writeSync(fd, bytes, offset);
    if (when === 'after') die();
    return done;
  };
  fs.writeSync = write as typeof fs.writeSync;
  const sync = (fd: number, callback: (error: Error | null) => void) => {
    const when = deadly('sync', paths.get(fd));
    if (when === 'before') die();
    fdatasync(fd, (error) => {
      if (when !== undefined) die();
      callback(error);
    });
  };
  fs.fdatasync = sync as typeof fs.fdatasync;
  fs.renameSync = (from, to) => {
    const when = deadly('rename', String(to));
    if (when === 'before') die();
    renameSync(from, to);
    if (when !== undefined) die();
  };
  files.rename = async (from, to) => {
    const when = deadly('rename', String(to));
    if (when === 'before') die();
    await rename(from, to);
    if (when !== undefined) die();
  };
  syncBuiltinESMExports();
}
