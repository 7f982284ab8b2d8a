import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { type Client, clientSchema, connect } from '@troupe/client';
import { createLogger, issueToken, parseConfig, readToken, silentLogger } from '@troupe/core';
import { createNewcomerAccount, readNewcomerAccount } from '@troupe/core/internal';
import { type Daemon, parseDaemonConfig, startDaemon } from '@troupe/daemon';
import rpcutilDdl from '@troupe/ddl/rpcutil.json' with { type: 'json' };
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
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import type { IClientOptions } from 'mqtt';
import { jws, payloadOf } from '../../src/jws.js';
import { type Account, connectMqtt } from '../../src/mqtt.js';

const main = 'mco/mcollective';
const enrolment = 'mco/provisioning';
const mostConnections = 20;
const fileId = '0123456789abcdef'.repeat(2);

for (const kind of [testBrokers.mosquitto, testBrokers.nats, testBrokers.rabbitmq]) {
  describe(`machines with an enrolment token at ${kind.name}, as brokerConfig configures it`, function () {
    this.timeout(150_000);
    let folder: TempFolder;
    let pki: TestPki;
    let broker: TestBroker;
    let client: Client;
    let shared: ReturnType<typeof readNewcomerAccount>;
    const files = new Map<string, IssuedCertificate>();
    const accounts: Account[] = [];
    const daemons: Daemon[] = [];
    const log: string[] = [];

    before(async function () {
      const missing = kind.missing();
      if (missing) skip(this, missing);
      folder = await createTempFolder({ prefix: 'troupe-newcomers' });
      pki = await createTestPki(folder.join('pki'));
      for (const name of ['web1.lab', 'alice.mcollective']) files.set(name, await pki.issue(name));
      shared = readNewcomerAccount(await createNewcomerAccount());
      broker = await kind.start({
        pki,
        folder: folder.path,
        callers: ['alice.mcollective'],
        nodes: ['web1.lab'],
        newcomers: { account: shared.name, ca: shared.ca, connections: mostConnections },
      });
      const caller = {
        broker: { urls: broker.callerUrls },
        topics: { escape: broker.escape },
        collectives: ['mcollective', 'provisioning'],
        security: {
          ca: pki.caCertificate,
          crl: pki.crl,
          ...files.get('alice.mcollective'),
          tokens: { revoked: write('revoked', '') },
        },
      };
      client = await connect({
        config: parseConfig(JSON.stringify(caller), clientSchema, 'the test'),
        log: createLogger({ level: 'debug', destination: { write: (line) => void log.push(line) } }),
      });
    });
    after(async () => {
      await client?.close();
      await broker?.stop();
      await folder?.close();
    });
    afterEach(async () => {
      for (const daemon of daemons.splice(0)) await daemon.close();
      for (const account of accounts.splice(0)) await account.close();
    });

    function write(name: string, text: string): string {
      writeFileSync(folder.join(name), text, { mode: 0o600 });
      return folder.join(name);
    }
    const level = (name: string) => (broker.escape ? name.replaceAll('.', '%2E') : name);

    async function token(more: Record<string, unknown> = {}, by = 'alice.mcollective'): Promise<string> {
      const own = files.get(by);
      const certificate = new X509Certificate(readFileSync(own?.certificate ?? ''));
      const claims = {
        iss: 'alice.mcollective',
        collective: 'provisioning',
        brokers: broker.newcomerUrls,
        ca: readFileSync(pki.caCertificate, 'utf8'),
        callers: '/\\.mcollective$/',
        ttlSeconds: 600,
        account: { certificate: shared.certificate, key: shared.key },
        ...(broker.escape && { escape: true }),
        ...more,
      };
      const key = createPrivateKey(readFileSync(own?.key ?? ''));
      return issueToken(claims, { key, chain: [certificate.raw.toString('base64')] });
    }

    async function boot(identity: string, given: string): Promise<Daemon> {
      const config = {
        identity,
        security: { mode: 'token', token: write(`${identity}.token`, given) },
        state_dir: folder.join(`state-${identity}`),
        facts: { paths: [] },
      };
      const daemon = await startDaemon({
        config: parseDaemonConfig(JSON.stringify(config)),
        configFile: 'none',
        log: silentLogger,
      });
      daemons.push(daemon);
      return daemon;
    }

    async function join(options: IClientOptions, at = broker.newcomerUrls): Promise<Account> {
      const account = await connectMqtt(at[0] ?? '', { ca: readFileSync(pki.caCertificate), ...options });
      accounts.push(account);
      return account;
    }
    const newcomer = (id: string, options: IClientOptions = {}) =>
      join({ clientId: `newcomers:${id}`, cert: shared.certificate, key: shared.key, ...options });
    const withCertificate = (name: string, at = broker.nodeUrls, options: IClientOptions = {}) => {
      const { certificate, key } = files.get(name) ?? { certificate: '', key: '' };
      return join(
        {
          clientId: `${name}:x${accounts.length}`,
          cert: readFileSync(certificate),
          key: readFileSync(key),
          ...options,
        },
        at,
      );
    };
    // The acknowledgement of a broker that drops what it does not permit, or the end of the connection.
    async function publish(
      account: Account,
      topic: string,
      options: { retain?: boolean } = {},
    ): Promise<void> {
      await Promise.race([
        account.publish(topic, 'forged', { qos: 1, ...options }),
        waitFor('an end', () => account.isClosed),
      ]).catch(() => undefined);
    }
    const outcomeOf = (joining: Promise<Account>) =>
      joining.then(
        () => 'let in',
        () => 'refused',
      );

    it('join with the token alone, are found, and run what a caller asks', async () => {
      await boot('new1.lab', await token());
      await boot('new2.lab', await token());
      const { nodes } = await waitFor('both', async () => {
        const found = await client.discover({ collective: 'provisioning' });
        return found.nodes.length === 2 ? found : undefined;
      });
      expect([...nodes].sort()).to.deep.equal(['new1.lab', 'new2.lab']);
      const result = await client
        .agent(rpcutilDdl)
        .ping({}, { targets: ['new1.lab'], collective: 'provisioning' })
        .one();
      expect(result.state, result.statusmsg).to.equal('ok');
    });

    for (const topic of [
      `${main}/agent/+`,
      `${main}/node/#`,
      `${main}/node/${'NODE'}`,
      `${main}/presence/#`,
      `${main}/reply/#`,
      `${main}/event/#`,
      `${main}/file/#`,
      `${enrolment}/presence/#`,
      `${enrolment}/reply/#`,
      `${enrolment}/event/#`,
      'mco/+/agent/+',
      'mco/#',
      '#',
      '$MQTT/#',
      '$SYS/#',
    ]) {
      it(`receive nothing on ${topic}`, async () => {
        const filter = topic.replace('NODE', level('web1.lab'));
        const [thief, alice] = [
          await newcomer('thief'),
          await withCertificate('alice.mcollective', broker.callerUrls),
        ];
        const granted = await Promise.race([
          thief.subscribe(filter).catch(() => 128),
          waitFor('an end', () => thief.isClosed).then(() => 128),
        ]);
        // Mosquitto grants every subscription and filters when it delivers.
        if (kind !== testBrokers.mosquitto) expect(granted).to.equal(128);
        const witness = await newcomer('witness');
        await witness.subscribe(`${enrolment}/node/+`);
        for (const sent of [
          `${main}/agent/rpcutil`,
          `${main}/node/${level('web1.lab')}`,
          `${main}/file/${level('alice.mcollective')}/${fileId}/0`,
        ])
          await alice.publish(sent, 'secret', { qos: 1 });
        await publish(witness, `${enrolment}/presence/${level('new1.lab')}`);
        // What was sent later has arrived, so what was sent before will not.
        await alice.publish(`${enrolment}/node/${level('new1.lab')}`, 'last', { qos: 1 });
        await waitFor('the last message', () => witness.heard.length > 0);
        expect(thief.heard.filter(({ topic: heard }) => !heard.startsWith(`${enrolment}/`))).to.deep.equal(
          [],
        );
        expect(thief.heard.map(({ topic: heard }) => heard.split('/')[2])).to.not.include('presence');
      });
    }

    it('publish nothing in the main collective, no request and no piece of a file anywhere, and no will there', async () => {
      const alice = await withCertificate('alice.mcollective', broker.callerUrls);
      const node = await withCertificate('web1.lab', broker.nodeUrls, { clientId: 'web1.lab' });
      const other = await newcomer('other');
      for (const filter of ['presence/#', 'event/#', `reply/${level('alice.mcollective')}/#`])
        for (const collective of [main, enrolment]) await alice.subscribe(`${collective}/${filter}`);
      for (const filter of ['agent/+', `node/${level('web1.lab')}`, 'file/+/+/+'])
        await node.subscribe(`${main}/${filter}`);
      for (const filter of ['agent/+', `node/${level('new1.lab')}`, 'file/+/+/+'])
        await other.subscribe(`${enrolment}/${filter}`);
      const name = level('web1.lab');
      for (const [index, topic] of [
        `${main}/presence/${name}`,
        `${main}/event/${name}`,
        `${main}/reply/${level('alice.mcollective')}/s1/${name}`,
        `${main}/node/${name}`,
        `${main}/agent/rpcutil`,
        `${main}/file/newcomers/${fileId}/0`,
        `${enrolment}/agent/provision`,
        `${enrolment}/node/${level('new1.lab')}`,
        `${enrolment}/file/newcomers/${fileId}/0`,
        'other/topic',
      ].entries())
        await publish(await newcomer(`thief${index}`), topic);
      const will = {
        topic: `${main}/presence/${name}`,
        payload: Buffer.from('forged'),
        qos: 1,
        retain: true,
      } as const;
      const dying = await newcomer('dying', { will }).catch(() => undefined);
      dying?.mqtt.stream.destroy();
      await waitFor('the end of the connection', () => dying?.isClosed ?? true);
      await publish(await newcomer('honest'), `${enrolment}/event/${level('new1.lab')}`);
      await alice.publish(`${main}/node/${name}`, 'last');
      await alice.publish(`${enrolment}/node/${level('new1.lab')}`, 'last');
      await waitFor('what is permitted', () => [alice, node, other].every(({ heard }) => heard.length > 0));
      const forged = [alice, node, other].flatMap(({ heard }) =>
        heard.filter(({ payload }) => payload.toString() === 'forged').map(({ topic }) => topic),
      );
      expect(forged).to.deep.equal([`${enrolment}/event/${level('new1.lab')}`]);
    });

    it('are refused without the account, and with an account of the same name from elsewhere', async () => {
      expect(await outcomeOf(join({ clientId: 'newcomers:x' }))).to.equal('refused');
      expect(
        await outcomeOf(join({ clientId: 'new1.lab', username: 'new1.lab', password: await token() })),
      ).to.equal('refused');
      const { certificate: cert, key } = readNewcomerAccount(await createNewcomerAccount());
      expect(await outcomeOf(join({ clientId: 'newcomers:x', cert, key }))).to.equal('refused');
    });

    it('disconnect neither a node nor a caller nor each other by a client id that they can know', async () => {
      const lost: string[] = [];
      const node = {
        identity: 'web1.lab',
        broker: { urls: broker.nodeUrls },
        topics: { escape: broker.escape },
        security: { ca: pki.caCertificate, ...files.get('web1.lab') },
        state_dir: folder.join('state-web1'),
        facts: { paths: [] },
      };
      daemons.push(
        await startDaemon({
          config: parseDaemonConfig(JSON.stringify(node)),
          configFile: 'none',
          log: createLogger({ level: 'warn', destination: { write: (line) => void lost.push(line) } }),
        }),
      );
      const logged = log.length;
      await boot('new1.lab', await token());
      const thief = await newcomer('thief');
      await thief.subscribe(`${enrolment}/node/+`);
      const ping = async (target: string, collective: string) => {
        const agent = client.agent(rpcutilDdl);
        return (await agent.ping({}, { targets: [target], collective }).one()).state;
      };
      expect(await ping('web1.lab', 'mcollective')).to.equal('ok');
      expect(await ping('new1.lab', 'provisioning')).to.equal('ok');
      const { caller, session } = payloadOf((await waitFor('a request', () => thief.heard[0])).payload);
      for (const clientId of [
        'web1.lab',
        'new1.lab',
        'newcomers:new1.lab',
        String(caller),
        `${String(caller)}:${String(session)}`,
      ])
        await newcomer('', { clientId });
      expect(await ping('web1.lab', 'mcollective')).to.equal('ok');
      expect(await ping('new1.lab', 'provisioning')).to.equal('ok');
      expect([...lost, ...log.slice(logged)].join('')).to.not.include('lost the connection');
    });

    it('share their collective with no node', async () => {
      const node = await withCertificate('web1.lab', broker.nodeUrls, { clientId: 'web1.lab' });
      const own = level('web1.lab');
      const granted = await Promise.race([
        node.subscribe(`${enrolment}/node/${own}`).catch(() => 128),
        waitFor('an end', () => node.isClosed).then(() => 128),
      ]);
      if (kind !== testBrokers.mosquitto) expect(granted).to.equal(128);
      const [alice, witness] = [
        await withCertificate('alice.mcollective', broker.callerUrls),
        await newcomer('witness'),
      ];
      await witness.subscribe(`${enrolment}/node/+`);
      await alice.publish(`${enrolment}/node/${own}`, 'for the new web1');
      await waitFor('the message', () => witness.heard.length > 0);
      expect(node.heard).to.deep.equal([]);
    });

    for (const [what, make, reason] of [
      ['that is over', () => token({ ttlSeconds: -60 }), 'the enrolment token expired at'],
      ['for another collective', () => token({ collective: 'berlin' }), 'is only allowed in the collective'],
      ['that a node issued', () => token({ iss: 'web1.lab' }, 'web1.lab'), 'is not allowed to issue tokens'],
      [
        'that is revoked',
        async () => {
          const made = await token();
          write('revoked', `${readToken(made).jti}\n`);
          return made;
        },
        'it is revoked',
      ],
      ['whose uses nobody counts', () => token({ uses: 5 }), 'no ledger is configured to count them'],
      ['that is missing', async () => undefined, 'a key without a certificate or enrolment token'],
    ] as const) {
      it(`are not believed with a token ${what}, which the broker does not see`, async () => {
        const machine = await newcomer('ghost');
        const ghost = level('ghost.lab');
        await machine.subscribe(`${enrolment}/node/${ghost}`);
        const call = client
          .agent(rpcutilDdl)
          .ping({}, { targets: ['ghost.lab'], collective: 'provisioning' });
        const asked = await waitFor('the request', () => machine.heard[0]);
        const { id, caller, session, agent, action, collective } = payloadOf(asked.payload);
        const topic = `${enrolment}/reply/${level(String(caller))}/${String(session)}/${ghost}`;
        const answer = async (pong: number, given: string | undefined) => {
          const { privateKey, publicKey } = generateKeyPairSync('ed25519');
          const header = { alg: 'EdDSA', typ: 'troupe+jws', jwk: publicKey.export({ format: 'jwk' }) };
          const reply = {
            v: 1,
            type: 'reply',
            kind: 'result',
            id,
            time: Date.now(),
            seq: 1,
            sender: 'ghost.lab',
          };
          const place = { caller, session, collective, agent, action };
          const end = { outcome: 'ok', statuscode: 0, statusmsg: 'OK', data: { pong } };
          await machine.publish(
            topic,
            jws({ ...header, ...(given && { token: given }) }, { ...reply, ...place, ...end }, privateKey),
          );
        };
        const logged = log.length;
        await answer(666, await make());
        await answer(7, await token());
        const [result] = await call.all();
        expect(result?.data).to.deep.equal({ pong: 7 });
        expect(log.slice(logged).join('')).to.include('reply rejected').and.include(reason);
      });
    }

    // NATS has no such limit, and Mosquitto 2.0.11 counts wrongly after failed connections.
    if (kind === testBrokers.rabbitmq) {
      it('cannot hold more connections than the limit, which nodes do not notice', async () => {
        const outcomes: string[] = [];
        for (let count = 0; count <= mostConnections; count += 1)
          outcomes.push(await outcomeOf(newcomer(`flood${count}`)));
        expect(outcomes).to.deep.equal([...Array(mostConnections).fill('let in'), 'refused']);
        expect(await outcomeOf(withCertificate('web1.lab'))).to.equal('let in');
      });
    }
  });
}
