import type { Client } from '@troupe/client';
import { parseFilter } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type NodeRun, runAll, type Selection, schedule } from '../../src/application/index.js';
import { type Behaviour, FakeFleet } from './fake-fleet.js';

type Words = Parameters<typeof parseFilter>[0];

interface Way {
  readonly what: string;
  readonly words?: Words;
  readonly targets?: readonly string[];
  readonly collective?: string;
  /** What is so of nodes that are selected, and of one that is not. */
  readonly inside?: Behaviour;
  readonly outside?: Behaviour;
}

const web: Behaviour = { facts: { role: 'web' }, classes: ['web'] };
const eu: Behaviour = { ...web, collectives: ['eu'] };
const db: Behaviour = { facts: { role: 'db' }, classes: ['db'] };
const list = ['slow1', 'web6'];

// The nodes slow1 and web6 are selected, and db7 is not.
const ways: readonly Way[] = [
  { what: 'a name and another name, as a list of names gives them', words: { identities: list } },
  { what: 'a pattern of names', words: { identities: ['/^(slow|web)\\d$/'] } },
  { what: 'a name and a pattern', words: { identities: ['slow1', '/^web/'] } },
  { what: 'names and a fact', words: { identities: [...list, 'db7'], facts: ['role=web'] } },
  { what: 'names and a class', words: { identities: list, classes: ['web'] }, outside: web },
  { what: 'a fact', words: { facts: ['role=web'] } },
  { what: 'a class', words: { classes: ['web'] } },
  { what: 'facts and classes together', words: { with: ['role=web', 'web'] } },
  { what: 'an expression', words: { select: ['role=web and not db'] } },
  { what: 'a data function', words: { select: ["fact('role').value=web"] } },
  { what: 'an agent', words: { agents: ['puppetd'] }, outside: { hasAgent: false } },
  { what: 'targets', targets: list },
  { what: 'targets and a fact', targets: [...list, 'db7'], words: { facts: ['role=web'] } },
  { what: 'targets and names', targets: [...list, 'db7'], words: { identities: list } },
  { what: 'a collective', collective: 'eu', inside: eu },
  { what: 'a collective and names', collective: 'eu', words: { identities: [...list, 'db7'] }, inside: eu },
  { what: 'names in a collective', collective: 'eu', words: { identities: list }, inside: eu, outside: eu },
];

describe('nodes that come online while a fleet is run', function () {
  this.timeout(30_000);
  let fleet: FakeFleet;
  let client: Client;
  let stop: AbortController;
  let release: () => void;

  beforeEach(async () => {
    fleet = new FakeFleet();
    client = await fleet.client();
    stop = new AbortController();
  });
  afterEach(async () => {
    release?.();
    stop.abort();
    await fleet[Symbol.asyncDispose]();
  });

  const held = (behaviour: Behaviour): Behaviour => {
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    return { ...behaviour, until };
  };
  const selectionOf = ({ words, targets, collective }: Way): Selection => ({
    ...(words && { filter: client.filter(parseFilter(words)) }),
    ...(targets && { targets }),
    ...(collective !== undefined && { collective }),
    signal: stop.signal,
  });
  const ran = () => fleet.runs.map(({ node }) => node);
  const runOf = (identity: string) =>
    waitFor(`the run of ${identity}`, () => fleet.runsOf(identity).length > 0, { timeoutSeconds: 20 });
  // One after the other: a node that is wrongly taken in would run first.
  async function bothCome({ inside = web, outside = db }: Way): Promise<void> {
    await fleet.start('db7', { ...outside });
    await fleet.start('web6', { ...inside });
    await runOf('web6');
  }

  for (const way of ways) {
    const { what, inside = web } = way;

    it(`are included in a round only if ${what} selects them`, async () => {
      await fleet.start('slow1', held(inside));
      const round = runAll(client, { ...selectionOf(way), concurrency: 2 });
      await runOf('slow1');
      await bothCome(way);
      release();
      await round.stats();
      expect(ran()).to.deep.equal(['slow1', 'web6']);
    });

    it(`are scheduled only if ${what} selects them`, async () => {
      await fleet.start('slow1', { ...inside });
      const events = schedule(client, { ...selectionOf(way), interval: 2 });
      const arrived: string[] = [];
      const follow = async () => {
        for await (const event of events) if (event.type === 'arrived') arrived.push(event.identity);
      };
      const followed = follow();
      await runOf('slow1');
      await bothCome(way);
      stop.abort();
      await followed;
      expect(ran()).to.include('web6').and.not.include('db7');
      expect(arrived).to.deep.equal(['web6']);
    });
  }

  it('are run only if they still match when their turn comes', async () => {
    await fleet.start('a1', held(web));
    await fleet.start('a2', web);
    const runs: NodeRun[] = [];
    const round = runAll(client, {
      ...selectionOf({ what: '', words: { classes: ['web'] } }),
      concurrency: 1,
    });
    await runOf('a1');
    await fleet.stop('a2');
    await fleet.start('a2', db);
    release();
    for await (const run of round) runs.push(run);
    expect(runs.find(({ sender }) => sender === 'a2')).to.include({
      kind: 'skipped',
      ok: true,
      outcome: 'unmatched',
      reason: 'the filter does not match this node',
    });
    expect(ran()).to.deep.equal(['a1']);
    expect(await round.stats()).to.deep.include({ ok: ['a1'], skipped: ['a2'], notBegun: [] });
  });
});
