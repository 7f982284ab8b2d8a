import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@troupe/core';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import agent from '../../src/index.js';
import { ProvisionRecord } from '../../src/record/record.js';
import { FakeNode, fakeContext } from '../fixtures/fake-node.js';

const moduleOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Runs a script as a module in a process of its own. */
function run(script: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const kill = async (child: ChildProcess) => {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
};

describe('a daemon that is killed with -9', function () {
  this.timeout(60_000);

  it('has on record all that it acknowledged', async () => {
    const script = `
      const [, recordModule, core, file] = process.argv;
      const { ProvisionRecord } = await import(recordModule);
      const { silentLogger } = await import(core);
      const record = await ProvisionRecord.open(file, silentLogger);
      for (;;) {
        const token = await record.update((draft) => (draft.token += 1));
        process.stdout.write(token + '\\n');
      }`;
    await using folder = await createTempFolder();
    const file = folder.join('record.json');
    let acknowledged = 0;
    for (let round = 0; round < 5; round += 1) {
      const child = run(
        script,
        moduleOf('../../src/record/record.js'),
        import.meta.resolve('@troupe/core'),
        file,
      );
      if (!child.stdout) throw new Error('no output');
      const lines = createInterface({ input: child.stdout });
      let left = 20 + round * 7;
      for await (const line of lines) {
        const token = Number(line);
        expect(token).to.be.greaterThan(acknowledged);
        acknowledged = token;
        left -= 1;
        if (left === 0) await kill(child);
      }
      const { state } = await ProvisionRecord.open(file, silentLogger);
      expect(state.damaged).to.equal(null);
      expect(state.token).to.be.within(acknowledged, acknowledged + 1);
    }
  });

  it('leaves Puppet running; the next one attaches to the run, which counts once', async () => {
    const script = `
      const [, agentModule, fakeNodeModule, section, stateDir] = process.argv;
      const { default: agent } = await import(agentModule);
      const { fakeContext } = await import(fakeNodeModule);
      const { silentLogger } = await import(${JSON.stringify(import.meta.resolve('@troupe/core'))});
      const host = { identity: 'n', log: silentLogger, stateDir, provideData() {} };
      const handlers = await agent.setup(JSON.parse(section), host);
      const { token } = await handlers.lock_deploy({ owner: 'p1' }, fakeContext());
      process.stdout.write(token + '\\n');
      await handlers.bootstrap_puppet({ token }, fakeContext());`;
    await using node = await FakeNode.create();
    await node.behave({ wait: node.folder.join('go') });
    const child = run(
      script,
      moduleOf('../../src/index.js'),
      moduleOf('../fixtures/fake-node.js'),
      JSON.stringify(node.section()),
      node.host.stateDir,
    );
    if (!child.stdout) throw new Error('no output');
    const [token] = await once(createInterface({ input: child.stdout }), 'line');
    await node.running();
    await kill(child);

    const handlers = (await agent.setup(node.section(), node.host)) ?? {};
    const call = async (action: string, input: object) =>
      await handlers[action]?.({ ...input }, fakeContext());
    const status = await call('status', {});
    expect(status).to.include({ locked: true });
    expect(status?.run).to.deep.include({ stage: 'bootstrap', running: true, token: Number(token) });
    const attached = call('bootstrap_puppet', { token: Number(token) });
    await writeFile(node.folder.join('go'), '');
    expect(await attached).to.include({ attached: true, ok: true, environment: 'bootstrap' });
    expect(await node.calls()).to.have.length(1);
  });
});
