import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBroker, parseConfig, silentLogger } from '@troupe/core';
import { type Daemon, parseDaemonConfig, startDaemon } from '@troupe/daemon';
import { createTestPki, type TestPki, waitFor, withSkew, writePolicies } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type Client, clientSchema, connect } from '../../src/index.js';
import { workDdl, worker } from '../work-agent.js';

interface Heard {
  readonly topic: string;
  readonly alg: string;
  readonly payload: Record<string, unknown>;
}

const part = (jws: string, index: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(jws.split('.')[index] ?? '', 'base64url').toString());

describe('session keys between a client and its nodes', () => {
  let folder: string;
  let pki: TestPki;
  let broker: MemoryBroker;
  let wire: Heard[];
  let closers: (() => Promise<void>)[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-keys-'));
    pki = await createTestPki(join(folder, 'pki'));
    broker = new MemoryBroker();
    wire = [];
    closers = [];
    await broker.connect().subscribe('mco/mcollective/#', (bytes, topic) => {
      if (topic.includes('/presence/')) return;
      const jws = Buffer.from(bytes).toString();
      wire.push({ topic, alg: String(part(jws, 0).alg), payload: part(jws, 1) });
    });
  });

  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    rmSync(folder, { recursive: true });
  });

  async function node(identity: string): Promise<Daemon> {
    const { certificate, key } = await pki.issue(identity);
    const security = { mode: 'x509', ca: pki.caCertificate, crl: pki.crl, certificate, key };
    const config = parseDaemonConfig(
      JSON.stringify({
        identity,
        security,
        state_dir: join(folder, identity),
        facts: { paths: [] },
        authorization: { policies: writePolicies(folder, ['*']) },
      }),
    );
    const daemon = await startDaemon({
      config,
      configFile: 'none',
      log: silentLogger,
      agents: [worker().agent],
      connect: ({ will }) => broker.connect({ will }),
    });
    closers.push(() => daemon.close());
    return daemon;
  }

  async function client(name = 'alice.mcollective', session?: string): Promise<Client> {
    const { certificate, key } = await pki.issue(name);
    const security = { mode: 'x509', ca: pki.caCertificate, crl: pki.crl, certificate, key };
    const config = parseConfig(JSON.stringify({ security }), clientSchema, 'the test');
    const made = await connect({ config, transport: broker.connect(), ...(session && { session }) });
    closers.push(() => made.close());
    return made;
  }

  /** Loses what goes to such topics, until it is restored. */
  function swallow(isLost: (topic: string) => boolean) {
    const route = broker.route.bind(broker);
    const state = {
      swallowed: 0,
      restore: () => {
        broker.route = route;
      },
    };
    broker.route = (topic, payload, retain) => {
      if (isLost(topic)) state.swallowed += 1;
      else route(topic, payload, retain);
    };
    return state;
  }

  const echo = (one: Client, identity: string, text: string) =>
    one.call(workDdl, 'echo', { text }, { targets: [identity] }).one();
  const algs = (from = 0) => wire.slice(from).map(({ topic, alg }) => `${topic.split('/')[2]} ${alg}`);

  it('signs the first call and its reply, and seals those after it', async () => {
    await node('web1.lab');
    const alice = await client();
    expect((await echo(alice, 'web1.lab', 'one')).data).to.deep.equal({ text: 'one' });
    expect((await echo(alice, 'web1.lab', 'two')).data).to.deep.equal({ text: 'two' });
    expect(algs()).to.deep.equal(['node RS256', 'reply RS256', 'node HS256', 'reply HS256']);
  });

  it('signs what goes to many, and has it answered under the seal by those that answered before', async () => {
    for (const name of ['web1.lab', 'web2.lab']) await node(name);
    const alice = await client();
    await alice.discover();
    const { length } = wire;
    const { nodes } = await alice.discover();
    expect(nodes).to.deep.equal(['web1.lab', 'web2.lab']);
    expect(algs(length)).to.deep.equal(['agent RS256', 'reply HS256', 'reply HS256']);
  });

  it('signs again for a restarted node, immediately if presence reported that it left', async () => {
    const first = await node('web1.lab');
    const alice = await client();
    await alice.presence();
    await echo(alice, 'web1.lab', 'one');
    await first.close();
    await node('web1.lab');
    const { length } = wire;
    expect((await echo(alice, 'web1.lab', 'two')).ok).to.equal(true);
    expect(algs(length)).to.deep.equal(['node RS256', 'reply RS256']);
  });

  it('repeats the request signed if the node lost the key unnoticed, and the action runs once', async () => {
    const first = await node('web1.lab');
    const alice = await client();
    await echo(alice, 'web1.lab', 'one');
    swallow((topic) => topic.includes('/presence/'));
    await first.close();
    await node('web1.lab');
    const { length } = wire;
    expect((await echo(alice, 'web1.lab', 'two')).data).to.deep.equal({ text: 'two' });
    expect(algs(length)).to.deep.equal(['node HS256', 'node RS256', 'reply RS256']);
    expect((await echo(alice, 'web1.lab', 'three')).ok).to.equal(true);
    expect(algs(length + 3)).to.deep.equal(['node HS256', 'reply HS256']);
  });

  it('is answered with a signature when it asks again, because the reply with the key was lost', async () => {
    await node('web1.lab');
    const alice = await client();
    const back = swallow((topic) => topic.includes('/reply/'));
    const lost = alice.discover();
    await waitFor('a reply to be lost', () => back.swallowed > 0);
    back.restore();
    const late = await echo(alice, 'web1.lab', 'two');
    expect(late.ok).to.equal(true);
    expect((await lost).nodes).to.deep.equal(['web1.lab']);
    const { length } = wire;
    expect((await alice.discover()).nodes).to.deep.equal(['web1.lab']);
    expect(algs(length)).to.deep.equal(['agent RS256', 'reply HS256']);
  });

  it('receives the error of a node whose replies it cannot open yet', async () => {
    await node('web1.lab');
    const alice = await client();
    const back = swallow((topic) => topic.includes('/reply/'));
    await alice.discover({ window: 0.05 });
    await waitFor('a reply to be lost', () => back.swallowed > 0);
    back.restore();
    // The node takes itself for known, and this client is not: it must hear all the same.
    const { length } = wire;
    expect((await alice.discover()).nodes).to.deep.equal(['web1.lab']);
    expect(algs(length)).to.deep.equal(['agent RS256', 'reply HS256', 'node RS256', 'reply RS256']);
  });

  it('asks one by name with a signature where it did not answer what went to all', async () => {
    await node('web1.lab');
    const alice = await client();
    await alice.discover();
    const back = swallow((topic) => topic.includes('/agent/'));
    const { length } = wire;
    const found = alice.discover();
    await waitFor('the question to be lost', () => back.swallowed > 0);
    expect((await found).nodes).to.deep.equal(['web1.lab']);
    back.restore();
    expect(algs(length)).to.deep.equal(['node RS256', 'reply RS256']);
  });

  it('ends with the certificate: a caller that is revoked is not obeyed under the seal either', async () => {
    // By a clock that can be set.
    await withSkew(0, () => node('web1.lab'));
    const alice = await client();
    await echo(alice, 'web1.lab', 'one');
    await echo(alice, 'web1.lab', 'two');
    await pki.revoke('alice.mcollective');
    const { length } = wire;
    const options = { targets: ['web1.lab'], answerWithin: 0.5 };
    // Revocation lists are looked at once a second.
    const result = await withSkew(1_100, () => alice.call(workDdl, 'echo', { text: 'three' }, options).one());
    expect(result.state).to.equal('no-reply');
    expect(algs(length).filter((line) => line.startsWith('reply'))).to.deep.equal([]);
  });

  it('seals nothing whose replies another client is to read', async () => {
    await node('web1.lab');
    const alice = await client();
    await echo(alice, 'web1.lab', 'one');
    const other = await client('alice.mcollective', 'elsewhere');
    const replies = other.replies();
    const heard = replies.next();
    const { length } = wire;
    await alice.send(workDdl, 'echo', { text: 'two' }, { targets: ['web1.lab'], replyTo: 'elsewhere' });
    expect((await heard).value).to.deep.include({ kind: 'result', data: { text: 'two' } });
    expect(algs(length)).to.deep.equal(['node RS256', 'reply RS256']);
    await replies.return?.();
  });
});
