import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Client, clientSchema, connect } from '@troupe/client';
import { brokerConfig, parseConfig, silentLogger } from '@troupe/core';
import { type Daemon, parseDaemonConfig, startDaemon } from '@troupe/daemon';
import {
  createTempFolder,
  createTestPki,
  freePort,
  type IssuedCertificate,
  type RunningProcess,
  skip,
  startProcess,
  type TempFolder,
  type TestPki,
  waitFor,
  writePolicies,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import type { IClientOptions } from 'mqtt';
import { counterAgent, counterDdl } from '../../src/counter.js';
import { type Account, connectMqtt } from '../../src/mqtt.js';

const memoryLimit = 64;

describe('Mosquitto with the configuration that brokerConfig makes', function () {
  this.timeout(30_000);
  let folder: TempFolder;
  /** The node's, which the user mosquitto does not own. */
  let trusted: TempFolder;
  let pki: TestPki;
  let mosquitto: RunningProcess;
  let daemon: Daemon;
  let client: Client;
  let port: number;
  let ran = 0;
  const files = new Map<string, IssuedCertificate>();
  const accounts: Account[] = [];
  const audit = () => folder.join('audit.jsonl');

  before(async function () {
    if (!existsSync('/usr/sbin/mosquitto')) skip(this, 'mosquitto is not installed');
    folder = await createTempFolder({ prefix: 'troupe-mosquitto', mode: 0o711 });
    trusted = await createTempFolder({ prefix: 'troupe-node' });
    pki = await createTestPki(folder.join('pki'));
    for (const name of [
      'broker.lab',
      'web1.lab',
      'web2.lab',
      'web3.lab',
      'web9.lab',
      'alice.mcollective',
      'bob.mcollective',
      'carol.mcollective',
    ])
      files.set(name, await pki.issue(name, { ipAddresses: ['127.0.0.1'] }));
    await pki.revoke('web9.lab');
    port = await freePairOfPorts();
    const own = files.get('broker.lab');
    const { files: made } = brokerConfig('mosquitto', {
      port,
      ca: pki.caCertificate,
      crl: pki.crl,
      certificate: own?.certificate ?? '',
      key: own?.key ?? '',
      callers: ['alice.mcollective', 'carol.mcollective'],
      collectives: ['mcollective', 'eu'],
      members: { eu: ['web3.lab'] },
      address: '127.0.0.1',
      memoryMebibytes: memoryLimit,
      folder: folder.path,
    });
    for (const { name, text } of made) writeFileSync(folder.join(name), text, { mode: 0o600 });
    // Started by root, it becomes the user mosquitto, who must be able to read its files.
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'mosquitto', folder.path]);
    mosquitto = startProcess('/usr/sbin/mosquitto', ['-c', folder.join('mosquitto.conf'), '-v']);
    await mosquitto.waitForLine(/mosquitto version .* running/);

    const security = { ca: pki.caCertificate, crl: pki.crl };
    const node = {
      identity: 'web1.lab',
      broker: { urls: [`mqtts://127.0.0.1:${port}`] },
      security: { ...security, ...files.get('web1.lab') },
      state_dir: folder.join('state'),
      facts: { paths: [] },
      audit: { file: audit(), discovery: false },
      authorization: { policies: writePolicies(trusted.path, ['alice.mcollective']) },
    };
    const counter = counterAgent(() => {
      ran += 1;
    });
    daemon = await startDaemon({
      config: parseDaemonConfig(JSON.stringify(node)),
      configFile: 'none',
      log: silentLogger,
      agents: [counter],
    });
    const caller = {
      broker: { urls: [`mqtts://127.0.0.1:${port + 1}`] },
      security: { ...security, ...files.get('alice.mcollective') },
    };
    client = await connect({
      config: parseConfig(JSON.stringify(caller), clientSchema, 'the test'),
    });
  });
  after(async () => {
    await client?.close();
    await daemon?.close();
    await mosquitto?.stop();
    await trusted?.close();
    await folder?.close();
  });
  afterEach(async () => {
    for (const account of accounts.splice(0)) await account.close();
  });

  async function join(name: string, at = port, options: IClientOptions = {}): Promise<Account> {
    const { certificate, key } = files.get(name) ?? { certificate: '', key: '' };
    const account = await connectMqtt(`mqtts://127.0.0.1:${at}`, {
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
  const heard = (account: Account) => account.heard.map(({ topic }) => topic);

  it('carries discovery, calls and presence', async () => {
    expect((await client.discover()).nodes).to.deep.equal(['web1.lab']);
    expect((await call()).state).to.equal('ok');
    const watcher = await join('alice.mcollective', port + 1);
    await watcher.subscribe('mco/mcollective/presence/#');
    await waitFor('the presence', () => heard(watcher).includes('mco/mcollective/presence/web1.lab'));
  });

  it("keeps other nodes' requests, a client's replies, presence and events from a stolen node account", async () => {
    const thief = await join('web2.lab', port, { clientId: 'web2.lab' });
    for (const filter of [
      '#',
      '+/+/+/+',
      'mco/#',
      'mco/mcollective/node/+',
      'mco/mcollective/node/web1.lab',
      'mco/mcollective/reply/#',
      'mco/mcollective/presence/#',
      'mco/mcollective/event/#',
    ])
      await thief.subscribe(filter);
    await call();
    // What was sent later has arrived, so what was sent before will not.
    const alice = await join('alice.mcollective', port + 1);
    await alice.publish('mco/mcollective/node/web2.lab', 'for you', { qos: 1 });
    await waitFor('its own request', () => heard(thief).includes('mco/mcollective/node/web2.lab'));
    const own = /^mco\/mcollective\/(agent\/|node\/web2\.lab$)/;
    expect(heard(thief).filter((topic) => !own.test(topic))).to.deep.equal([]);
  });

  it('takes neither presence, replies, events nor requests of others from a stolen node account, nor a will', async () => {
    const watcher = await join('alice.mcollective', port + 1);
    for (const filter of [
      'mco/mcollective/presence/#',
      'mco/mcollective/event/#',
      'mco/mcollective/reply/alice.mcollective/#',
    ])
      await watcher.subscribe(filter);
    await waitFor('what is retained', () => heard(watcher).includes('mco/mcollective/presence/web1.lab'));
    watcher.heard.length = 0;
    const lines = readFileSync(audit(), 'utf8');
    const thief = await join('web2.lab', port, {
      clientId: 'web2.lab',
      will: {
        topic: 'mco/mcollective/presence/web1.lab',
        payload: Buffer.from('gone'),
        qos: 1,
        retain: true,
      },
    });
    const before = ran;
    for (const topic of [
      'mco/mcollective/presence/web1.lab',
      'mco/mcollective/event/web1.lab',
      'mco/mcollective/reply/alice.mcollective/s1/web1.lab',
      'mco/mcollective/node/web1.lab',
      'mco/mcollective/agent/counter',
      'mco/other/presence/web2.lab',
    ])
      await thief.publish(topic, 'forged', { qos: 1 });
    thief.mqtt.stream.destroy();
    await waitFor('the end of the connection', () => thief.isClosed);
    const honest = await join('web2.lab', port, { clientId: 'web2.lab' });
    for (const topic of [
      'mco/mcollective/presence/web2.lab',
      'mco/mcollective/event/web2.lab',
      'mco/mcollective/reply/alice.mcollective/s1/web2.lab',
    ])
      await honest.publish(topic, 'own', { qos: 1 });
    await waitFor('what is its own', () => watcher.heard.length >= 3);
    expect(heard(watcher).filter((topic) => !topic.endsWith('/web2.lab'))).to.deep.equal([]);
    await call();
    expect(ran).to.equal(before + 1);
    expect(readFileSync(audit(), 'utf8').slice(lines.length)).not.to.include('invalid');
  });

  it('gives nothing to a node at the port of callers, and nothing to a caller who is not listed', async () => {
    for (const name of ['web2.lab', 'bob.mcollective']) {
      const thief = await join(name, port + 1);
      for (const filter of ['#', `mco/mcollective/reply/${name}/#`]) await thief.subscribe(filter);
      const before = ran;
      await thief.publish('mco/mcollective/node/web1.lab', 'forged', { qos: 1 });
      await call();
      expect({ heard: thief.heard, ran }).to.deep.equal({ heard: [], ran: before + 1 });
    }
  });

  it('does not let a node push another off by its client id', async () => {
    const thief = await join('web2.lab', port, { clientId: 'web1.lab' });
    expect((await call()).state).to.equal('ok');
    expect(thief.isClosed).to.equal(false);
    expect(mosquitto.output).not.to.include('web1.lab already connected');
  });

  for (const [what, name] of [['a revoked certificate', 'web9.lab']] as const) {
    it(`refuses ${what}`, async () => {
      expect(
        await join(name).then(
          () => 'let in',
          () => 'refused',
        ),
      ).to.equal('refused');
    });
  }

  it('gives the broadcasts of a collective to its members only', async () => {
    const [member, other] = [await join('web3.lab'), await join('web2.lab')];
    for (const node of [member, other]) await node.subscribe('mco/eu/agent/+');
    await other.subscribe('mco/mcollective/node/web2.lab');
    const alice = await join('alice.mcollective', port + 1);
    await alice.publish('mco/eu/agent/rpcutil', 'who?', { qos: 1 });
    await alice.publish('mco/mcollective/node/web2.lab', 'for you', { qos: 1 });
    await waitFor('the broadcast', () => heard(member).includes('mco/eu/agent/rpcutil'));
    await waitFor('its own request', () => heard(other).length > 0);
    expect(heard(other)).to.deep.equal(['mco/mcollective/node/web2.lab']);
  });

  it('takes no piece of a file from a node, and none in the name of another caller', async () => {
    const reader = await join('web2.lab');
    const piece = (caller: string) => `mco/mcollective/file/${caller}/${'0123456789abcdef'.repeat(2)}/0`;
    await reader.subscribe('mco/mcollective/file/#');
    const thief = await join('web3.lab');
    for (const topic of [piece('web3.lab'), piece('alice.mcollective')])
      await thief.publish(topic, 'forged', { qos: 1 });
    const carol = await join('carol.mcollective', port + 1);
    await carol.publish(piece('alice.mcollective'), 'forged', { qos: 1 });
    await carol.publish(piece('carol.mcollective'), 'own', { qos: 1 });
    await waitFor('the piece', () => reader.heard.length > 0);
    expect(heard(reader)).to.deep.equal([piece('carol.mcollective')]);
  });

  it('listens on the given address only', () => {
    expect(mosquitto.output).to.include('Opening ipv4 listen socket').and.not.include('ipv6 listen socket');
  });

  it('does not let a node fill the memory with retained replies, and still serves the others', async () => {
    const payload = Buffer.alloc(1_000_000, 1);
    for (let count = 0; count < 2 * memoryLimit; count += 1) {
      const thief = accounts.findLast((account) => !account.isClosed) ?? (await join('web2.lab'));
      const topic = `mco/mcollective/reply/alice.mcollective/s${count}/web2.lab`;
      await Promise.race([
        thief.publish(topic, payload, { qos: 1, retain: true }),
        waitFor('an end', () => thief.isClosed),
      ]).catch(() => undefined);
    }
    expect(mebibytesOf(mosquitto)).to.be.lessThan(memoryLimit + 32);
    expect((await call()).state).to.equal('ok');
  });

  it('refuses whoever shows no certificate', async () => {
    const bare = { ca: readFileSync(pki.caCertificate) };
    for (const at of [port, port + 1])
      expect(
        await connectMqtt(`mqtts://127.0.0.1:${at}`, bare).then(
          () => 'let in',
          () => 'refused',
        ),
      ).to.equal('refused');
  });
});

function mebibytesOf({ pid }: RunningProcess): number {
  const [, kibibytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

async function freePairOfPorts(): Promise<number> {
  for (;;) {
    const first = await freePort();
    const next = await freePort();
    if (next === first + 1) return first;
    if (await isFree(first + 1)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
