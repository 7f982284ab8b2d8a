import { type Client, clientSchema, connect } from '@troupe/client';
import { checkConfig, parseFact } from '@troupe/core';
import { naturalOrder } from '@troupe/core/internal';
import {
  createTempFolder,
  createTestPki,
  emulateFleet,
  type Fleet,
  type TempFolder,
  type TestBroker,
  testBrokers,
  waitFor,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, beforeEach, describe, it } from 'mocha';
import { workDdl, worker } from '../work-agent.js';

const caller = 'rip.mcollective';
const count = 24;

describe('a broadcast call over a real broker', function () {
  this.timeout(120_000);
  let folder: TempFolder;
  let broker: TestBroker;
  let fleet: Fleet;
  let client: Client;
  let work: ReturnType<typeof worker>;

  before(async () => {
    folder = await createTempFolder({ prefix: 'troupe-everybody' });
    const pki = await createTestPki(folder.join('pki'));
    const { certificate, key } = await pki.issue(caller);
    broker = await testBrokers.embedded.start({ pki, folder: folder.path, callers: [caller], nodes: [] });
    work = worker();
    fleet = await emulateFleet({
      instances: count,
      broker: broker.nodeUrls,
      security: { mode: 'x509', pki, keyType: 'ed25519' },
      facts: (index) => ({ region: index % 4 === 0 ? 'eu' : 'us' }),
      agents: (index) => (index % 6 === 5 ? [] : [work.agent]),
      faults: () => ({}),
    });
    const config = {
      broker: { urls: broker.callerUrls },
      security: { ca: pki.caCertificate, certificate, key },
    };
    client = await connect({ config: checkConfig(config, clientSchema, 'the test') });
  });
  after(async () => {
    await client?.close();
    await fleet?.close();
    await broker?.stop();
    await folder?.close();
  });
  beforeEach(async () => {
    const presence = await client.presence();
    await waitFor('all to be online', () => presence.online().length === count, { timeoutSeconds: 60 });
  });

  const name = (index: number) => fleet.nodes[index]?.identity ?? '';
  const named = (fits: (index: number) => boolean) =>
    fleet.nodes
      .filter((_, index) => fits(index))
      .map(({ identity }) => identity)
      .sort(naturalOrder);
  const hasAgent = (index: number) => index % 6 !== 5;

  it('has the replies of those that match the filter and have the agent, and of no others', async () => {
    const filter = client.filter({ facts: [parseFact('region=eu')] });
    const call = client.call(workDdl, 'echo', { text: 'x' }, { filter });
    const { byState } = await call.stats();
    const meant = named((index) => hasAgent(index) && index % 4 === 0);
    expect({ ...byState, ok: [...(byState.ok ?? [])].sort(naturalOrder) }).to.deep.equal({ ok: meant });
    expect(call.discovery).to.deep.include({ byRequest: true, nodes: meant, silent: [] });
    // A discovery would have found the same.
    const { nodes } = await client.discover({ filter: client.withAgent(filter, 'worker') });
    expect(nodes).to.deep.equal(meant);
  });

  it('lists a node that is online but silent, and does not wait for nodes that left', async () => {
    const deaf = fleet.node(name(7));
    const gone = fleet.node(name(8));
    gone.cut();
    const presence = await client.presence();
    await waitFor('its last will', () => presence.isOnline(gone.identity) === false);
    deaf.faults = { lose: 1 };
    const call = client.call(workDdl, 'echo', {});
    const { byState } = await call.stats();
    deaf.faults = {};
    gone.mend();
    expect(Object.keys(byState)).to.deep.equal(['ok']);
    expect(byState.ok).to.have.length(named(hasAgent).length - 2);
    expect(call.discovery).to.deep.include({ silent: [deaf.identity], offline: [gone.identity] });
  });

  it('loses no result though the broker is killed before all have said that they are meant', async () => {
    const late = fleet.node(name(2));
    const before = work.runs();
    const meant = named(hasAgent);
    late.faults = { delay: 5_000 };
    const call = client.call(workDdl, 'hold', {});
    await waitFor('the others to be at work', () => call.running().length === meant.length - 1);
    expect(call.open()).to.include(late.identity);
    await broker.kill();
    late.faults = {};
    work.release();
    await broker.restart();
    const { byState } = await call.stats();
    expect({ ...byState, ok: [...(byState.ok ?? [])].sort(naturalOrder) }).to.deep.equal({ ok: meant });
    expect(work.runs() - before).to.equal(meant.length);
  });
});
