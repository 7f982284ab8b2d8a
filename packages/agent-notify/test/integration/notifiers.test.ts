import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { type Broker, startBroker } from '@troupe/broker';
import { type Client, clientSchema, connect } from '@troupe/client';
import { checkConfig, silentLogger } from '@troupe/core';
import ddl from '@troupe/ddl/notify.json' with { type: 'json' };
import {
  createTempFolder,
  freePort,
  namespacesMissing,
  skip,
  type TempFolder,
  waitFor,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, beforeEach, describe, it } from 'mocha';
import { notify } from '../application/command-line.js';
import { Notifier } from './notifier.js';
import { WebServer } from './web-server.js';

const long = { timeoutSeconds: 60 };

describe('two notifiers in a network', function () {
  this.timeout(120_000);
  let folder: TempFolder;
  let broker: Broker;
  let client: Client;
  let server: WebServer;
  let first: Notifier;
  let second: Notifier;

  before(async () => {
    folder = await createTempFolder();
    const security = { mode: 'none' } as const;
    broker = await startBroker({ listen: ['mqtt://127.0.0.1:0'], security }, { log: silentLogger });
    server = await WebServer.start();
    const spool = { first_delay: 0.2, max_delay: 0.5 };
    const webhook = (url: string) => ({ endpoints: { ops: { url } }, timeout: 20 });
    const common = { folder: folder.path, broker: broker.url };
    first = await Notifier.start({
      ...common,
      identity: 'first.test',
      notify: { spool, webhook: webhook(`${server.url}/geheim-5`) },
    });
    // One that can reach nothing.
    second = await Notifier.start({
      ...common,
      identity: 'second.test',
      notify: {
        spool: { first_delay: 3600, max_delay: 3600 },
        webhook: webhook(`http://127.0.0.1:${await freePort()}/`),
      },
    });
    const config = checkConfig(
      { broker: { urls: [broker.url] }, security },
      clientSchema,
      'the client of the test',
    );
    client = await connect({ config, log: silentLogger });
  });
  after(async () => {
    await client?.close();
    await first?.stop();
    await second?.stop();
    server?.stop();
    await broker?.close();
    await folder?.close();
  });
  beforeEach(() => server.prepare({ status: 204 }));

  const bodies = () => server.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  const send = (input: object) =>
    client
      .agent(ddl)
      .sendmsg({ recipient: 'webhook://ops', message: 'm', ...input }, { targets: ['first.test'] })
      .one();

  it('delivers through one that can, whichever is asked first, and once', async () => {
    for (const id of ['a', 'b', 'c', 'd']) {
      const { exitCode, data } = await notify(client, ['send', 'webhook://ops', 'hello', '--id', id]);
      expect(exitCode).to.equal(0);
      expect(data).to.deep.equal(['first.test: Delivered to webhook://ops']);
    }
    expect(bodies().map(({ id }) => id)).to.deep.equal(['a', 'b', 'c', 'd']);
    expect([...(await notify(client, ['spool'])).data].sort()).to.deep.equal([
      'first.test: the spool is empty',
      'second.test: the spool is empty',
    ]);
  });

  it('keeps a message that no notifier can deliver, shows why, and delivers it on retry', async () => {
    server.prepare({ status: 429, headers: { 'retry-after': '3000' }, body: 'slow down' });
    const sent = await notify(client, [
      'send',
      'webhook://ops',
      'hello',
      '--id',
      'late',
      '--subject',
      'Late',
    ]);
    expect(sent.exitCode).to.equal(0);
    const [, keeper = ''] = /^(\S+): Not delivered yet, next attempt at /.exec(sent.data[0] ?? '') ?? [];
    expect(['first.test', 'second.test']).to.include(keeper);

    const { data } = await notify(client, ['spool', '-I', keeper]);
    expect(data[0]).to.equal(`${keeper}: 1 waiting, 0 dead`);
    expect(data[1]).to.equal('  waiting  late  webhook://ops  "Late"');
    expect(data[2]).to.match(
      /^ {11}\d+ s old, tried once, next attempt in \d+ (min|s): (Webhook|Cannot connect to webhook) "ops"/,
    );
    if (keeper === 'first.test')
      expect(data[2]).to.match(/next attempt in (49|50) min.*HTTP status 429: slow down/);

    server.prepare({ status: 204 });
    expect((await notify(client, ['retry', 'nothing'])).notes).to.deep.equal([
      'Message "nothing" not found on any node',
    ]);
    if (keeper === 'first.test') {
      expect((await notify(client, ['retry', 'late'])).data).to.deep.equal([
        'first.test: 1 message being retried',
      ]);
      await waitFor('the delivery', () => bodies().length === 1, long);
    } else {
      const { exitCode } = await notify(client, ['discard', 'late']);
      expect(exitCode).to.equal(0);
    }
    await waitFor('an empty spool', async () => {
      const shown = await notify(client, ['spool', '--json']);
      const { results } = JSON.parse(shown.data[0] ?? '');
      return results.every(({ data }: { data: { waiting: number } }) => data.waiting === 0);
    });
  });

  it('delivers after kill -9 what it had accepted', async () => {
    server.prepare({ status: 503 });
    for (const id of ['k1', 'k2', 'k3']) {
      const result = await send({ id });
      expect(result.data).to.include({ state: 'waiting', id });
    }
    await first.kill();
    server.prepare({ status: 204 });
    await first.start();
    await waitFor('the deliveries', () => new Set(bodies().map(({ id }) => id)).size === 3, long);
    await waitFor('an empty spool', () => {
      const files = readdirSync(folder.join('first.test/agents/notify/spool'));
      // Those with an id of their caller's are remembered, without their text.
      return files.every((name) =>
        readFileSync(folder.join('first.test/agents/notify/spool', name), 'utf8').includes('"delivered"'),
      );
    });
    const again = await send({ id: 'k1' });
    expect(again.data.msg).to.equal('Already delivered to webhook://ops earlier; not delivered again');
    expect(
      bodies()
        .map(({ id }) => id)
        .sort(),
    ).to.deep.equal(['k1', 'k2', 'k3']);
  });

  it('makes a dead letter of what is refused after it was accepted', async () => {
    server.prepare({ status: 503 }, { status: 404, body: 'gone' });
    expect((await send({ id: 'refused' })).data.state).to.equal('waiting');
    const state = async () => (await notify(client, ['spool', '--state', 'dead', '-I', 'first.test'])).data;
    await waitFor('the dead letter', async () => (await state()).length === 3, long);
    expect((await state())[2]).to.match(
      /tried twice|tried 2 times, given up: Webhook "ops" .*HTTP status 404: gone$/,
    );
    expect((await notify(client, ['discard', '--all'])).exitCode).to.equal(1);
    const { data } = await notify(client, ['discard', '--all', '--yes']);
    expect(data).to.deep.equal(['first.test: 1 message deleted']);
  });

  it('says at once what nobody will ever deliver', async () => {
    for (const [recipient, fault] of [
      ['sms://1', 'Unknown protocol "sms"; supported: caldav, exec'],
      [
        'mailto://ops@example.com',
        'Protocol "mailto" is not configured on this notifier; configured: webhook',
      ],
      ['webhook://nobody', 'Webhook "nobody" is not configured on this notifier; configured: ops'],
    ] as const) {
      const result = await send({ recipient });
      expect(result.ok).to.equal(false);
      expect(result.statusmsg).to.include(fault);
    }
    expect(server.received).to.deep.equal([]);
  });

  it('writes the URL of a webhook into no log, reply or spool', async () => {
    server.prepare({ status: 503, body: `try ${server.url}/geheim-5 later` });
    const result = await send({ id: 'secret' });
    expect(result.data.state).to.equal('waiting');
    const spool = readdirSync(folder.join('first.test/agents/notify/spool'))
      .filter((name) => name.endsWith('.message'))
      .map((name) => readFileSync(folder.join('first.test/agents/notify/spool', name), 'utf8'));
    expect(spool.join('')).to.include('"secret"').and.include('try [redacted] later');
    for (const text of [JSON.stringify(result), first.output, ...spool])
      expect(text).to.not.include('geheim-5');
    await notify(client, ['discard', 'secret']);
  });

  it('delivers with a full disk, and reports a message that cannot be kept', async function () {
    const missing = namespacesMissing();
    if (missing) skip(this, missing);
    const state = folder.join('full.test/agents/notify');
    mkdirSync(state, { recursive: true });
    const script =
      'mount -t tmpfs -o size=64k,mode=700 tmpfs "$0" && head -c 100000 /dev/zero > "$0/filler"; exec "$@"';
    const full = await Notifier.start({
      identity: 'full.test',
      folder: folder.path,
      broker: broker.url,
      notify: { webhook: { endpoints: { ops: { url: server.url } }, timeout: 20 } },
      prefix: ['unshare', '--mount', '--', 'sh', '-c', script, state],
    });
    try {
      const ask = () =>
        client
          .agent(ddl)
          .sendmsg({ recipient: 'webhook://ops', message: 'm', id: 'f' }, { targets: ['full.test'] })
          .one();
      server.prepare({ status: 503 });
      expect((await ask()).statusmsg).to.match(
        /^Webhook "ops" .*HTTP status 503; it cannot be kept in the spool either: ENOSPC: no space left on device/,
      );
      server.prepare({ status: 204 });
      expect((await ask()).data.msg).to.equal('Delivered to webhook://ops');
      expect((await ask()).data.msg)
        .to.include('delivered again')
        .and.include('Already delivered');
      expect(server.received).to.have.length(1);
    } finally {
      await full.stop();
    }
  });
});
