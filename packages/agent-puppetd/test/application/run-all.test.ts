import type { Client } from '@troupe/client';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type NodeRun, rerunAll, runAll } from '../../src/application/index.js';
import { type Behaviour, FakeFleet } from './fake-fleet.js';

describe('runs over a fleet', () => {
  let fleet: FakeFleet;
  let client: Client;

  beforeEach(async () => {
    fleet = new FakeFleet();
    client = await fleet.client();
  });

  afterEach(() => fleet[Symbol.asyncDispose]());

  const start = (count: number, behaviour: (index: number) => Behaviour = () => ({})) =>
    Promise.all(Array.from({ length: count }, (_, index) => fleet.start(`n${index}`, behaviour(index))));

  async function ran(runs: AsyncIterable<NodeRun>): Promise<Map<string, NodeRun>> {
    const all = new Map<string, NodeRun>();
    for await (const run of runs) {
      expect(all.has(run.sender), `${run.sender} twice`).to.equal(false);
      all.set(run.sender, run);
    }
    return all;
  }

  it('keep to the limit, and end with everybody', async () => {
    await start(12);
    const runs = runAll(client, { concurrency: 3 });
    const all = await ran(runs);
    expect([...all.values()].map(({ outcome }) => outcome)).to.deep.equal(Array(12).fill('unchanged'));
    expect(fleet.most.get('all')).to.equal(3);
    expect(await runs.stats()).to.deep.include({ nodes: 12, most: 3, failed: [], silent: [], unheard: [] });
    expect((await runs.stats()).ok).to.have.length(12);
    expect(fleet.requests).to.equal(12);
    const one = all.get('n3');
    expect(one).to.include({ kind: 'ran', ok: true, runId: fleet.runsOf('n3')[0]?.id });
  });

  it('keep to the limit of each Puppet server too', async () => {
    await start(9, (index) => ({ server: index < 6 ? 'big' : 'small' }));
    await ran(runAll(client, { concurrency: 4, perServer: 2 }));
    expect(fleet.runs).to.have.length(9);
    expect(Object.fromEntries(fleet.most)).to.deep.equal({ all: 4, big: 2, small: 2 });
  });

  it('tell what became of each: well, failed, disabled, unable', async () => {
    await start(4, (index) =>
      index === 0
        ? { outcome: 'failed-resources' }
        : index === 1
          ? { enabled: false }
          : index === 2
            ? { refuses: 9 }
            : {},
    );
    const runs = runAll(client, { concurrency: 2, retries: 1, retryAfter: 0.01 });
    const all = await ran(runs);
    expect(all.get('n0')).to.include({ kind: 'ran', ok: false, outcome: 'failed-resources' });
    expect(all.get('n1')).to.include({ kind: 'skipped', ok: true, outcome: 'disabled' });
    expect(all.get('n2')).to.include({ kind: 'not-begun', ok: false, outcome: 'already-running' });
    expect(await runs.stats()).to.deep.include({
      ok: ['n3'],
      failed: ['n0'],
      skipped: ['n1'],
      notBegun: ['n2'],
    });
    // Once, and once again.
    expect(fleet.behaviour('n2').refuses).to.equal(7);
  });

  it('cost the same few messages in a fleet of any size', async function () {
    this.timeout(120_000);
    const perRun: number[] = [];
    for (const nodes of [50, 200]) {
      // Those of before are still there.
      const first = fleet.size;
      await Promise.all(
        Array.from({ length: nodes - first }, (_, index) => fleet.start(`n${first + index}`)),
      );
      let found = 0;
      const onFleet = () => {
        found = fleet.messages;
      };
      // On a slow machine neither who has just come nor who is looked for answers in time.
      const presence = await client.presence();
      await waitFor('all nodes', () => presence.online().length === nodes, { timeoutSeconds: 60 });
      const targets = Array.from({ length: nodes }, (_, index) => `n${index}`);
      const { ok } = await runAll(client, { concurrency: 10, onFleet, targets }).stats();
      expect(ok).to.have.length(nodes);
      perRun.push((fleet.messages - found) / nodes);
    }
    const [few = 0, many = 0] = perRun;
    console.log(`      messages for each run: ${few.toFixed(1)} of 50, ${many.toFixed(1)} of 200`);
    // A request, perhaps a word in between, and a result; more where a slow machine makes the client ask again.
    expect(few).to.be.at.least(2);
    // Whoever asks everybody in turn sends four times as many for each.
    expect(many).to.be.below(few * 2.5);
  });

  it('try again where a node could not begin', async () => {
    await start(2, (index) => ({ refuses: index }));
    const { ok } = await runAll(client, { concurrency: 2, retryAfter: 0.01 }).stats();
    expect(ok).to.have.members(['n0', 'n1']);
  });

  it('ask who is applying a catalog last', async () => {
    await start(3, (index) => ({ applying: index === 0 }));
    const begun: string[] = [];
    await runAll(client, { concurrency: 1, onStart: (identity) => begun.push(identity) }).stats();
    expect(begun).to.deep.equal(['n1', 'n2', 'n0']);
  });

  it('take the result of a run whose daemon was restarted in the middle', async () => {
    await start(1, () => ({ takes: 1500, outcome: 'changed' }));
    const runs = runAll(client, { concurrency: 1 });
    await waitFor('the run', () => fleet.runs.length === 1);
    await fleet.stop('n0');
    await fleet.start('n0');
    const all = await ran(runs);
    expect(all.get('n0')).to.include({ kind: 'ran', ok: true, outcome: 'changed' });
    expect(fleet.runs).to.have.length(1);
  });

  it('give up a node that does not come back, which holds nobody up', async () => {
    await start(4, (index) => ({ takes: index === 0 ? 3000 : 20 }));
    const order: string[] = [];
    const runs = runAll(client, { concurrency: 1, grace: 1 });
    await waitFor('the run', () => fleet.runsOf('n0').length === 1);
    await fleet.stop('n0');
    for await (const { sender, kind } of runs) order.push(`${sender} ${kind}`);
    expect(order).to.have.members(['n0 silent', 'n1 ran', 'n2 ran', 'n3 ran']);
    expect((await runs.stats()).silent).to.deep.equal(['n0']);
  });

  it('skip and report a node that went away before its turn, or was away all the time', async () => {
    await start(2, (index) => ({ takes: index === 0 ? 300 : 20 }));
    const targets = ['n0', 'n1', 'n9'];
    const runs = runAll(client, { concurrency: 1, targets });
    await waitFor('the run', () => fleet.runs.length === 1);
    await fleet.stop('n1');
    const all = await ran(runs);
    expect(all.get('n0')).to.include({ kind: 'ran' });
    expect(all.get('n1')).to.include({ kind: 'silent', outcome: 'offline' });
    expect(all.get('n9')).to.include({ kind: 'silent', outcome: 'no-reply' });
    expect(fleet.runsOf('n1')).to.deep.equal([]);
  });

  it('run also who arrives in the meantime', async () => {
    await start(1, () => ({ takes: 800 }));
    const runs = runAll(client, { concurrency: 2 });
    await waitFor('the run', () => fleet.runs.length === 1);
    await fleet.start('late');
    expect([...(await ran(runs)).keys()]).to.have.members(['n0', 'late']);
  });

  it('end at the signal, and leave alone what goes on', async () => {
    await start(3, () => ({ takes: 300 }));
    const stop = new AbortController();
    const runs = runAll(client, { concurrency: 1, signal: stop.signal });
    await waitFor('the run', () => fleet.runs.length === 1);
    stop.abort(new Error('enough'));
    expect(await runs.stats().catch((error: Error) => error.message)).to.equal('enough');
    await Promise.all(fleet.runs.map(({ end }) => end));
    expect(fleet.runs).to.have.length(1);
  });

  it('come again and again until the signal', async () => {
    await start(2);
    const stop = new AbortController();
    let rounds = 0;
    for await (const runs of rerunAll(client, { concurrency: 2, every: 0.05, signal: stop.signal })) {
      expect((await runs.stats()).ok).to.have.length(2);
      rounds += 1;
      if (rounds === 3) stop.abort();
    }
    expect(rounds).to.equal(3);
    expect(fleet.runs).to.have.length(6);
  });

  it('end with nobody where nobody matches', async () => {
    expect(await runAll(client, { concurrency: 1 }).stats()).to.include({ nodes: 0, most: 0 });
  });
});
