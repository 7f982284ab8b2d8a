import { readdir, readFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import provisionDdl from '@troupe/ddl/provision.json' with { type: 'json' };
import puppetcaDdl from '@troupe/ddl/puppetca.json' with { type: 'json' };
import { type ProvisionEvent, parseProvisionerConfig, startProvisioner } from '@troupe/provisioner';
import { createTempFolder, puppetServerMissing, skip, startProcess, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { stringify } from 'yaml';
import { collectives, type NewNode } from '../../src/cast.js';
import { DemoNetwork } from '../../src/demo-network.js';
import { submitCsr } from '../../src/master.js';
import { Screen } from '../../src/screen.js';

type Ended = Extract<ProvisionEvent, { type: 'done' | 'quarantined' }>;

const yaml = new URL('../../../provisioner.yaml', import.meta.url);

const mcprovision = fileURLToPath(
  new URL('../../bin/mcprovision.js', import.meta.resolve('@troupe/provisioner')),
);

const newcomer = (identity: string): NewNode => ({
  identity,
  facts: { region: 'eu-west', country: 'ie' },
  master: 'puppet-eu.lab',
  hasOldCertificate: false,
});

describe('the flow against real Puppet Servers', function () {
  this.timeout(600_000);
  let network: DemoNetwork;

  before(async function () {
    const missing = puppetServerMissing();
    if (missing) skip(this, missing);
    const screen = new Screen(new PassThrough() as unknown as NodeJS.WriteStream, {
      verbose: false,
      emulated: false,
    });
    network = new DemoNetwork({ emulated: false, screen, signal: AbortSignal.timeout(600_000) });
    await network.open();
  });
  after(() => network?.close());

  /** Provisions one new host to its end. */
  async function provision(
    node: NewNode,
    number: number,
    change: (text: string) => string = (text) => text,
  ): Promise<Ended> {
    const config = parseProvisionerConfig(change(await readFile(yaml, 'utf8')));
    let ended: Ended | undefined;
    const provisioner = await startProvisioner({
      client: network.client,
      config,
      onEvent: (event) => {
        if (event.identity === node.identity && (event.type === 'done' || event.type === 'quarantined'))
          ended = event;
      },
    });
    try {
      await network.boot(node, number);
      await waitFor(`the end of ${node.identity}`, () => ended !== undefined, { timeoutSeconds: 400 });
    } finally {
      await provisioner.stop();
    }
    if (!ended) throw new Error('it did not end');
    return ended;
  }

  it('takes a new host to one that Puppet manages', async () => {
    const node = newcomer('new-eu.lab');
    const { type, report } = await provision(node, 20);
    expect(type).to.equal('done');
    expect(report.master).to.equal('puppet-eu.lab');
    expect(report.csrFingerprintSigned).to.equal(report.csrFingerprintReported);
    expect(await readFile(network.fileOn(node.identity, '/etc/motd'), 'utf8')).to.equal(
      'new-eu.lab is a webserver, managed by puppet-eu.lab\n',
    );
  });

  it('signs no CSR that somebody else planted, and puts the node in quarantine with that reason', async () => {
    const node = newcomer('victim.lab');
    const [master] = network.masters.filter(({ identity }) => identity === 'puppet-eu.lab');
    if (!master) throw new Error('no master');
    const planted = await submitCsr(master, node.identity);
    // Cleaning would remove it; whoever plants one at the right moment comes after that.
    const { type, report } = await provision(
      node,
      21,
      (text) => `${text.replace('clean_node_certname: true', 'clean_node_certname: false')}\nattempts: 1\n`,
    );
    expect(type).to.equal('quarantined');
    expect(report.failure).to.match(/another (certificate )?request|CSR/);
    const status = await network.client
      .agent(puppetcaDdl)
      .status({ certname: node.identity }, { targets: [master.identity] })
      .one();
    expect(status.data).to.include({ state: 'requested', fingerprint: planted });
    const options = { targets: [node.identity], collective: collectives.enrolment };
    const record = await network.client.agent(provisionDdl).status({}, options).one();
    expect(JSON.stringify(record.data)).to.include(report.failure ?? 'no reason');
  });

  it('finishes what a provisioner began that was killed with -9 in the bootstrap run: Puppet runs once for each stage', async () => {
    const node = newcomer('orphan.lab');
    await using folder = await createTempFolder();
    const file = folder.join('provisioner.yaml');
    const own = { ...network.operator, lease: 5, http: { enabled: false } };
    const settings = `${await readFile(yaml, 'utf8')}\n${stringify(own)}`;
    await writeFile(file, settings);
    const killed = startProcess(process.execPath, [mcprovision, 'run', '--config', file]);
    await killed.waitForLine(/waiting for nodes/, { timeoutSeconds: 60 });
    await network.boot(node, 22);
    const options = { targets: [node.identity], collective: collectives.enrolment };
    const agent = network.client.agent(provisionDdl);
    await waitFor(
      'the bootstrap run',
      async () => {
        const { data } = await agent.status({}, options).one();
        const run = data.run as { stage?: string; running?: boolean } | null;
        return run?.stage === 'bootstrap' && run.running === true;
      },
      { timeoutSeconds: 200 },
    );
    process.kill(killed.pid, 'SIGKILL');
    await killed.exited;

    let ended: Ended | undefined;
    let resumedAt: string | undefined;
    const provisioner = await startProvisioner({
      client: network.client,
      config: parseProvisionerConfig(settings),
      onEvent: (event) => {
        if (event.identity !== node.identity) return;
        if (event.type === 'begun') resumedAt = event.resumedAt;
        if (event.type === 'done' || event.type === 'quarantined') ended = event;
      },
    });
    await waitFor('the end of orphan.lab', () => ended !== undefined, { timeoutSeconds: 400 });
    await provisioner.stop();
    expect(ended?.type).to.equal('done');
    expect(resumedAt).to.equal('puppet_bootstrap_stage');
    const bootstrap = ended?.report.steps.find(({ step }) => step === 'puppet_bootstrap_stage');
    expect(bootstrap?.reason).to.match(/^attached to a run in progress: /);
    const runs = await readdir(network.fileOn(node.identity, '/var/lib/troupe/agents/provision/runs'));
    expect(runs.map((id) => id.split('-')[0]).sort()).to.deep.equal(['bootstrap', 'production']);
  });
});
