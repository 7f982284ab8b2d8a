import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { spawnBroker } from '@troupe/broker';
import { connect, loadClientConfig } from '@troupe/client';
import { loadProvisionerConfig, NameJournal, type NodeReport, startProvisioner } from '@troupe/provisioner';
import { createTempFolder, startProcess, type TempFolder, waitFor, writePolicies } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { makeSite, type Site, startMasters } from '../../src/index.js';

const mcod = fileURLToPath(new URL('../../../../daemon/bin/mcod.js', import.meta.url));
const puppet = fileURLToPath(new URL('../../../test/fixtures/puppet', import.meta.url));
const example = fileURLToPath(new URL('../../../../../examples/provision-agent-python', import.meta.url));

// The one keeps the agent in its final configuration, the other does not.
const names = ['keeps.example.net', 'drops.example.net'] as const;

describe('machines with an enrolment token and a provision agent in Python', () => {
  const closers: (() => unknown)[] = [];
  let folder: TempFolder;
  let site: Site;
  const reports = new Map<string, NodeReport>();

  const external = { external_agents: [{ ddl: `${example}/provision.json`, role: 'provision' }] };
  const boot = async (identity: string) => {
    const disk = folder.join('hosts', identity);
    mkdirSync(disk, { recursive: true, mode: 0o700 });
    const at = (name: string) => `${disk}/${name}`;
    const [master] = site.masters;
    writeFileSync(
      at('puppet-ca.json'),
      JSON.stringify({ certname: identity, address: master?.address, port: site.caPort }),
    );
    copyFileSync(puppet, at('puppet'));
    copyFileSync(site.token, at('token'));
    writeFileSync(at('hosts'), '127.0.0.1 localhost\n');
    const common = {
      identity,
      plugins: { provision: { puppet: at('puppet'), hosts_file: at('hosts'), ca_port: site.caPort } },
      state_dir: at('state'),
      log: { file: at('log') },
      audit: { file: at('audit') },
      facts: { paths: [] },
    };
    const first = { ...common, ...external, security: { mode: 'token', token: at('token') } };
    const final = {
      ...common,
      ...(identity === 'keeps.example.net' ? external : {}),
      broker: { urls: [site.brokerUrl] },
      security: {
        ca: site.siteCa,
        certificate: at(`ssl/certs/${identity}.pem`),
        key: at(`ssl/private_keys/${identity}.pem`),
      },
      authorization: { policies: writePolicies(disk, ['operator.mcollective']) },
    };
    writeFileSync(at('mcod.json'), JSON.stringify(first));
    writeFileSync(at('final.json'), JSON.stringify(final));
    const daemon = await startProcess(process.execPath, [mcod, '--config', at('mcod.json')]);
    closers.push(() => daemon.stop());
  };

  before(async function () {
    this.timeout(120_000);
    folder = await createTempFolder({ prefix: 'troupe-python', mode: 0o711 });
    closers.push(() => folder.close());
    site = await makeSite({ folder: folder.path, masters: 1, provisioner: { attempts: 2 } });
    const broker = await spawnBroker(site.broker);
    closers.push(() => broker.stop());
    const masters = await startMasters(site);
    closers.push(() => Promise.all(masters.map((master) => master.close())));
    for (const name of names) await boot(name);
    const client = await connect({ config: loadClientConfig(site.clientFile) });
    closers.push(() => client.close());
    NameJournal.create(loadProvisionerConfig(site.provisionerFile).journalFile);
    const provisioner = await startProvisioner({
      client,
      config: loadProvisionerConfig(site.provisionerFile),
      onEvent: (event) => {
        if (event.type === 'done' || event.type === 'quarantined') reports.set(event.identity, event.report);
      },
    });
    closers.push(() => provisioner.stop());
    await waitFor('the end of both', () => reports.size === names.length, { timeoutSeconds: 100 });
  });

  after(async function () {
    this.timeout(60_000);
    for (const close of closers.reverse()) await close();
  });

  for (const name of names) {
    it(`become managed hosts: ${name}`, () => {
      const report = reports.get(name);
      expect(report?.failure).to.equal(undefined);
      expect(report).to.include({ outcome: 'done', certname: name });
      expect(report?.csrFingerprintSigned).to.equal(report?.csrFingerprintReported);
      const verified = report?.steps.find(({ step }) => step === 'verify');
      expect(verified?.reason).to.match(/with its new certificate/);
      expect(readFileSync(folder.join('hosts', name, 'runs'), 'utf8')).to.equal('bootstrap\nproduction\n');
    });
  }

  it('get a receipt, which mcod keeps for the agent', () => {
    const lines = readFileSync(folder.join('hosts', 'keeps.example.net', 'audit'), 'utf8')
      .trimEnd()
      .split('\n');
    const ended = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ action }) => action === 'accept_receipt');
    expect(ended.map(({ outcome }) => outcome)).to.include('ok');
  });

  it('disable the agent at the end, if they still have it', async () => {
    const disabled = (name: string) => folder.join('hosts', name, 'state/agents/provision/disabled');
    expect(existsSync(disabled('keeps.example.net'))).to.equal(true);
    expect(existsSync(disabled('drops.example.net'))).to.equal(false);
  });
});
