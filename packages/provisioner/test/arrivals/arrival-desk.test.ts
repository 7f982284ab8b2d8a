import { silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { ArrivalDesk } from '../../src/arrivals/arrival-desk.js';
import { Events, type ProvisionEvent } from '../../src/events/events.js';
import type { Notification } from '../../src/events/notification.js';
import { PendingJournal } from '../../src/journal/pending-journal.js';
import type { NodeInHand } from '../../src/worker/roster.js';
import { StubNetwork } from '../fixtures/stub-network.js';

const enrolment = 'provisioning';

describe('ArrivalDesk', () => {
  let network: StubNetwork;
  let now: number;
  let events: Events;
  let emitted: ProvisionEvent[];
  let posted: Notification[];
  let inHand: NodeInHand[];
  let desk: ArrivalDesk;
  beforeEach(() => {
    network = new StubNetwork();
    now = 1_800_000_000_000;
    events = new Events(silentLogger);
    emitted = [];
    events.on((event) => emitted.push(event));
    posted = [];
    inHand = [];
    desk = new ArrivalDesk({
      peers: network.peers,
      pending: PendingJournal.inMemory(silentLogger),
      events,
      outbox: { post: (notification) => posted.push(notification) },
      tellAfterSeconds: 300,
      inHand: () => inHand,
      log: silentLogger,
      now: () => now,
    });
  });
  const pass = (seconds: number) => {
    for (let left = seconds; left > 0; left -= 10) {
      now += 10_000;
      desk.look();
    }
  };
  const subjects = () => posted.map(({ subject }) => subject);
  const line = (identity = 'web1') => desk.list().find((each) => each.identity === identity);

  it('has people told once of a machine that does not reply, with state and reason', () => {
    desk.silent('web1', enrolment, 'it is online, but does not reply');
    pass(290);
    expect(posted).to.deep.equal([]);
    pass(20);
    desk.silent('web1', enrolment, 'it is online, but does not reply');
    pass(3600);
    expect(subjects()).to.deep.equal(['web1 is waiting: silent']);
    expect(posted[0]?.fields).to.deep.include({
      state: 'silent',
      reason: 'it is online, but does not reply',
    });
    expect(posted[0]?.text).to.include('journalctl -u mcod');
    expect(emitted.filter(({ type }) => type === 'stuck')).to.have.length(1);
  });

  it('has people told within ten minutes of a machine in each state that is not over', () => {
    const all = [
      'waiting',
      'name-taken',
      'unwanted',
      'silent',
      'clock-wrong',
      'rejected',
      'offline',
    ] as const;
    for (const state of all) desk.leftAlone(state, enrolment, state, `because of ${state}`);
    desk.offered('new', enrolment);
    events.emit({ identity: 'busy', type: 'step-started', step: 'puppet_final_run', attempt: 1 });
    desk.leftAlone('others', enrolment, 'elsewhere', 'prov/2 holds its lease');
    desk.leftAlone('put-aside', enrolment, 'quarantined', 'told already');
    pass(590);
    expect(posted.map(({ fields }) => fields.state).sort()).to.deep.equal([...all, 'new', 'working'].sort());
  });

  it('tells the same event under the same id as another provisioner, which saw it later', () => {
    const ids = [0, 4000].map((later) => {
      let time = 1_800_000_000_000 + later;
      const told: string[] = [];
      const other = new ArrivalDesk({
        peers: network.peers,
        pending: PendingJournal.inMemory(silentLogger),
        events: new Events(silentLogger),
        outbox: { post: ({ id }) => told.push(id) },
        tellAfterSeconds: 300,
        inHand: () => [],
        log: silentLogger,
        now: () => time,
      });
      other.silent('web1', enrolment, 'it does not reply');
      time += 310_000;
      other.look();
      return told;
    });
    expect(ids[0]).to.have.length(1);
    expect(ids[0]).to.deep.equal(ids[1]);
  });

  it('tells of another state of the same machine, and begins again with a step that succeeds', () => {
    desk.silent('web1', enrolment, 'it does not reply');
    pass(310);
    desk.waits('web1', enrolment, 'no master found');
    pass(200);
    expect(subjects()).to.have.length(1);
    pass(110);
    expect(subjects()).to.deep.equal(['web1 is waiting: silent', 'web1 is waiting']);
    events.emit({ identity: 'web1', type: 'step-ended', step: 'send_node_csr', outcome: 'ok', seconds: 1 });
    desk.waits('web1', enrolment, 'no master found');
    pass(310);
    expect(subjects()).to.have.length(3);
  });

  it('tells nothing of a machine that is done', () => {
    desk.offered('web1', enrolment);
    events.emit({ identity: 'web1', type: 'done', report: {} as never });
    pass(3600);
    expect([posted, desk.list()]).to.deep.equal([[], []]);
  });

  it('does not take the lock for progress, which is taken again at each beginning', () => {
    desk.offered('web1', enrolment);
    for (let count = 0; count < 40; count += 1) {
      events.emit({ identity: 'web1', type: 'step-ended', step: 'lock', outcome: 'ok', seconds: 1 });
      desk.waits('web1', enrolment, 'no route to host');
      pass(10);
    }
    expect(subjects()).to.deep.equal(['web1 is waiting']);
    expect(line()?.count).to.equal(40);
  });

  it('names a wrong clock with its offset, if that keeps the machine', () => {
    network.peers.clocks.note('web1', { clockOffset: -600_000, seconds: 0 });
    desk.silent('web1', enrolment, 'the request is dated 600 s in the future');
    expect(line()).to.include({
      state: 'clock-wrong',
      reason: 'its clock is 10 min behind, so it refuses requests: check NTP on it',
    });
  });

  it('adds a wrong clock to the reason of what failed while it is allowed for', () => {
    network.peers.clocks.note('web1', { clockOffset: -600_000, seconds: 0 });
    desk.waits('web1', enrolment, 'send_node_csr: the CRL is not yet valid');
    expect(line()).to.include({
      state: 'waiting',
      reason: 'send_node_csr: the CRL is not yet valid (its clock is 10 min behind)',
    });
    desk.waits('web1', 'mcollective', 'it refuses requests');
    expect(line()?.state).to.equal('clock-wrong');
  });

  it('names the master for which a machine waits in the queue', () => {
    desk.offered('web1', enrolment);
    inHand = [{ identity: 'web1', state: 'queued', master: 'puppet1' }];
    expect(line()).to.include({ state: 'queued' });
    expect(line()?.reason).to.include('puppet1 (limit_per_master');
  });

  describe('of machines that the broker refuses', () => {
    const refused = (more: object = {}) => ({
      address: '192.0.2.7',
      name: 'web7',
      reason: 'the enrolment token expired at 2026',
      first: now,
      last: now,
      count: 1,
      ...more,
    });

    it('shows name, address and reason, and has people told once', () => {
      desk.refused([refused()]);
      expect(line('web7')).to.include({ state: 'refused', address: '192.0.2.7' });
      pass(300);
      desk.refused([refused({ count: 30 })]);
      pass(600);
      expect(subjects()).to.deep.equal(['web7 is waiting: refused']);
      expect(posted[0]?.text)
        .to.include('the enrolment token expired at 2026 (from 192.0.2.7)')
        .and.include('not verified');
    });

    it('shows one without a name by its address, if it comes again and again', () => {
      desk.refused([refused({ name: undefined })]);
      expect(desk.list()).to.deep.equal([]);
      pass(70);
      desk.refused([refused({ name: undefined, count: 3 })]);
      expect(line('192.0.2.7')).to.include({ state: 'refused' });
    });

    it('shows one by its address that gives no valid name', () => {
      desk.refused([refused({ name: 'WEB 7; rm -rf /' })]);
      expect(desk.list().map(({ identity }) => identity)).to.deep.equal(['192.0.2.7']);
    });

    it('forgets one that is let in, or that does not come again', () => {
      desk.refused([refused(), refused({ name: 'web8' })]);
      desk.presence('web7', enrolment, true);
      expect(desk.list().map(({ identity }) => identity)).to.deep.equal(['web8']);
      pass(3620);
      expect(desk.list()).to.deep.equal([]);
    });

    it('keeps machines that arrived, however many addresses are refused', () => {
      desk.offered('web1', enrolment);
      desk.refused(
        Array.from({ length: 5000 }, (_, number) =>
          refused({ address: `2001:db8::${number}`, name: `x${number}` }),
        ),
      );
      expect(desk.list().length).to.equal(1001);
      expect(line()).to.be.an('object');
    });
  });
});
