import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { type Client, type ClientConfig, clientSchema, connect } from '@troupe/client';
import {
  brokerConfig,
  type Daemon,
  parseConfig,
  parseDaemonConfig,
  silentLogger,
  startDaemon,
} from '@troupe/core';
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
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { counterAgent, counterDdl } from '../../src/counter.js';
import { type Account, connectMqtt } from '../../src/mqtt.js';

const program = process.env.RABBITMQ_SERVER ?? 'rabbitmq-server';

describe('RabbitMQ with the configuration that brokerConfig makes', function () {
  this.timeout(120_000);
  let folder: TempFolder;
  let pki: TestPki;
  let rabbit: RunningProcess;
  let daemon: Daemon;
  let client: Client;
  let port: number;
  let epmd: number;
  const files = new Map<string, IssuedCertificate>();
  const accounts: Account[] = [];
  // RabbitMQ has no dots within a level.
  const web1 = 'web1%2Elab';
  const web2 = 'web2%2Elab';

  before(async function () {
    if (spawnSync('sh', ['-c', 'command -v "$0"', program]).status !== 0)
      skip(this, 'rabbitmq-server is not installed');
    folder = await createTempFolder({ prefix: 'troupe-rabbitmq', mode: 0o711 });
    pki = await createTestPki(folder.join('pki'));
    for (const name of ['broker.lab', 'web1.lab', 'web2.lab', 'alice.mcollective', 'bob.mcollective'])
      files.set(name, await pki.issue(name, { ipAddresses: ['127.0.0.1'] }));
    port = await freePort();
    const own = files.get('broker.lab');
    const made = brokerConfig('rabbitmq', {
      port,
      ca: pki.caCertificate,
      certificate: own?.certificate ?? '',
      key: own?.key ?? '',
      callers: ['alice.mcollective'],
      nodes: ['web1.lab', 'web2.lab'],
      folder: folder.path,
    });
    for (const { name, text } of made.files) writeFileSync(folder.join(name), text);
    epmd = await freePort();
    rabbit = startProcess(program, [], { env: await environment(folder, epmd) });
    // The ready broker says so; then its listeners are up.
    await rabbit.waitForLine(/completed with \d+ plugins/, { timeoutSeconds: 90 });
    const broker = { urls: [`mqtts://127.0.0.1:${port}`] };
    const common = { broker, topics: { escape: made.escape } };
    const security = { ca: pki.caCertificate, crl: pki.crl };
    const node = {
      ...common,
      identity: 'web1.lab',
      security: { ...security, ...files.get('web1.lab') },
      state_dir: folder.join('state'),
      facts: { paths: [] },
    };
    daemon = await startDaemon({
      config: parseDaemonConfig(JSON.stringify(node)),
      configFile: 'none',
      log: silentLogger,
      agents: [counterAgent(() => undefined)],
    });
    const caller = { ...common, security: { ...security, ...files.get('alice.mcollective') } };
    client = await connect({
      config: parseConfig<ClientConfig>(JSON.stringify(caller), clientSchema, 'the test'),
    });
  });
  after(async () => {
    await client?.close();
    await daemon?.close();
    await rabbit?.stop();
    // Erlang's name server leaves the process group.
    if (epmd !== undefined) spawnSync('epmd', ['-port', `${epmd}`, '-kill']);
    await folder?.close();
  });
  afterEach(async () => {
    for (const account of accounts.splice(0)) await account.close();
  });

  async function join(name: string): Promise<Account> {
    const { certificate, key } = files.get(name) ?? { certificate: '', key: '' };
    const account = await connectMqtt(`mqtts://127.0.0.1:${port}`, {
      clientId: `${name}:${accounts.length}`,
      ca: readFileSync(pki.caCertificate),
      cert: readFileSync(certificate),
      key: readFileSync(key),
    });
    accounts.push(account);
    return account;
  }

  it('carries discovery and calls', async () => {
    expect((await client.discover()).nodes).to.deep.equal(['web1.lab']);
    const result = await client
      .agent(counterDdl)
      .count({}, { targets: ['web1.lab'] })
      .one();
    expect(result.state).to.equal('ok');
  });

  for (const filter of [
    `mco/mcollective/node/${web1}`,
    'mco/mcollective/node/+',
    'mco/mcollective/reply/alice%2Emcollective/#',
    'mco/mcollective/presence/#',
    'mco/mcollective/event/#',
    '#',
  ]) {
    it(`does not let a stolen node account hear ${filter}`, async () => {
      const thief = await join('web2.lab');
      // RabbitMQ ends the connection of whoever asks for too much.
      const answer = await Promise.race([
        thief.subscribe(filter).catch(() => 'ended'),
        waitFor('an end', () => thief.isClosed).then(() => 'ended'),
      ]);
      expect(answer).to.be.oneOf([128, 'ended']);
    });
  }

  it('takes nothing from a stolen node account in the name of another', async () => {
    const watcher = await join('alice.mcollective');
    for (const kind of ['presence/#', 'event/#', 'reply/alice%2Emcollective/#'])
      expect(await watcher.subscribe(`mco/mcollective/${kind}`), kind).to.equal(0);
    for (const name of [web1, web2]) {
      for (const topic of ['presence', 'event', 'reply/alice%2Emcollective/s1']) {
        const thief = await join('web2.lab');
        // The acknowledgement, or the end of the connection.
        await Promise.race([
          thief.publish(`mco/mcollective/${topic}/${name}`, 'x', { qos: 1 }),
          waitFor('an end', () => thief.isClosed),
        ]).catch(() => undefined);
      }
    }
    await waitFor('what is its own', () => watcher.heard.length >= 3);
    expect(watcher.heard.map(({ topic }) => topic).filter((topic) => !topic.endsWith(web2))).to.deep.equal(
      [],
    );
  });

  it('refuses a certificate that is not listed', async () => {
    expect(
      await join('bob.mcollective').then(
        () => 'let in',
        () => 'refused',
      ),
    ).to.equal('refused');
  });
});

async function environment(folder: TempFolder, epmd: number): Promise<Record<string, string>> {
  const erlang = await freePort();
  return {
    HOME: folder.path,
    RABBITMQ_NODENAME: `troupe${process.pid}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: '',
    RABBITMQ_DIST_PORT: `${erlang}`,
    ERL_EPMD_PORT: `${epmd}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_CONFIG_FILE: folder.join('rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: folder.join('enabled_plugins'),
    RABBITMQ_MNESIA_BASE: folder.join('mnesia'),
    RABBITMQ_LOG_BASE: folder.join('log'),
    RABBITMQ_LOGS: '-',
  };
}
