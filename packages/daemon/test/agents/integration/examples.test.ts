import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { Lab, root } from './lab.js';

const run = promisify(execFile);
const examples = join(root, 'examples');

describe('the examples', () => {
  const lab = new Lab();

  before(async function () {
    this.timeout(30_000);
    await lab.startBroker();
    await lab.startMcod(
      `agents: ['${examples}/agent-javascript/load.js']
external_agents: [{ ddl: '${examples}/agent-python/disk.json' }]
plugins: { load: { most_times: 4 } }`,
    );
  });

  after(() => lab.close());

  it('are loaded by mcod', async () => {
    const { data } = await lab.ask('rpcutil', 'agent_inventory');
    const names = (data.agents as { name: string }[]).map(({ name }) => name);
    expect(names).to.have.members(['rpcutil', 'discovery', 'node', 'load', 'disk']);
  });

  it('in JavaScript answers, and reports on its way', async () => {
    const average = await lab.ask('load', 'average');
    expect(average).to.include({ outcome: 'ok', statuscode: 0 });
    expect(average.data.processors).to.be.above(0);
    const watched = await lab.ask('load', 'watch', { times: 3, pause: 0 });
    expect((watched.progress as { time: number }[]).map(({ time }) => time)).to.deep.equal([1, 2, 3]);
    const refused = await lab.ask('load', 'watch', { times: 5, pause: 0 });
    expect(refused).to.include({
      statuscode: 4,
      statusmsg: 'times is too large: this node permits at most 4 measurements',
    });
  });

  it('in Python answers, and reports on its way', async () => {
    const usage = await lab.ask('disk', 'usage', { path: '/' });
    expect(usage).to.include({ outcome: 'ok', statuscode: 0 });
    expect(usage.data.percent).to.be.within(0, 100);
    const text = 'x'.repeat(10 * 1024 * 1024);
    const digest = await lab.ask('disk', 'digest', { file: lab.write('big', text) });
    expect(digest.data).to.deep.equal({
      sha256: createHash('sha256').update(text).digest('hex'),
      size: text.length,
    });
    expect(digest.progress).to.deep.equal(
      Array.from({ length: 10 }, (_, index) => ({ percent: 10 * (index + 1) })),
    );
    const missing = await lab.ask('disk', 'digest', { file: '/nonexistent' });
    expect(missing).to.include({ statuscode: 4, statusmsg: '/nonexistent: No such file or directory' });
    const refused = await lab.ask('disk', 'usage', { path: 'etc' });
    expect(refused).to.include({ statuscode: 4 });
  });

  it('pass their own tests', async function () {
    this.timeout(60_000);
    // Node's runner would take itself for a part of a runner around it.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    await run(process.execPath, ['--test'], { cwd: join(examples, 'agent-javascript'), env });
    await run('python3', ['-B', '-m', 'unittest'], { cwd: join(examples, 'agent-python') });
    rmSync(join(examples, 'agent-python/__pycache__'), { recursive: true, force: true });
  });

  it('show how to embed all three parts', async function () {
    this.timeout(60_000);
    const { stdout } = await run(process.execPath, [join(examples, 'embedding/embedding.js')]);
    expect(stdout).to.match(/^embedded.example.net: ok, \d+ processors\n$/);
  });
});
