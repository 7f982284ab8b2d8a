import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { eventId, waitingNotification } from '../../src/events/notification.js';
import type { Handover, OutgoingMessage } from '../../src/events/notifier.js';
import { Outbox } from '../../src/events/outbox.js';
import { parseProvisionerConfig } from '../../src/index.js';
import { PendingJournal } from '../../src/journal/pending-journal.js';
import { logLines } from '../fixtures/log-lines.js';
import { isPending, settled } from '../fixtures/stub-network.js';

const about = { state: 'clock-wrong', reason: 'its clock is 600 s behind' };
const minute = 60_000;

describe('the outbox', () => {
  let folder: string;
  let journal: PendingJournal;
  let now: number;
  /** What notifiers answer. */
  let answer: (message: OutgoingMessage) => Handover | Promise<Handover>;
  let sent: OutgoingMessage[];
  let told: { recipient: string; delivered: boolean; identity: string; reason?: string }[];
  let lines: Record<string, unknown>[];
  const boxes: Outbox[] = [];

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 });
    now = Date.now();
    folder = mkdtempSync(join(tmpdir(), 'outbox-'));
    sent = [];
    told = [];
    answer = () => ({ delivered: true, by: 'n1' });
  });
  afterEach(async () => {
    for (const box of boxes.splice(0)) box.stop();
    await journal.close();
    mock.timers.reset();
    rmSync(folder, { recursive: true });
  });

  const open = (notify = 'targets: ["mailto://ops"]', { isConnected = true } = {}): Outbox => {
    const { log, lines: logged } = logLines();
    lines = logged;
    journal = PendingJournal.open(join(folder, 'journal'), log);
    const box = new Outbox({ config: parseProvisionerConfig(`notify: { ${notify} }`), journal, log });
    boxes.push(box);
    box.start();
    if (isConnected) connect(box);
    return box;
  };
  const connect = (box: Outbox) =>
    box.connect({
      notifier: {
        submit: async (message) => {
          sent.push(message);
          return await answer(message);
        },
      },
      report: (event) => told.push(event),
    });
  const restart = async (box: Outbox, ...given: Parameters<typeof open>): Promise<Outbox> => {
    box.stop();
    await journal.close();
    return open(...given);
  };
  // The journal really writes: a turn of the loop is not enough for the disk.
  const idle = async (box: Outbox) => {
    await box.idle();
    await settled();
  };
  const pass = async (box: Outbox, milliseconds: number) => {
    const end = Date.now() + milliseconds;
    while (Date.now() < end) {
      mock.timers.tick(Math.min(5000, end - Date.now()));
      await idle(box);
    }
  };
  const message = (node: string, id = eventId('clock', node)) =>
    waitingNotification({ identity: node, ...about, id });
  const away: Handover = { delivered: false, reason: 'no node with the agent notify found' };
  const ids = () => sent.map(({ id, recipient }) => `${recipient} ${id}`);

  it('sends a message to every recipient, once for each id', async () => {
    const box = open('targets: ["mailto://ops", "exec://x"]');
    const web1 = message('web1');
    expect(await box.send(web1)).to.deep.equal({
      outcome: 'ok',
      reason: 'n1 notified mailto://ops; n1 notified exec://x',
    });
    box.post(web1);
    expect(await box.send(web1)).to.deep.equal({ outcome: 'ok', reason: 'this message was sent before' });
    await idle(box);
    expect(ids()).to.have.members([`mailto://ops ${web1.id}`, `exec://x ${web1.id}`]);
    const fields = { ...web1.fields, time: new Date(now).toISOString() };
    expect(sent[0]).to.deep.include({ subject: web1.subject, message: web1.text, fields });
    expect(told.map(({ identity, delivered }) => [identity, delivered])).to.deep.equal([
      ['web1', true],
      ['web1', true],
    ]);
    expect(box.state).to.deep.equal({ waiting: 0 });
  });

  it('sends nothing when notifications are off', async () => {
    for (const yaml of ['targets: []', 'targets: ["mailto://ops"] }\nsteps: { notify: false']) {
      const box = open(yaml);
      box.post(message('web1'));
      await idle(box);
      expect([box.isOn, sent, box.state.waiting]).to.deep.equal([false, [], 0]);
      await journal.close();
    }
  });

  it('keeps a message that no notifier takes, tries again, and reports the failure once', async () => {
    answer = () => away;
    const box = open();
    const first = await box.send(message('web1'));
    expect(first).to.deep.equal({
      outcome: 'failed',
      reason: `cannot notify mailto://ops: ${away.reason}; this provisioner keeps the message and retries`,
    });
    await pass(box, 10 * minute);
    expect(sent.length).to.be.within(8, 20);
    expect(told).to.have.length(1);
    expect(lines.filter(({ level }) => level === 40)).to.have.length(1);
    expect(box.state).to.deep.equal({
      waiting: 1,
      oldestSince: now,
      reason: `cannot notify mailto://ops: ${away.reason}`,
    });
    answer = () => ({ delivered: true, by: 'n2' });
    await pass(box, minute);
    expect(sent.at(-1)?.message).to.match(
      new RegExp(
        `\\n\\nThis was reported at ${new Date(now).toISOString()} and could not be sent earlier\\.$`,
      ),
    );
    expect(box.state).to.deep.equal({ waiting: 0 });
    expect(told.at(-1)).to.include({ identity: 'web1', delivered: true, by: 'n2' });
  });

  it('says how many recipients were notified if some were not', async () => {
    answer = ({ recipient }) => (recipient === 'exec://x' ? away : { delivered: true, by: 'n1' });
    const { outcome, reason } = await open('targets: ["mailto://ops", "exec://x"]').send(message('web1'));
    expect(outcome).to.equal('failed');
    expect(reason).to.match(
      /^1 of 2 recipients notified; n1 notified mailto:\/\/ops; cannot notify exec:\/\/x: no node/,
    );
  });

  it('counts a message that a notifier keeps as accepted', async () => {
    answer = () => ({ delivered: false, by: 'n2', reason: 'the mail server is down' });
    const box = open();
    expect(await box.send(message('web1'))).to.deep.equal({
      outcome: 'ok',
      reason: 'n2 queued the notification to mailto://ops: the mail server is down',
    });
    expect(told).to.have.length(1);
    expect(told[0]).to.include({ delivered: false, by: 'n2' });
    expect(box.state.waiting).to.equal(0);
  });

  it('has what was not sent after a restart, the oldest first, and does not send again what was', async () => {
    const [web1, web2, web3] = ['web1', 'web2', 'web3'].map((node) => message(node));
    if (!web1 || !web2 || !web3) throw new Error();
    let box = open();
    await box.send(web1);
    answer = () => away;
    await box.send(web2);
    await box.send(web3);
    sent = [];
    answer = () => ({ delivered: true, by: 'n1' });
    box = await restart(box);
    await idle(box);
    expect(ids()).to.deep.equal([`mailto://ops ${web2.id}`, `mailto://ops ${web3.id}`]);
    box = await restart(box);
    for (const each of [web1, web2, web3]) box.post(each);
    await idle(box);
    expect(sent).to.have.length(2);
  });

  it('keeps the recipients that have not got a message, over a restart', async () => {
    const two = 'targets: ["mailto://ops", "exec://x"]';
    answer = ({ recipient }) => (recipient === 'exec://x' ? away : { delivered: true, by: 'n1' });
    let box = open(two);
    await box.send(message('web1'));
    sent = [];
    box = await restart(box, two);
    await idle(box);
    expect(sent.map(({ recipient }) => recipient)).to.deep.equal(['exec://x']);
    // One that is no longer in the configuration has not to be notified.
    box = await restart(box);
    await idle(box);
    expect(box.state.waiting).to.equal(0);
  });

  it('does not wait for a recipient that hangs to notify the others', async () => {
    let release = () => {};
    answer = ({ recipient }) =>
      recipient === 'exec://x'
        ? new Promise((resolve) => {
            release = () => resolve({ delivered: true, by: 'n1' });
          })
        : { delivered: true, by: 'n1' };
    const box = open('targets: ["mailto://ops", "exec://x"]');
    const first = box.send(message('web1'));
    box.post(message('web2'));
    await settled();
    expect(sent.filter(({ recipient }) => recipient === 'mailto://ops')).to.have.length(2);
    expect(await isPending(first)).to.equal(true);
    expect(await isPending(box.idle())).to.equal(true);
    release();
    expect((await first).outcome).to.equal('ok');
    release();
    await box.idle();
  });

  it('lets a message to which a notifier says no wait behind the others', async () => {
    const bad = message('bad');
    answer = ({ id }) =>
      id === bad.id
        ? { delivered: false, reason: 'rejected', isAnswered: true }
        : { delivered: true, by: 'n1' };
    const box = open();
    box.post(bad);
    box.post(message('good'));
    await idle(box);
    expect(told.map(({ identity, delivered }) => `${identity} ${delivered}`)).to.deep.equal([
      'bad false',
      'good true',
    ]);
    await pass(box, 11 * minute);
    expect(sent.filter(({ id }) => id === bad.id).length).to.be.within(3, 6);
  });

  it('keeps a message for a recipient that is invalid, and says why', async () => {
    answer = () => ({ delivered: false, reason: 'unknown protocol', isAnswered: true });
    const box = open();
    expect(await box.send({ ...message('web1'), text: 'x'.repeat(20_000) })).to.include({
      outcome: 'failed',
    });
    expect(box.state).to.include({ waiting: 1, reason: 'cannot notify mailto://ops: unknown protocol' });
    expect(sent[0]?.message).to.have.length(10_000);
  });

  it('does not wait for a message for which the journal had no room', async () => {
    answer = () => new Promise(() => {});
    const box = open();
    const first = box.send({ ...message('web0'), text: 'x'.repeat(1024 * 1024) });
    for (let n = 0; n < 70; n += 1)
      box.post({ ...message('web0', `more-${n}`), text: 'x'.repeat(1024 * 1024) });
    expect(box.state.waiting).to.be.below(64);
    expect(await first).to.deep.equal({
      outcome: 'failed',
      reason: 'not sent: this provisioner stopped, or its journal is full',
    });
  });

  describe('that has much to say', () => {
    const post = (box: Outbox, from: number, count: number) => {
      for (let n = from; n < from + count; n += 1) box.post(message(`web${n}.example.net`));
    };
    const singles = () => sent.filter(({ id }) => !id.startsWith('digest'));
    const digests = () => sent.filter(({ id }) => id.startsWith('digest'));

    it('sends ten messages an hour singly, and the rest in a digest every ten minutes', async () => {
      const box = open();
      post(box, 0, 25);
      await idle(box);
      expect([singles().length, digests().length, box.state.waiting]).to.deep.equal([10, 0, 15]);
      await pass(box, 30_000);
      expect([singles().length, digests().length, box.state.waiting]).to.deep.equal([10, 1, 0]);
      expect(digests()[0]?.subject).to.equal('15 events: 15 waiting (clock-wrong)');
      for (let n = 10; n < 25; n += 1) expect(digests()[0]?.message).to.include(`web${n}.example.net`);
      expect(told).to.have.length(25);
      post(box, 25, 5);
      await pass(box, 9 * minute);
      expect(digests()).to.have.length(1);
      await pass(box, minute);
      expect(digests()).to.have.length(2);
      await pass(box, 51 * minute);
      post(box, 30, 1);
      await idle(box);
      expect(singles()).to.have.length(11);
    });

    it('says at once that a message is sent in the next digest', async () => {
      const box = open('targets: ["mailto://ops"], singles: 0');
      expect(await box.send(message('web1'))).to.deep.equal({
        outcome: 'ok',
        reason: 'the message to mailto://ops is sent in the next digest',
      });
    });

    it('tells what gathered while no notifier was there within ten minutes, the oldest singly', async () => {
      answer = () => away;
      let box = open();
      post(box, 0, 400);
      await pass(box, 3 * 3_600_000);
      box = await restart(box);
      await idle(box);
      answer = () => ({ delivered: true, by: 'n1' });
      sent = [];
      await pass(box, 10 * minute);
      expect(box.state.waiting).to.equal(0);
      expect(singles().map(({ fields }) => fields.node)).to.deep.equal(
        Array.from({ length: 10 }, (_, n) => `web${n}.example.net`),
      );
      for (const { message: text, fields } of digests())
        expect([text.length, JSON.stringify(fields).length].every((length) => length <= 10_000)).to.equal(
          true,
        );
    }).timeout(60_000);

    it('remembers over a restart how much it has said', async () => {
      let box = open();
      post(box, 0, 11);
      await pass(box, minute);
      expect([singles().length, digests().length]).to.deep.equal([10, 1]);
      box = await restart(box);
      post(box, 11, 2);
      await pass(box, 8 * minute);
      expect([singles().length, digests().length]).to.deep.equal([10, 1]);
      await pass(box, 2 * minute);
      expect([singles().length, digests().length]).to.deep.equal([10, 2]);
    });

    it('sends the digest at once if the program ends', async () => {
      const box = open('targets: ["mailto://ops"], singles: 0');
      post(box, 0, 3);
      await idle(box);
      expect(sent).to.deep.equal([]);
      await box.flush();
      expect(digests()).to.have.length(1);
    });
  });
});

describe('the id of an event', () => {
  it('is the same wherever it is made, differs between events, and is one that a notifier accepts', () => {
    expect(eventId('clock', 'web1', 'slow')).to.equal(eventId('clock', 'web1', 'slow'));
    expect(eventId('clock', 'web1', 'slow')).not.to.equal(eventId('clock', 'web1slow'));
    expect(eventId('clock', 'wéb 1')).to.match(/^clock-[0-9a-f]{16}$/);
  });
});

describe('the message about a node that waits', () => {
  it('has the state in its subject, the reason in its first line, and what to do', () => {
    const { subject, text, fields } = waitingNotification({
      identity: 'web1',
      ...about,
      id: 'm1',
      advice: 'check NTP',
    });
    expect(subject).to.equal('web1 is waiting: clock-wrong');
    expect(text.split('\n')).to.deep.equal([
      'web1 is not provisioned yet (clock-wrong): its clock is 600 s behind',
      '',
      'check NTP',
      '',
      '"mcprovision explain web1" shows its history.',
    ]);
    expect(fields).to.deep.equal({
      node: 'web1',
      outcome: 'waiting',
      state: 'clock-wrong',
      reason: 'its clock is 600 s behind',
    });
  });
});
