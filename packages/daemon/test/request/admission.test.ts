import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { type Filter, parseFilter, type Request, seal } from '@troupe/core';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Refusal } from '../../src/request/refusal.js';
import { Realm } from '../realm.js';
import { Desk, identity, rip, stopClock } from './desk.js';

const now = Date.parse('2026-05-01T12:00:00Z');

describe('Admission', () => {
  stopClock();
  let realm: Realm;
  let desk: Desk;
  let policies: string;
  before(async () => {
    realm = await Realm.create(identity, rip);
  });
  after(() => realm.remove());
  beforeEach(async () => {
    policies = join(realm.folder, 'policies');
    mkdirSync(policies, { recursive: true });
    writeFileSync(join(policies, 'default.policy'), 'policy default allow\n');
    desk = await Desk.open(realm, { config: `, authorization: { policies: ${policies} }` });
  });
  afterEach(() => desk.close());

  const policy = (text: string) => writeFileSync(join(policies, 'default.policy'), text);
  const filter = (parts: Parameters<typeof parseFilter>[0]): Filter => parseFilter(parts);
  const request = (parts: Partial<Request> = {}) => desk.request({ time: now, ...parts });
  const forbidden = (parts: Partial<Request>) => desk.admission.forbidden(request(parts), now);
  const asked = (message: Request) => ({ message, answer: { v: message.v }, bytes: 100 });
  const unable = (parts: Partial<Request> = {}) => desk.admission.unable(asked(request(parts)), now);
  const outcome = async (refusal: Promise<Refusal | undefined>) => (await refusal)?.outcome ?? 'admitted';

  describe('of late and early messages', () => {
    for (const [what, age, verdict] of [
      ['is as old as its ttl', 30_000, undefined],
      ['is a moment older than its ttl', 30_001, 'expired'],
      ['is from a minute in the future', -60_000, undefined],
      ['is from more than a minute in the future', -60_001, 'expired'],
    ] as const) {
      it(`${verdict ? 'rejects' : 'admits'} a message that ${what}`, () => {
        const refusal = desk.admission.untimely(request({ time: now - age, ttl: 30 }), now);
        expect(refusal?.outcome).to.equal(verdict);
        expect(desk.node.stats.ttlexpired).to.equal(verdict ? 1 : 0);
      });
    }

    it('reports the age of a late message and the time of both clocks', () => {
      const refusal = desk.admission.untimely(request({ time: now - 90_000, ttl: 30 }), now);
      expect(refusal).to.deep.equal({
        outcome: 'expired',
        statuscode: 1,
        statusmsg:
          "the request has expired (90 s old, valid for 30 s): this node's clock shows 2026-05-01T12:00:00.000Z, the caller's clock showed 2026-05-01T11:58:30.000Z; check NTP on both machines",
      });
    });

    it('reports how far an early message is in the future', () => {
      const refusal = desk.admission.untimely(request({ time: now + 90_000 }), now);
      expect(refusal?.statusmsg).to.equal(
        "the request is dated 90 s in the future: this node's clock shows 2026-05-01T12:00:00.000Z, the caller's clock showed 2026-05-01T12:01:30.000Z; check NTP on both machines",
      );
    });
  });

  describe('with a filter', () => {
    beforeEach(() => {
      desk.facts = { stage: 'dev' };
      desk.classes = ['role::web'];
      desk.data.set('disk', (query) => ({ free: query === '/' ? 10 : 0 }));
    });

    for (const [what, parts] of [
      ['its identity', { identities: [identity] }],
      ['its agents', { agents: ['work'] }],
      ['its facts', { facts: ['stage=dev'] }],
      ['its classes', { classes: ['role::web'] }],
      ['its data', { select: ["disk('/').free > 5"] }],
    ] as const) {
      it(`admits a request whose filter names ${what}`, async () => {
        expect(await outcome(forbidden({ filter: filter(parts) }))).to.equal('admitted');
      });
    }

    for (const [what, parts] of [
      ['another identity', { identities: ['web2.lab'] }],
      ['an agent that is not here', { agents: ['work', 'none'] }],
      ['another fact', { facts: ['stage=prod'] }],
      ['another class', { classes: ['role::database'] }],
      ['other data', { select: ["disk('/tmp').free > 5"] }],
    ] as const) {
      it(`rejects a request as unmatched if its filter names ${what}`, async () => {
        expect(await forbidden({ filter: filter(parts) })).to.deep.equal({
          outcome: 'unmatched',
          statuscode: 0,
          statusmsg: 'the filter does not match this node',
        });
      });
    }

    for (const [what, asked, reason] of [
      ['is malformed', { nonsense: 1 }, /^cannot evaluate the filter: .*nonsense/],
      [
        'asks a data plugin that is not here',
        filter({ select: ["none('x').y > 5"] }),
        /^cannot evaluate the filter: .*"none"/,
      ],
    ] as const) {
      it(`rejects a request with the reason if its filter ${what}`, async () => {
        const refusal = await forbidden({ filter: asked as Filter });
        expect(refusal).to.include({ outcome: 'failed', statuscode: 4 });
        expect(refusal?.statusmsg).to.match(reason);
      });
    }

    it('checks neither time nor policy of a request for another node', async () => {
      policy('policy default deny\n');
      const other = { filter: filter({ identities: ['web2.lab'] }) };
      expect(await outcome(forbidden(other))).to.equal('unmatched');
      expect(await outcome(forbidden({ ...other, time: 0 }))).to.equal('unmatched');
      expect(desk.node.stats.ttlexpired).to.equal(0);
    });

    it('does not reveal facts to a caller whose request is denied or expired', async () => {
      for (const facts of [['stage=dev'], ['stage=prod']]) {
        expect(await outcome(forbidden({ filter: filter({ facts }), time: 0 }))).to.equal('expired');
        policy('policy default deny\n');
        expect(await outcome(forbidden({ filter: filter({ facts }) }))).to.equal('denied');
      }
    });
  });

  describe('with policies', () => {
    it('decides by caller, action, facts and classes', async () => {
      policy(
        [
          'policy default deny',
          `allow\t${rip}\tchange\tstage=dev\trole::web`,
          'allow\tann.mcollective\tlook\t*\t*',
          '',
        ].join('\n'),
      );
      expect(await outcome(forbidden({}))).to.equal('admitted');
      expect(await outcome(forbidden({ action: 'look' }))).to.equal('denied');
      expect(await outcome(forbidden({ caller: 'ann.mcollective' }))).to.equal('denied');
      expect(await outcome(forbidden({ caller: 'ann.mcollective', action: 'look' }))).to.equal('admitted');
      desk.facts = { stage: 'prod' };
      expect(await outcome(forbidden({}))).to.equal('denied');
      desk.facts = { stage: 'dev' };
      desk.classes = [];
      expect(await outcome(forbidden({}))).to.equal('denied');
    });

    it('reports whether the policy denies or cannot be used', async () => {
      const words = async (agent = 'work') => {
        const refusal = await forbidden({ agent });
        expect(refusal).to.include({ outcome: 'denied', statuscode: 1 });
        return refusal?.statusmsg;
      };
      policy('policy default deny\n');
      expect(await words()).to.equal(
        'you are not authorized to call work#change on this node: denied by its policy',
      );
      expect((await forbidden({}))?.policy).to.include('default.policy:1');
      policy('nonsense');
      expect(await words()).to.equal(
        'you are not authorized to call work#change on this node: its policy is invalid; see the log of the node',
      );
    });

    it('rejects a request for an agent without a policy, and says what to write where', async () => {
      desk.close();
      const none = join(realm.folder, 'none');
      mkdirSync(none, { recursive: true });
      desk = await Desk.open(realm, { config: `, authorization: { policies: ${none} }` });
      expect((await forbidden({}))?.statusmsg).to.equal(
        `you are not authorized to call work#change on this node: it has no policy for the agent "work": write work.policy or default.policy in ${none} ("mco policy init" writes a first default.policy)`,
      );
      writeFileSync(join(none, 'Work.policy'), 'policy default allow\n');
      expect((await forbidden({}))?.statusmsg).to.equal(
        `you are not authorized to call work#change on this node: its policy is not read, because the file has the wrong name: rename ${none}/Work.policy to work.policy, or delete it`,
      );
    });

    it('rejects a request if there are no policies at all, and says what to write where', async () => {
      desk.close();
      desk = await Desk.open(realm, { config: ', authorization: { without_policy: refuse }' });
      expect((await forbidden({}))?.statusmsg).to.equal(
        'you are not authorized to call work#change on this node: it has no policy for the agent "work": set authorization.policies in its mcod.yaml, and write a first policy with "mco policy init"',
      );
    });
  });

  describe('of an authorized request', () => {
    it('admits what the DDL allows', () => {
      expect(unable()).to.equal(undefined);
    });

    it('rejects a request for an unknown agent, and lists the known ones', () => {
      expect(unable({ agent: 'wrok' })).to.deep.equal({
        outcome: 'failed',
        statuscode: 2,
        statusmsg: 'agent "wrok" not found on this node (did you mean "work"?); it has discovery, work',
      });
    });

    it('rejects a request for an unknown action, and lists the known ones', () => {
      const refusal = unable({ action: 'none' });
      expect(refusal).to.include({ outcome: 'failed', statuscode: 2 });
      expect(refusal?.statusmsg).to.include("Unknown action 'none' for agent 'work'");
    });

    it('rejects invalid input with the status of the fault', () => {
      const refusal = unable({ input: { text: 7 } });
      expect(refusal).to.include({ outcome: 'failed', statuscode: 4 });
      expect(refusal?.statusmsg).to.include('text');
      expect(unable({ agent: 'discovery', action: 'ddl' })).to.include({ statuscode: 3 });
    });

    it('rejects a request that was already begun, even while the daemon shuts down', async () => {
      const again = request();
      desk.jobs.begin(again, identity, now);
      desk.admission.beginNothing();
      expect(desk.admission.unable(asked(again), now)).to.deep.equal({
        outcome: 'unknown',
        statuscode: 5,
        statusmsg:
          'this node already started this request, and its replies are no longer kept: the request does not run again, and its outcome is unknown',
      });
    });

    it('answers busy while the daemon shuts down, whatever the request', () => {
      desk.admission.beginNothing();
      expect(unable({ agent: 'none' })).to.deep.equal({
        outcome: 'busy',
        statuscode: 1,
        statusmsg: 'the daemon of this node is restarting: try again in a moment',
      });
    });
  });

  describe('to a node that is paused', () => {
    beforeEach(() => {
      desk.pause = { by: 'ann.mcollective', since: '2026-06-01T12:00:00.000Z', reason: 'disk replacement' };
    });

    it('refuses actions that change it, says who paused it and how to resume it', () => {
      expect(unable()).to.deep.equal({
        outcome: 'failed',
        statuscode: 1,
        statusmsg:
          'this node is paused by ann.mcollective since 2026-06-01T12:00:00.000Z: disk replacement; it runs only actions that do not change it, until it is resumed with "mco node resume -I web1.lab"',
      });
      desk.pause = undefined;
      expect(unable()).to.equal(undefined);
    });

    it('accepts actions that do not change it', () => {
      expect(unable({ action: 'look', input: {} })).to.equal(undefined);
      expect(unable({ agent: 'discovery', action: 'ping', input: {} })).to.equal(undefined);
    });
  });

  describe('to a node that is full', () => {
    it('answers busy while too many requests wait', async () => {
      desk.close();
      desk = await Desk.open(realm, { config: ', limits: { concurrency: 1, queue: 1 }' });
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      desk.queue.add({ caller: 'ann.mcollective', bytes: 0 }, () => held);
      expect(unable()).to.equal(undefined);
      desk.queue.add({ caller: 'joe.mcollective', bytes: 0 }, () => held);
      expect(unable()).to.deep.equal({
        outcome: 'busy',
        statuscode: 1,
        statusmsg: `too many requests of "${rip}" are waiting on this node (limits.queue): try again in a moment`,
      });
      release();
      await turn();
      expect(unable()).to.equal(undefined);
    });

    it('answers busy at once while none may wait', async () => {
      desk.close();
      desk = await Desk.open(realm, { config: ', limits: { concurrency: 1, queue: 0 }' });
      expect(unable()).to.equal(undefined);
      desk.queue.add({ caller: 'ann.mcollective', bytes: 0 }, () => new Promise(() => {}));
      expect(unable()).to.have.property('outcome', 'busy');
    });

    it('answers busy to a caller that fills its memory of requests, until some have expired, and serves others', async () => {
      desk.close();
      desk = await Desk.open(realm, { config: ', limits: { keep_ids: 1000 }' });
      for (let index = 0; index < 800; index += 1)
        desk.jobs.begin(request({ id: index.toString(16).padStart(32, '0') }), identity, now);
      expect(unable()).to.deep.equal({
        outcome: 'busy',
        statuscode: 1,
        statusmsg: `this node cannot store more request ids of "${rip}" (limits.keep_ids): try again later`,
      });
      expect(unable({ caller: 'ann.mcollective' })).to.equal(undefined);
      expect(unable({ agent: 'discovery', action: 'ping', input: {} })).to.equal(undefined);
      expect(desk.admission.unable(asked(request()), now + 3_600_000)).to.equal(undefined);
    });
  });

  describe('of a request with a long ttl', () => {
    it('rejects one that is longer than limits.max_ttl, an hour by default', async () => {
      expect(unable({ ttl: 3600 })).to.equal(undefined);
      expect(unable({ ttl: 3601 })).to.deep.equal({
        outcome: 'failed',
        statuscode: 4,
        statusmsg:
          'the request is valid for 3601 s, and this node accepts at most 3600 s (limits.max_ttl): send it with a shorter ttl',
      });
      desk.close();
      desk = await Desk.open(realm, { config: ', limits: { max_ttl: 24h }' });
      expect(unable({ ttl: 86_400 })).to.equal(undefined);
    });
  });

  it('answers busy to a caller whose requests are being evaluated already, and serves others', async () => {
    let judge = () => {};
    const judged = new Promise<void>((resolve) => {
      judge = resolve;
    });
    const { admission } = desk;
    const forbidden = admission.forbidden.bind(admission);
    admission.forbidden = async (...words) => {
      await judged;
      return forbidden(...words);
    };
    const text = 'x'.repeat(700_000);
    const receiving: Promise<void>[] = [];
    for (let count = 0; count < 80; count += 1) {
      const message = await seal(desk.request({ input: { text } }), desk.client(rip).signer);
      receiving.push(desk.dispatcher.receive(message));
    }
    const busy = (await desk.replies()).filter(
      (reply) => reply.kind === 'result' && reply.outcome === 'busy',
    );
    expect(busy.length).to.be.within(10, 40);
    expect(busy[0]).to.include({
      statusmsg: `too many requests of "${rip}" are being evaluated on this node: try again in a moment`,
    });
    judge();
    await Promise.all(receiving);
    await desk.ended();
    expect(await desk.replies()).to.have.length(80 - busy.length);
  });
});
