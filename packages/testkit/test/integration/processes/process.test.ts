import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type RunningProcess, startProcess, waitFor } from '../../../src/index.js';
import { whereIs } from '../../../src/processes/installed.js';
import { processesNaming, sendSignal } from '../../../src/processes/process-tree.js';
import { skip } from '../../../src/skip.js';

const node = (script: string, ...args: string[]): RunningProcess =>
  startProcess(process.execPath, ['-e', script, ...args]);

const running = 'console.log("ready"); setInterval(() => {}, 1000);';

describe('startProcess', () => {
  it('waits for a line and keeps the output of both streams', async () => {
    await using child = node(
      'console.error("starting"); console.log("ready on 1"); setInterval(() => {}, 1000)',
    );
    expect(await child.waitForLine(/ready on \d/)).to.equal('ready on 1');
    expect(await child.waitForLine('starting')).to.equal('starting');
    expect(child.output.split('\n')).to.include.members(['starting', 'ready on 1']);
  });

  it('says what a process printed that ended without the awaited line', async () => {
    const child = node('console.error("no such file"); process.exit(3)');
    const error = await child.waitForLine('ready').catch((error: Error) => error);
    expect(error).to.be.instanceOf(Error);
    expect(String(error)).to.match(/ended \(exit code 3\) without printing ready:\nno such file$/);
    expect(await child.exited).to.deep.equal({ code: 3, signal: null });
  });

  it('gives up after the time allowed for a line', async () => {
    await using child = node(running);
    const error = await child.waitForLine('never', { timeoutSeconds: 0.01 }).catch((error: Error) => error);
    expect(String(error)).to.contain('ran for 0.01 s without printing never');
  });

  it('stops a process with SIGTERM', async () => {
    const child = node(running);
    await child.waitForLine('ready');
    expect(await child.stop()).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(child.isRunning).to.equal(false);
  });

  it('kills a process that ignores SIGTERM, and its group with it', async () => {
    const child = node(
      `process.on('SIGTERM', () => {});
       const { pid } = require('node:child_process').spawn('sleep', ['60']);
       console.log('child', pid);
       setInterval(() => {}, 1000);`,
    );
    const grandchild = Number((await child.waitForLine(/^child \d+$/)).split(' ')[1]);
    expect(await child.stop({ timeoutSeconds: 0.1 })).to.deep.equal({ code: null, signal: 'SIGKILL' });
    // Whoever adopts an orphan may reap it late.
    await waitFor('the end of the grandchild', () => !isAlive(grandchild));
  });

  it('may be stopped twice, and after its end', async () => {
    const child = node('');
    await child.exited;
    await child.stop();
    expect(await child.stop()).to.deep.equal({ code: 0, signal: null });
  });

  it('dies with its parent, even when that is killed', async function () {
    if (!whereIs('setpriv') || !existsSync('/proc')) skip(this, 'needs Linux with setpriv of util-linux');
    const marker = `marker-${process.pid}-${Date.now()}`;
    const module = new URL('../../../src/index.js', import.meta.url).href;
    const parent = node(
      `import(${JSON.stringify(module)}).then(async ({ startProcess }) => {
         const child = startProcess(process.execPath, ['-e', ${JSON.stringify(running)}, process.argv[1]]);
         await child.waitForLine('ready');
         console.log('both run');
       })`,
      marker,
    );
    await parent.waitForLine('both run');
    expect(processesNaming(marker)).to.have.length(2);
    parent.kill('SIGKILL');
    await waitFor('the end of the child', () => processesNaming(marker).length === 0);
  });
});

function isAlive(pid: number): boolean {
  return sendSignal(pid, 0) && processesNaming('sleep').includes(pid);
}
