import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { startProcess } from '@troupe/testkit';
import { expect } from 'chai';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { nodes } from '../../src/cast.js';
import type { Report } from '../../src/report.js';

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));

/** What the demo could leave behind: folders in the temporary folder and network interfaces. */
function remains(): string[] {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith('troupe-demo'));
  const interfaces = readdirSync('/sys/class/net').filter((name) => name.startsWith('troupe'));
  return [...folders, ...interfaces];
}

describe('the demo, emulated', function () {
  this.timeout(180_000);
  let before: string[];

  beforeEach(() => {
    before = remains();
  });
  afterEach(() => {
    expect(remains().filter((name) => !before.includes(name))).to.deep.equal([]);
  });

  it('provisions three hosts and says so in one JSON document', async () => {
    const { stdout, stderr } = await execa(process.execPath, [main, '--emulate', '--json']);
    const report = JSON.parse(stdout) as Report;
    expect(report.emulated).to.equal(true);
    expect(report.masters.map(({ identity }) => identity).sort()).to.deep.equal([
      'puppet-eu.lab',
      'puppet-us.lab',
    ]);
    const chosen = report.nodes.map(({ identity, master, outcome }) => ({ identity, master, outcome }));
    expect(chosen).to.deep.equal(
      nodes.map(({ identity, master }) => ({ identity, master, outcome: 'provisioned' })),
    );
    for (const node of report.nodes) {
      expect(node.csr_fingerprint_signed).to.match(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
      expect(node.csr_fingerprint_signed).to.equal(node.csr_fingerprint_reported);
      expect(node.steps.filter(({ emulated }) => emulated).map(({ step }) => step)).to.include(
        'puppet_final_run',
      );
    }
    expect(report.notifications).to.have.length(6);
    expect(report.notifications.every(({ delivered }) => delivered)).to.equal(true);
    expect(stderr).to.match(/^Troupe demo, EMULATED/);
  });

  it('leaves nothing behind when it is interrupted', async () => {
    const demo = startProcess(process.execPath, [main, '--emulate']);
    await demo.waitForLine(/arrived in the collective/, { timeoutSeconds: 90 });
    process.kill(demo.pid, 'SIGINT');
    const { code } = await demo.exited;
    expect(code).to.equal(130);
  });

  it('tells wrong use from the rest', async () => {
    const { exitCode, stderr } = await execa(process.execPath, [main, '--emulated'], { reject: false });
    expect(exitCode).to.equal(2);
    expect(stderr).to.include("Unknown option '--emulated'");
  });
});
