import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { type Client, clientSchema, connect } from '@troupe/client';
import { parseConfig, silentLogger } from '@troupe/core';
import { type Daemon, parseDaemonConfig, startDaemon } from '@troupe/daemon';
import {
  createTempFolder,
  createTestPki,
  type IssuedCertificate,
  skip,
  type TempFolder,
  type TestBroker,
  type TestPki,
  testBrokers,
  waitFor,
  writePolicies,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import type { IClientOptions } from 'mqtt';
import { counterAgent, counterDdl } from '../../src/counter.js';
import { type Account, connectMqtt } from '../../src/mqtt.js';

// Neither broker has dots within a level.
const web1 = 'web1%2Elab';
const web2 = 'web2%2Elab';
const replies = 'reply/alice%2Emcollective';
const fileId = '0123456789abcdef'.repeat(2);

for (const kind of [testBrokers.nats, testBrokers.rabbitmq]) {
  describe(`a stolen node account at ${kind.name}, as brokerConfig configures it`, function () {
    this.timeout(150_000);
    let folder: TempFolder;
    let pki: TestPki;
    let broker: TestBroker;
    let daemon: Daemon;
    let client: Client;
    let ran = 0;
    const files = new Map<string, IssuedCertificate>();
    const accounts: Account[] = [];

    before(async function () {
      const missing = kind.missing();
      if (missing) skip(this, missing);
      folder = await createTempFolder({ prefix: 'troupe-stolen' });
      pki = await createTestPki(folder.join('pki'));
      const nodes = ['web1.lab', 'web2.lab'];
      const callers = ['alice.mcollective', 'carol.mcollective'];
      for (const name of [...nodes, ...callers, 'bob.mcollective']) files.set(name, await pki.issue(name));
      broker = await kind.start({ pki, folder: folder.path, callers, nodes });
      const common = (name: string) => ({
        broker: { urls: broker.nodeUrls },
        topics: { escape: broker.escape },
        security: { ca: pki.caCertificate, crl: pki.crl, ...files.get(name) },
      });
      const node = {
        ...common('web1.lab'),
        identity: 'web1.lab',
        state_dir: folder.join('state'),
        facts: { paths: [] },
        authorization: { policies: writePolicies(folder.path, ['alice.mcollective']) },
      };
      daemon = await startDaemon({
        config: parseDaemonConfig(JSON.stringify(node)),
        configFile: 'none',
        log: silentLogger,
        agents: [
          counterAgent(() => {
            ran += 1;
          }),
        ],
      });
      const caller = JSON.stringify(common('alice.mcollective'));
      client = await connect({ config: parseConfig(caller, clientSchema, 'the test') });
    });
    after(async () => {
      await client?.close();
      await daemon?.close();
      await broker?.stop();
      await folder?.close();
    });
    afterEach(async () => {
      for (const account of accounts.splice(0)) await account.close();
    });

    async function join(name: string, options: IClientOptions = {}): Promise<Account> {
      const { certificate, key } = files.get(name) ?? { certificate: '', key: '' };
      const account = await connectMqtt(broker.nodeUrls[0] ?? '', {
        clientId: `${name}:${accounts.length}`,
        ca: readFileSync(pki.caCertificate),
        cert: readFileSync(certificate),
        key: readFileSync(key),
        ...options,
      });
      accounts.push(account);
      return account;
    }
    const call = () =>
      client
        .agent(counterDdl)
        .count({}, { targets: ['web1.lab'] })
        .one();

    // The acknowledgement that NATS gives to whatever it drops, or RabbitMQ's end of the connection.
    async function publish(
      topic: string,
      { from = 'web2.lab', ...options }: { retain?: boolean; from?: string } = {},
    ): Promise<void> {
      const thief = await join(from);
      await Promise.race([
        thief.publish(topic, 'forged', { qos: 1, ...options }),
        waitFor('an end', () => thief.isClosed),
      ]).catch(() => undefined);
    }

    it('is of use to the node: discovery and calls', async () => {
      expect((await client.discover()).nodes).to.deep.equal(['web1.lab']);
      expect((await call()).state).to.equal('ok');
    });

    for (const filter of [
      `mco/mcollective/node/${web1}`,
      'mco/mcollective/node/+',
      'mco/mcollective/node/#',
      `mco/mcollective/${replies}/#`,
      `mco/mcollective/${replies}/+/${web1}`,
      'mco/mcollective/reply/#',
      'mco/mcollective/presence/#',
      `mco/mcollective/presence/${web1}`,
      'mco/mcollective/event/#',
      'mco/provisioning/agent/provision',
      'mco/#',
      '+/+/+/+',
      '#',
      // Where NATS itself keeps messages and sessions.
      '$MQTT/#',
      '$JS/API/#',
      '$SYS/#',
    ]) {
      it(`does not hear ${filter}`, async () => {
        const thief = await join('web2.lab');
        const answer = await Promise.race([
          thief.subscribe(filter).catch(() => 'ended'),
          waitFor('an end', () => thief.isClosed).then(() => 'ended'),
        ]);
        expect(answer).to.be.oneOf([128, 'ended']);
        expect((await call()).state).to.equal('ok');
        expect(thief.heard).to.deep.equal([]);
      });
    }

    it('says nothing in the name of another: no presence, no event, no reply', async () => {
      const watcher = await join('alice.mcollective');
      for (const kind of ['presence/#', 'event/#', `${replies}/#`])
        expect(await watcher.subscribe(`mco/mcollective/${kind}`), kind).to.equal(0);
      watcher.heard.length = 0;
      for (const name of [web1, web2])
        for (const what of ['presence', 'event', `${replies}/s1`])
          await publish(`mco/mcollective/${what}/${name}`);
      const forged = () => watcher.heard.filter(({ payload }) => payload.toString() === 'forged');
      await waitFor('what is its own', () => forged().length >= 3);
      expect(forged().filter(({ topic }) => !topic.endsWith(web2))).to.deep.equal([]);
    });

    it('leaves no retained presence and no will in the name of another', async () => {
      await publish(`mco/mcollective/presence/${web1}`, { retain: true });
      const topic = `mco/mcollective/presence/${web1}`;
      const will = { topic, payload: Buffer.from('forged'), qos: 1, retain: true } as const;
      const watcher = await join('alice.mcollective');
      await watcher.subscribe('mco/mcollective/presence/#');
      // It may be refused at once.
      const thief = await join('web2.lab', { will }).catch(() => undefined);
      thief?.mqtt.stream.destroy();
      await waitFor('the end of the connection', () => thief?.isClosed ?? true);
      await publish(`mco/mcollective/presence/${web2}`);
      await waitFor('what is its own', () => watcher.heard.some(({ topic }) => topic.endsWith(web2)));
      const others = watcher.heard.filter(({ topic }) => !topic.endsWith(web2));
      expect(others.filter(({ payload }) => payload.toString() === 'forged')).to.deep.equal([]);
    });

    it('sends no request, and none to another collective', async () => {
      // Who may hear what nodes are sent: the nodes themselves.
      const victim = await join('web1.lab', { clientId: 'web1.lab:watch' });
      for (const topic of [`node/${web1}`, 'agent/counter'])
        expect(await victim.subscribe(`mco/mcollective/${topic}`)).to.equal(0);
      for (const topic of [
        `mco/mcollective/node/${web1}`,
        'mco/mcollective/agent/counter',
        'mco/provisioning/agent/provision',
      ])
        await publish(topic);
      const before = ran;
      expect((await call()).state).to.equal('ok');
      await waitFor('the request', () => victim.heard.length > 0);
      expect(victim.heard.filter(({ payload }) => payload.toString() === 'forged')).to.deep.equal([]);
      expect(ran).to.equal(before + 1);
    });

    it('sends no piece of a file, and a caller none in the name of another caller', async () => {
      const reader = await join('web1.lab', { clientId: 'web1.lab:watch' });
      const file = (caller: string) => `mco/mcollective/file/${caller}%2Emcollective/${fileId}`;
      for (const caller of ['alice', 'carol'])
        expect(await reader.subscribe(`${file(caller)}/+`)).to.equal(0);
      for (const topic of [`${file('alice')}/0`, `mco/mcollective/file/${web2}/${fileId}/0`])
        await publish(topic);
      await publish(`${file('alice')}/0`, { from: 'carol.mcollective' });
      // What was sent later has arrived, so what was sent before will not.
      await publish(`${file('carol')}/0`, { from: 'carol.mcollective' });
      await waitFor('the piece', () => reader.heard.length > 0);
      expect(reader.heard.map(({ topic }) => topic)).to.deep.equal([`${file('carol')}/0`]);
    });

    it('inherits nothing by the client id of another', async () => {
      const clientId = 'alice.mcollective:left';
      const alice = await join('alice.mcollective', { clientId, clean: false });
      await alice.mqtt.subscribeAsync('mco/mcollective/presence/#', { qos: 1 });
      await alice.close();
      const thief = await join('web2.lab', { clientId, clean: false }).catch(() => undefined);
      const web = await join('web2.lab');
      await web.publish(`mco/mcollective/presence/${web2}`, 'news', { qos: 1 }).catch(() => undefined);
      expect((await call()).state).to.equal('ok');
      expect(thief?.heard ?? []).to.deep.equal([]);
      await thief?.close();
      const again = await join('alice.mcollective', { clientId, clean: false });
      await again.mqtt.subscribeAsync('mco/mcollective/presence/#', { qos: 1 });
      await waitFor('what was kept for her', () =>
        again.heard.some(({ topic }) => topic === `mco/mcollective/presence/${web2}`),
      );
    });

    if (kind === testBrokers.nats) {
      for (const user of ['CN=alice.mcollective', 'CN=web1.lab']) {
        it(`is not given to a user of the broker's machine who logs in as "${user}" without a certificate`, async () => {
          const [, port] = /client connections on 127\.0\.0\.1:(\d+)/.exec(broker.output) ?? [];
          expect(await nativeLogin(Number(port), user)).to.match(/^-ERR 'Authorization Violation'/);
        });
      }
    }

    it('cannot be made from a certificate that is not listed', async () => {
      const outcome = await join('bob.mcollective').then(
        () => 'let in',
        () => 'refused',
      );
      expect(outcome).to.equal('refused');
    });
  });
}

// The native protocol of NATS, over which an account without a password would be open.
async function nativeLogin(port: number, user: string): Promise<string> {
  const socket = connectTcp(port, '127.0.0.1').setEncoding('utf8');
  try {
    let output = '';
    socket.on('data', (text: string) => {
      output += text;
    });
    socket.write(`CONNECT ${JSON.stringify({ user, pass: '', verbose: false })}\r\nPING\r\n`);
    const answer = () => /^(?:-ERR|PONG).*$/m.exec(output)?.[0];
    await waitFor('an answer', () => answer() !== undefined);
    return answer() ?? '';
  } finally {
    socket.destroy();
  }
}
