import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createTempFolder, freePort, startProcess, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const program = fileURLToPath(new URL('../../../bin/mcprovision.js', import.meta.url));

function isAlive(pid: number): boolean {
  try {
    // A zombie that nobody has reaped has ended all the same.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('mcprovision as a process', () => {
  it('starts in the background, waits for its broker there, and stops on a signal', async () => {
    await using folder = await createTempFolder();
    const file = folder.join('provisioner.yaml');
    const log = folder.join('mcprovision.log');
    const pidFile = folder.join('mcprovision.pid');
    writeFileSync(
      file,
      `daemonize: true\nlogfile: ${log}\npid_file: ${pidFile}\nconnect_timeout: 0.5\n` +
        `broker: { urls: ["mqtt://127.0.0.1:${await freePort()}"] }\nsecurity: { mode: none }\n` +
        `journal: ${folder.join('journal')}\n`,
    );
    const parent = startProcess(process.execPath, [program, 'run', '--config', file]);
    const { code } = await parent.exited;
    expect(code).to.equal(0);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    try {
      expect(isAlive(pid)).to.equal(true);
      await waitFor('a try', () =>
        /cannot connect to the broker: retrying every 5 s/.test(readFileSync(log, 'utf8')),
      );
    } finally {
      process.kill(pid, 'SIGTERM');
    }
    await waitFor('its end', () => !isAlive(pid));
    expect(readFileSync(log, 'utf8')).to.match(/stopping: Puppet runs on nodes continue/);
  }).timeout(20_000);
});
