#!/usr/bin/env node
// Seconds that real nodes take outside Puppet: the demo with real Puppet Servers, as often as is asked for (default: 3),
// three nodes each. Prints one line for each node and the median of all.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const demo = fileURLToPath(new URL('../demo/dist/src/main.js', import.meta.url));
const rounds = Number(process.argv[2] ?? 3);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error('Usage: node bench/outside-puppet.mjs [ROUNDS]');
  process.exit(2);
}

const run = promisify(execFile);
const seconds = [];
for (let round = 1; round <= rounds; round += 1) {
  const { stdout } = await run(process.execPath, [demo, '--json'], { maxBuffer: 64 * 1024 * 1024 });
  const { emulated, nodes } = JSON.parse(stdout);
  if (emulated)
    throw new Error('the demo was emulated: install the Debian package puppetserver, and run as root');
  for (const { identity, seconds_outside_puppet: outside, steps } of nodes) {
    seconds.push(outside);
    const slow = steps.filter((step) => step.seconds >= 0.2 && !/^puppet_/.test(step.step));
    const words = slow.map((step) => `${step.step} ${step.seconds.toFixed(2)}`).join(', ');
    console.log(`${round} ${identity.padEnd(12)} ${outside.toFixed(2)} s (${words})`);
  }
}
const sorted = seconds.toSorted((a, b) => a - b);
const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
console.log(
  `median of ${sorted.length} nodes: ${((low + high) / 2).toFixed(2)} s; from ${sorted[0].toFixed(2)} to ${sorted.at(-1).toFixed(2)} s`,
);
