import { readFileSync } from 'node:fs';
import { spawnBroker } from '@troupe/broker';
import { connect, loadClientConfig } from '@troupe/client';
import type { Daemon } from '@troupe/daemon';
import { loadProvisionerConfig, NameJournal, type NodeReport, startProvisioner } from '@troupe/provisioner';
import { createTempFolder, type TempFolder, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import {
  type Behaviour,
  type EmulatedHost,
  emulatedHosts,
  makeSite,
  type RunLine,
  remotePlayers,
  type Site,
  servePlayers,
  startMasters,
} from '../../src/index.js';

const kinds: readonly Behaviour[] = ['healthy', 'planted', 'bootstrap-fails', 'stays'];

describe('emulated hosts', () => {
  const closers: (() => unknown)[] = [];
  let folder: TempFolder;
  let site: Site;
  let masters: Daemon[];
  let hosts: EmulatedHost[];
  const reports = new Map<string, NodeReport>();

  before(async function () {
    this.timeout(60_000);
    folder = await createTempFolder({ prefix: 'troupe-emulator', mode: 0o711 });
    closers.push(() => folder.close());
    site = await makeSite({
      folder: folder.path,
      masters: 2,
      provisioner: {
        attempts: 2,
        backoff: { first: 0.1, most: 0.2 },
        step_settings: { verify: { timeout: 3 } },
      },
    });
    const broker = await spawnBroker(site.broker);
    closers.push(() => broker.stop());
    masters = await startMasters(site);
    closers.push(() => Promise.all(masters.map((master) => master.close())));
    const socket = folder.join('puppet.sock');
    closers.push(await servePlayers(socket));
    hosts = emulatedHosts({
      site,
      instances: kinds.length,
      behaviour: (index) => kinds[index] ?? 'healthy',
      // As from another process.
      players: remotePlayers(socket),
    });
    await Promise.all(hosts.map((host) => host.start()));
    closers.push(() => Promise.all(hosts.map((host) => host.stop())));
    const client = await connect({ config: loadClientConfig(site.clientFile) });
    NameJournal.create(loadProvisionerConfig(site.provisionerFile).journalFile);
    closers.push(() => client.close());
    const provisioner = await startProvisioner({
      client,
      config: loadProvisionerConfig(site.provisionerFile),
      onEvent: (event) => {
        if (event.type === 'done' || event.type === 'quarantined') reports.set(event.identity, event.report);
      },
    });
    closers.push(() => provisioner.stop());
    await waitFor('the end of all', () => reports.size === kinds.length, { timeoutSeconds: 50 });
  });

  after(async function () {
    this.timeout(20_000);
    for (const close of closers.reverse()) await close();
  });

  const host = (kind: Behaviour) => {
    const found = hosts[kinds.indexOf(kind)];
    if (!found) throw new Error(`no host is ${kind}`);
    return found;
  };
  const runsOf = ({ paths }: EmulatedHost): RunLine[] =>
    readFileSync(paths.puppetRuns, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('become managed hosts with a certificate of the master of their region', () => {
    const { identity, paths } = host('healthy');
    expect(reports.get(identity)).to.include({ outcome: 'done', master: 'puppet1.emulated' });
    const begun = runsOf(host('healthy')).filter(({ event }) => event === 'begin');
    expect(begun.map(({ environment }) => environment)).to.deep.equal(['bootstrap', 'production']);
    const [csr] = readFileSync(paths.reportedCsrs, 'utf8').split('\n');
    expect(JSON.parse(csr ?? '{}').csr_fingerprint).to.equal(reports.get(identity)?.csrFingerprintSigned);
  });

  it('end in quarantine where somebody plants CSRs under their names', () => {
    expect(reports.get(host('planted').identity)?.failure).to.contain('that this node did not make');
  });

  it('end in quarantine with what Puppet said', () => {
    expect(reports.get(host('bootstrap-fails').identity)?.failure).to.contain('the code is broken');
    expect(runsOf(host('bootstrap-fails')).filter(({ event }) => event === 'begin')).to.have.lengthOf(2);
  });

  it('end in quarantine where their final configuration is broken', () => {
    expect(reports.get(host('stays').identity)?.failure).to.contain('did not come back');
  });
});
