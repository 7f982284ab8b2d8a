// One case in a process of its own: what it leaves behind in memory, or running, is no business of the next one.
import { rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { load } from './lib/machine.mjs';

const { name, options, output } = JSON.parse(process.argv[2]);
const { run } = await import(`./cases/${name}.mjs`);
// Who started this was killed: nothing of it stays.
process.stdin.once('end', leave).resume();
const before = load();
const note = ({ tables, results, skipped = [] }) =>
  writeFileSync(output, JSON.stringify({ tables, results, skipped, load: { before, after: load() } }));
// A case of several parts notes each, so that not all is lost when its time is over.
note(await run(options, note));
process.exit();

function leave() {
  try {
    rmSync(dirname(output), { recursive: true, force: true, maxRetries: 5 });
  } finally {
    process.kill(-process.pid, 'SIGKILL');
  }
}
