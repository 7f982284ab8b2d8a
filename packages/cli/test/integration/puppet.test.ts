import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { TestNetwork } from '../network.js';
import { printed } from '../printed.js';

const fakePuppet = fileURLToPath(new URL('../../../../agent-puppetd/test/fixtures/puppet', import.meta.url));
const agent = fileURLToPath(import.meta.resolve('@troupe/agent-puppetd'));

// The real commands and daemons; only Puppet itself is played.
describe('mco puppet', function () {
  this.timeout(120_000);
  let network: TestNetwork;
  const names = ['db1.lab', 'web1.lab', 'web2.lab'] as const;
  const path = (identity: string, name: string) => network.folder.join(`puppet-${identity}`, name);

  async function addNode(identity: string, behaviour: Readonly<Record<string, string>>): Promise<void> {
    const folder = network.folder.join(`puppet-${identity}`);
    await mkdir(folder);
    await network.addNode(identity, {
      agents: [agent],
      plugins: {
        puppetd: { command: fakePuppet, env: { FAKE_DIR: folder, FAKE_STATUS: 'changed', ...behaviour } },
      },
    });
  }

  before(async () => {
    network = await TestNetwork.start();
    await Promise.all([
      addNode('web1.lab', { FAKE_OUTPUT: 'Notice: at work' }),
      addNode('web2.lab', {}),
      addNode('db1.lab', { FAKE_STATUS: 'failed', FAKE_EXIT: '4', FAKE_FAILED: '2' }),
      network.addNode('bare.lab'),
    ]);
  });
  after(() => network?.stop());

  it('finds the nodes with Puppet, and no others', async () => {
    const { stdout, code } = await network.mco(['puppet', 'count', '--json']);
    expect(code).to.equal(0);
    expect(JSON.parse(stdout).results[0]).to.include({ total: 3, enabled: 3, applying: 0 });
    const status = await network.mco(['puppet', 'status']);
    const lines = status.stdout.split('\n').filter((line) => line.includes('.lab'));
    expect(lines.sort()).to.deep.equal(names.map((name) => `${name}: stopped; has never run`));
  });

  it('runonce shows the output and the outcome of each run', async () => {
    const { stdout, stderr, code } = await network.mco([
      ...['puppet', 'runonce', '--foreground', '-I', 'web1.lab', '-I', 'db1.lab'],
    ]);
    expect(code).to.equal(2);
    expect(stdout).to.include('web1.lab | Notice: at work\n');
    expect(stdout).to.match(/^web1\.lab: /m);
    expect(stderr).to.match(/^db1\.lab: failed: /m);
    expect(await readFile(path('web1.lab', 'arguments'), 'utf8')).to.include('--onetime');
  });

  it('asks for confirmation before it runs Puppet on all nodes, unless --yes is given', async () => {
    const refused = await network.mco(['puppet', 'runonce', '--noop=x']);
    expect(refused.code).to.equal(1);
    const unasked = await network.mco(['puppet', 'disable', 'no reason']);
    expect(unasked).to.deep.equal({
      code: 1,
      stdout: '',
      stderr:
        'mco: Disable Puppet on all nodes? There is no terminal to ask on: add a filter or --yes [USAGE_INVALID]',
    });
  });

  it('disable and enable', async () => {
    const off = await network.mco(['puppet', 'disable', 'moving house', '-I', 'web2.lab']);
    expect(off).to.deep.equal({ code: 0, stdout: '0 enabled, 1 disabled', stderr: '' });
    expect((await network.mco(['puppet', 'status', '-I', 'web2.lab'])).stdout).to.match(
      /^web2\.lab: .*moving house/,
    );
    const on = await network.mco(['puppet', 'enable', '--yes', '--json']);
    // Nodes that were already enabled reply with that.
    expect(on.code).to.equal(2);
    const enabled = JSON.parse(on.stdout).results.map(
      ({ data }: { data: { enabled: boolean } }) => data.enabled,
    );
    expect(enabled).to.deep.equal([true, true, true]);
  });

  it('runall keeps to the given number of runs at a time, and reports the failed node', async () => {
    const { stdout, stderr, code } = await network.mco(['puppet', 'runall', '2', '--retries', '0']);
    expect(code).to.equal(2);
    expect(stdout.split('\n')).to.have.length(3);
    expect(stderr).to.match(/3 nodes, at most 2 at a time\n/);
    expect(stderr).to.match(/2 of 3 succeeded; 1 failed \(db1\.lab\); at most 2 at a time, /);
    const json = (await network.mco(['puppet', 'runall', '3', '-I', 'web1.lab', '--json'])).stdout;
    expect(JSON.parse(json).results[0]).to.include({
      sender: 'web1.lab',
      status: 'ran',
      ok: true,
      outcome: 'changed',
    });
  });

  it('summary shows the statistics as histograms', async () => {
    const { stdout, code } = await network.mco(['puppet', 'summary']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^Last Puppet runs of 3 nodes:\n/);
    expect(stdout).to.match(/ Failed resources: [▁▂▃▄▅▆▇█]{20} {2}min: 0\.0 {2}avg: 0\.7 {2}max: 2\.0$/m);
  });

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`runall ends with ${code} at ${signal}, and the runs in progress continue`, async () => {
      const name = `slow${code}.lab`;
      const gate = network.folder.join(`gate-${code}`);
      await addNode(name, { FAKE_WAIT: gate });
      const running = network.start(['puppet', 'runall', '1', '-I', name]);
      await waitFor('the run', () => readFile(path(name, 'started')).catch(() => undefined), {
        timeoutSeconds: 60,
      });
      running.kill(signal);
      const { exitCode, stderr } = await running;
      expect(exitCode).to.equal(code);
      expect(stderr).to.include(
        `0 of 1 node ended, 0 of them well; 1 still running (${name}); 0 not started\n`,
      );
      expect(stderr).to.match(/\nInterrupted: /);
      const report = () => readFile(path(name, 'lastrunreport'), 'utf8').catch(() => undefined);
      expect(await report()).to.equal(undefined);
      await writeFile(gate, '');
      await waitFor('its end', report);
    });
  }

  it('schedule runs Puppet on the nodes in turn until it is stopped, and exits with a code for the outcomes', async () => {
    const words = ['puppet', 'schedule', '--interval', '0.05', '-I', 'web1.lab', '-I', 'web2.lab'];
    const running = network.start(words);
    await printed(running.stdout, /web1\.lab: .*web2\.lab: |web2\.lab: .*web1\.lab: /s);
    running.kill('SIGTERM');
    const { exitCode, stderr } = await running;
    expect(exitCode).to.equal(0);
    expect(stderr).to.match(/2 nodes: one run every 1\.5 s/);
  });

  it('reports that a named node is offline', async () => {
    const { stderr, code } = await network.mco(['puppet', 'status', '-I', 'web9.lab']);
    expect(code).to.equal(4);
    expect(stderr).to.match(/^web9\.lab: no-reply: /m);
  });
});
