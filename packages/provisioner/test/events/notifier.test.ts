import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Events } from '../../src/events/events.js';
import { Notifier } from '../../src/events/notifier.js';
import { type ProvisionEvent, parseProvisionerConfig } from '../../src/index.js';
import { logLines } from '../fixtures/log-lines.js';
import { isPending, StubNetwork, settled } from '../fixtures/stub-network.js';

const sendmsg = 'notify sendmsg';
const message = {
  identity: 'web1',
  id: 'm1',
  subject: 's'.repeat(300),
  text: 'a text',
  fields: { node: 'web1' },
};

describe('the notifier', () => {
  let network: StubNetwork;
  let random: number;
  let events: ProvisionEvent[];
  let lines: Record<string, unknown>[];
  beforeEach(() => {
    network = new StubNetwork();
    network.nodes = ['n1', 'n2'];
    events = [];
    random = 0;
    mock.method(Math, 'random', () => random);
  });
  afterEach(() => mock.restoreAll());

  const notifier = (targets = '["mailto://ops"]') => {
    const { log, lines: logged } = logLines();
    lines = logged;
    const listeners = new Events(log);
    listeners.on((event) => events.push(event));
    const { notify } = parseProvisionerConfig(`notify: { targets: ${targets}, filter: role::mail }`);
    return new Notifier(network.peers, notify, listeners, log);
  };
  const tries = () =>
    network.of(sendmsg).map(({ target, input }) => `${target}${input.spool ? ' keeps' : ''}`);
  const told = () => {
    return events.map(({ time: _, identity, type, ...event }) => event);
  };
  const about = { protocol: 'mailto', recipient: 'mailto://ops', subject: message.subject };

  it('has the message delivered by a node that the configuration means', async () => {
    expect(await notifier().send(message)).to.deep.equal({
      outcome: 'ok',
      reason: 'n1 notified mailto://ops',
    });
    expect(network.asked[0]).to.deep.nested.include({
      target: 'n1',
      'options.collective': 'mcollective',
      input: {
        recipient: 'mailto://ops',
        subject: 's'.repeat(200),
        message: 'a text',
        id: 'm1',
        fields: { node: 'web1' },
        spool: false,
      },
    });
    expect(network.discoveries[0]?.filter?.agents).to.deep.equal(['notify']);
    expect(told()).to.deep.equal([{ ...about, delivered: true, by: 'n1' }]);
    expect(lines).to.deep.equal([]);
  });

  for (const [given, order] of [
    [0, ['n1', 'n2', 'n3']],
    [0.34, ['n2', 'n3', 'n1']],
    [0.99, ['n3', 'n1', 'n2']],
  ] as const) {
    it(`tries one after the other, from any: ${order.join(', ')}`, async () => {
      network.nodes = ['n1', 'n2', 'n3'];
      random = given;
      network.answers[sendmsg] = ({ target }) => ({ state: target === order[2] ? 'ok' : 'failed' });
      expect((await notifier().send(message)).reason).to.equal(`${order[2]} notified mailto://ops`);
      expect(tries()).to.deep.equal(order);
    });
  }

  it('has it kept by one that will, if none can deliver it now', async () => {
    network.answers[sendmsg] = ({ target, input }) =>
      input.spool && target === 'n2' ? { data: { state: 'waiting', reason: 'down' } } : { state: 'failed' };
    expect(await notifier().send(message)).to.deep.equal({
      outcome: 'ok',
      reason: 'n2 queued the notification to mailto://ops: down',
    });
    expect(tries()).to.deep.equal(['n1', 'n2', 'n1 keeps', 'n2 keeps']);
    expect(told()).to.deep.equal([{ ...about, delivered: false, by: 'n2', reason: 'down' }]);
  });

  it('does not know why it is kept if the notifier does not say', async () => {
    network.answers[sendmsg] = () => ({ data: { state: 'waiting' } });
    expect((await notifier().send(message)).reason).to.equal('n1 queued the notification to mailto://ops: ');
  });

  for (const [what, nodes, answer, reason] of [
    [
      'if all fail, each reason once',
      ['n1', 'n2'],
      'failed',
      'notify sendmsg on n1: no; notify sendmsg on n2: no',
    ],
    ['if there is no notifier', [], 'ok', 'no node with the agent notify found'],
  ] as const) {
    it(`says that nobody was told ${what}`, async () => {
      network.nodes = nodes;
      network.answers[sendmsg] = () => ({ state: answer, statusmsg: 'no' });
      expect(await notifier().send(message)).to.deep.equal({
        outcome: 'failed',
        reason: `cannot notify mailto://ops: ${reason}`,
      });
      expect(told()).to.deep.equal([{ ...about, delivered: false, reason }]);
      expect(
        lines.map(({ level, node, recipient, reason: why }) => [level, node, recipient, why]),
      ).to.deep.equal([[40, 'web1', 'mailto://ops', reason]]);
    });
  }

  it('never rejects, whatever the network does', async () => {
    network.client.discover = () => Promise.reject(new Error('no broker'));
    expect(await notifier().send(message)).to.include({ reason: 'cannot notify mailto://ops: no broker' });
  });

  it('has failed if one of the recipients was not told', async () => {
    network.answers[sendmsg] = ({ input }) => ({
      state: input.recipient === 'exec://1' ? 'failed' : 'ok',
      statusmsg: 'no',
    });
    const { outcome, reason } = await notifier('["exec://1", "webhook://2"]').send(message);
    expect([outcome, reason]).to.deep.equal([
      'failed',
      'cannot notify exec://1: notify sendmsg on n1: no; notify sendmsg on n2: no; n1 notified webhook://2',
    ]);
  });

  it('delivers five at a time, and is idle when all are delivered', async () => {
    const deliver: (() => void)[] = [];
    network.answers[sendmsg] = () => new Promise((resolve) => deliver.push(() => resolve({})));
    const recipients = Array.from({ length: 6 }, (_, n) => `"exec://${n}"`);
    const busy = notifier(`[${recipients.join(', ')}]`);
    await busy.idle();
    const sent = busy.send(message);
    await settled();
    expect(deliver).to.have.length(5);
    const idle = busy.idle();
    expect(await isPending(idle)).to.equal(true);
    for (let n = 0; n < 6; n += 1) {
      deliver[n]?.();
      await settled();
    }
    expect((await sent).outcome).to.equal('ok');
    await idle;
  });
});
