import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { Notifier } from '../../src/events/notifier.js';
import { parseProvisionerConfig } from '../../src/index.js';
import { StubNetwork, settled } from '../fixtures/stub-network.js';

const sendmsg = 'notify sendmsg';
const message = {
  recipient: 'mailto://ops',
  subject: 's',
  message: 'a text',
  id: 'm1',
  fields: { node: 'web1' },
};

describe('the notifier', () => {
  let network: StubNetwork;
  beforeEach(() => {
    network = new StubNetwork();
    network.nodes = ['n1', 'n2', 'n3'];
  });

  const notifier = () =>
    new Notifier(network.peers, parseProvisionerConfig('notify: { filter: role::mail }').notify);
  const tries = () =>
    network.of(sendmsg).map(({ target, input }) => `${target}${input.spool ? ' keeps' : ''}`);

  it('has the message delivered by a node that the configuration means', async () => {
    network.nodes = ['n1'];
    expect(await notifier().submit(message)).to.deep.equal({ delivered: true, by: 'n1' });
    expect(network.asked[0]).to.deep.nested.include({
      target: 'n1',
      'options.collective': 'mcollective',
      input: { ...message, spool: false },
    });
    expect(network.discoveries[0]?.filter?.agents).to.deep.equal(['notify']);
  });

  it('tries one after the other', async () => {
    network.answers[sendmsg] = () => ({ state: tries().length === 3 ? 'ok' : 'failed' });
    const { by } = await notifier().submit(message);
    expect(tries()).to.have.members(['n1', 'n2', 'n3']);
    expect(by).to.equal(tries()[2]);
  });

  it('chooses the same notifier for the same message, in whatever order they reply, and others for others', async () => {
    const first = async (id: string, nodes: readonly string[]) => {
      network.nodes = nodes;
      return (await notifier().submit({ ...message, id })).by;
    };
    const chosen = new Set<string | undefined>();
    for (let n = 0; n < 20; n += 1) {
      const by = await first(`m${n}`, ['n1', 'n2', 'n3']);
      expect(await first(`m${n}`, ['n3', 'n1', 'n2'])).to.equal(by);
      chosen.add(by);
    }
    expect(chosen.size).to.equal(3);
  });

  it('searches for notifiers once for what is sent at the same time', async () => {
    const one = notifier();
    await Promise.all([one.submit(message), one.submit({ ...message, id: 'm2' })]);
    expect(network.discoveries).to.have.length(1);
    await settled();
    await one.submit(message);
    expect(network.discoveries).to.have.length(1);
  });

  it('searches again if there was no notifier', async () => {
    network.nodes = [];
    const one = notifier();
    expect(await one.submit(message)).to.deep.equal({
      delivered: false,
      reason: 'no node with the agent notify found',
    });
    network.nodes = ['n1'];
    expect((await one.submit(message)).by).to.equal('n1');
  });

  it('has it kept by one that will, if none can deliver it now', async () => {
    network.answers[sendmsg] = ({ target, input }) =>
      input.spool && target === 'n2' ? { data: { state: 'waiting', reason: 'down' } } : { state: 'failed' };
    expect(await notifier().submit(message)).to.deep.equal({ delivered: false, by: 'n2', reason: 'down' });
    expect(tries().slice(0, 3)).to.have.members(['n1', 'n2', 'n3']);
    expect(tries().at(-1)).to.equal('n2 keeps');
  });

  it('does not know why it is kept if the notifier does not say', async () => {
    network.nodes = ['n1'];
    network.answers[sendmsg] = () => ({ data: { state: 'waiting' } });
    expect((await notifier().submit(message)).reason).to.equal('');
  });

  it('gives each reason once if all fail, and says whether somebody answered', async () => {
    network.nodes = ['n1'];
    network.answers[sendmsg] = () => ({ state: 'failed', statusmsg: 'no' });
    expect(await notifier().submit(message)).to.deep.equal({
      delivered: false,
      reason: 'notify sendmsg on n1: no',
      isAnswered: true,
    });
    network.answers[sendmsg] = () => ({ state: 'no-reply', statusmsg: 'no reply' });
    expect(await notifier().submit(message)).to.not.have.property('isAnswered');
  });

  it('never rejects, whatever the network does', async () => {
    network.client.discover = () => Promise.reject(new Error('no broker'));
    expect(await notifier().submit(message)).to.deep.equal({ delivered: false, reason: 'no broker' });
  });
});
