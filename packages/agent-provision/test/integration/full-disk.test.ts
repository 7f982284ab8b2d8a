import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { namespacesMissing, skip } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { FakeNode } from '../fixtures/fake-node.js';

const moduleOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The daemon replies with what `diskFaultOf` makes of an error.
const script = `
import { writeFileSync, rmSync } from 'node:fs';
const [, agentModule, fakeNodeModule, core, section, stateDir] = process.argv;
const { default: agent } = await import(agentModule);
const { fakeContext } = await import(fakeNodeModule);
const { silentLogger } = await import(core);
const { diskFaultOf } = await import(core.replace('index.js', 'internal.js'));
const handlers = await agent.setup(JSON.parse(section), { identity: 'n', log: silentLogger, stateDir, provideData() {} });
const call = (action, input) => handlers[action](input, fakeContext()).then(() => 'ok', diskFaultOf);
const said = [await call('lock_deploy', { owner: 'p1' })];
const filler = stateDir + '/filler';
for (let size = 1 << 20; size >= 1; size >>= 1) {
  try { for (;;) writeFileSync(filler, 'x'.repeat(size), { flag: 'a' }); } catch {}
}
said.push(await call('lock_deploy', { owner: 'p1' }));
rmSync(filler);
said.push(await call('lock_deploy', { owner: 'p1' }));
process.stdout.write(JSON.stringify(said));`;

describe('a node whose disk takes nothing', () => {
  it('names its record and the reason in what fails, and works again when there is room', async function () {
    this.timeout(30_000);
    const missing = namespacesMissing();
    if (missing) skip(this, missing);
    await using node = await FakeNode.create();
    const { stateDir } = node.host;
    const core = fileURLToPath(import.meta.resolve('@troupe/core'));
    const mountAndRun = 'mkdir -p "$0" && mount -t tmpfs -o size=256k,mode=700 tmpfs "$0" && exec "$@"';
    const { stdout } = await promisify(execFile)('unshare', [
      ...['--mount', 'sh', '-c', mountAndRun, stateDir],
      ...[process.execPath, '--input-type=module', '-e', script],
      ...[moduleOf('../../src/index.js'), moduleOf('../fixtures/fake-node.js'), core],
      ...[JSON.stringify(node.section()), stateDir],
    ]);
    expect(JSON.parse(stdout)).to.deep.equal([
      'ok',
      `cannot write ${stateDir}/record.json: ENOSPC: no space left on device`,
      'ok',
    ]);
  });
});
