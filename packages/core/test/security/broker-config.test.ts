import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type BrokerConfigOptions, type BrokerKind, brokerConfig, brokerKinds } from '../../src/index.js';

const options: BrokerConfigOptions = {
  ca: '/etc/troupe/ca.pem',
  certificate: '/etc/troupe/mq.pem',
  key: '/etc/troupe/mq.key',
  callers: ['alice.mcollective'],
  nodes: ['web1.lab', 'web10.lab'],
};
const servers = ['mq1.lab', 'mq2.lab', 'mq3.lab'].map((host) => ({ host }));

function text(kind: BrokerKind, more: Partial<BrokerConfigOptions> = {}): string {
  return brokerConfig(kind, { ...options, ...more })
    .files.map((file) => file.text)
    .join('\n');
}

function userOf(definitions: string, wanted: string) {
  const { permissions, topic_permissions: topics } = JSON.parse(definitions) as Record<
    string,
    { user: string; configure: string; read: string; write: string }[]
  >;
  const own = permissions?.find(({ user }) => user === wanted);
  const topic = topics?.find(({ user }) => user === wanted);
  if (!own || !topic) throw new Error(`no permissions of ${wanted}`);
  return { own, topic };
}

describe('brokerConfig', () => {
  for (const kind of brokerKinds) {
    it(`of ${kind} names no file but the given ones`, () => {
      const paths = text(kind).match(/\/etc\/\S+?\.(pem|key)/g) ?? [];
      expect([...new Set(paths)].sort()).to.deep.equal([options.ca, options.key, options.certificate].sort());
    });

    for (const bad of ['al ice.mcollective', 'alice"', 'a\nb']) {
      it(`of ${kind} refuses the caller ${JSON.stringify(bad)}`, () => {
        expect(() => brokerConfig(kind, { ...options, callers: [bad] })).to.throw(/no name of a certificate/);
      });
    }

    it(`of ${kind} refuses a path that would begin another setting`, () => {
      expect(() => brokerConfig(kind, { ...options, key: 'a\nlistener 1' })).to.throw(/^key: .* no path/);
    });
  }

  it('of a NATS cluster has a file for each server, which names the others and one secret', () => {
    const { files, notes } = brokerConfig('nats', { ...options, cluster: servers });
    expect(files.map(({ name }) => name)).to.deep.equal(['nats-1.conf', 'nats-2.conf', 'nats-3.conf']);
    for (const [index, file] of files.entries()) {
      const routes = [...file.text.matchAll(/nats-route:\/\/troupe:[^@]+@([^:]+):6222/g)].map(
        ([, host]) => host,
      );
      expect(routes).to.deep.equal(servers.filter((_, other) => other !== index).map(({ host }) => host));
      expect(file.text).to.include(`listen: "${servers[index]?.host}:6222"`);
    }
    const secrets = files.flatMap(({ text }) => text.match(/[0-9a-f]{48}/g) ?? []);
    expect(new Set(secrets).size).to.equal(1);
    expect(notes.join('\n')).to.include('nats-2.conf is for mq2.lab');
  });

  it('of a NATS cluster takes the secret that it is given, and makes another each time otherwise', () => {
    const given = { cluster: servers, clusterSecret: 'correct-horse-battery' };
    expect(text('nats', given)).to.equal(text('nats', given));
    expect(text('nats', { cluster: servers })).not.to.equal(text('nats', { cluster: servers }));
    expect(() => text('nats', { cluster: servers, clusterSecret: 'short' })).to.throw(/sixteen/);
  });

  it('refuses a cluster of two, which stops when one fails', () => {
    expect(() => text('nats', { cluster: servers.slice(1) })).to.throw(/three servers/);
  });

  it('of RabbitMQ gives each account its own queues and topics only', () => {
    const { own, topic } = userOf(
      brokerConfig('rabbitmq', options).files.find(({ name }) => name === 'definitions.json')?.text ?? '',
      'web1.lab',
    );
    const mine = new RegExp(own.configure);
    expect(mine.test('mqtt-subscription-web1.labqos1')).to.equal(true);
    for (const queue of ['mqtt-subscription-web10.labqos1', 'mqtt-subscription-alice.mcollective:0011qos0'])
      expect(mine.test(queue), queue).to.equal(false);
    expect(new RegExp(topic.write).test('mco.mcollective.presence.web1%2Elab')).to.equal(true);
    for (const key of ['mco.mcollective.presence.web10%2Elab', 'mco.mcollective.node.web1%2Elab'])
      expect(new RegExp(topic.write).test(key), key).to.equal(false);
    for (const key of ['#', 'mco.#', 'mco.mcollective.node.*', 'mco.mcollective.node.web10%2Elab'])
      expect(new RegExp(topic.read).test(key), key).to.equal(false);
  });
});
