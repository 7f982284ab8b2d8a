import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../case.mjs', import.meta.url));
let running;

/** Runs a case; after `seconds`, it and all that it started are ended. Throws with what it said. */
export async function runCase(name, options, seconds) {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
  const output = join(folder, 'result.json');
  // What it makes is in this folder, so that nothing stays when it is killed.
  const child = spawn(process.execPath, [program, JSON.stringify({ name, options, output })], {
    stdio: ['pipe', 'inherit', 'pipe'],
    detached: true,
    env: { ...process.env, TMPDIR: folder },
  });
  running = { child, folder };
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint = `${complaint}${text}`.slice(-4000);
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child);
  }, seconds * 1000);
  try {
    const [code] = await once(child, 'exit');
    if (isLate) return partOf(output, `measurements that were not finished within ${Math.round(seconds)} s`);
    if (code !== 0) throw new Error(complaint.trim() || `exited with ${code}`);
    return JSON.parse(readFileSync(output, 'utf8'));
  } finally {
    clearTimeout(timer);
    endGroup(child);
    running = undefined;
    remove(folder);
  }
}

function partOf(output, missing) {
  if (!existsSync(output)) throw new Error(`timeout: not finished: ${missing}`);
  const part = JSON.parse(readFileSync(output, 'utf8'));
  return { ...part, skipped: [...part.skipped, missing] };
}

/** Ends the case that runs, and all that it started. */
export function endRunning() {
  if (!running) return;
  endGroup(running.child);
  remove(running.folder);
}

// What was just killed may still have been writing.
function remove(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function endGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nobody of it is left.
    if (error.code !== 'ESRCH') throw error;
  }
}
