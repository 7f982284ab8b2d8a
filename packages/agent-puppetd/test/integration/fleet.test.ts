import { type SpawnedBroker, spawnBroker } from '@troupe/broker';
import { type Client, clientSchema, connect } from '@troupe/client';
import { parseConfig, parseFilter } from '@troupe/core';
import {
  aotJar,
  createTempFolder,
  freePort,
  PuppetServer,
  puppetAgentMissing,
  puppetServerMissing,
  skip,
  type TempFolder,
  waitFor,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { runNode } from '../../src/application/index.js';
import { puppet } from '../application/command-line.js';
import { ManagedHost, type Span } from './managed-host.js';

const code = {
  'production/manifests/site.pp': "notify { 'at work': }\n",
  // Long enough for a daemon to be gone and back in the middle.
  'slow/manifests/site.pp': "exec { '/bin/sleep 8': }\n",
};

describe('a fleet of real hosts', function () {
  this.timeout(600_000);
  let folder: TempFolder;
  let server: PuppetServer;
  let broker: SpawnedBroker;
  let client: Client;
  let hosts: ManagedHost[];

  before(async function () {
    const missing = puppetAgentMissing() ?? puppetServerMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder({ prefix: 'troupe-fleet', mode: 0o711 });
    const address = '127.0.0.1';
    const [started, spawned] = await Promise.all([
      PuppetServer.start({
        name: 'fleet',
        folder: folder.join('server'),
        address,
        port: await freePort(address),
        certname: 'puppet.fleet.lab',
        code,
        aotJar: aotJar(),
      }),
      spawnBroker(
        {
          listen: [`mqtt://127.0.0.1:${await freePort()}`],
          security: { mode: 'none' },
        },
        { onLog: () => {} },
      ),
    ]);
    server = started;
    broker = spawned;
    hosts = [];
    for (let number = 1; number <= 12; number += 1) {
      const name = `n${String(number).padStart(2, '0')}.fleet.lab`;
      hosts.push(await ManagedHost.create(name, server, broker.url));
    }
    await Promise.all(hosts.map((host) => host.ready()));
    const text = `{ security: { mode: none }, broker: { urls: ['${broker.url}'] } }`;
    client = await connect({ config: parseConfig(text, clientSchema, 'the test') });
  });

  after(async () => {
    await client?.close();
    for (const host of hosts ?? []) await host.close();
    await broker?.stop();
    await server?.stop();
    await folder?.close();
  });

  it('is run three at a time, and one host that is killed in the middle delays nobody', async () => {
    const [victim, ...others] = hosts;
    if (!victim) throw new Error('there is no host');
    const begun: string[] = [];
    const killing = waitFor('the run of the victim', () => begun.includes(victim.identity), {
      timeoutSeconds: 300,
    })
      .then(() => waitFor('its record', async () => (await victim.spans()).length > 0))
      .then(async () => {
        const spans = await victim.spans();
        await victim.close();
        // A record that is gone with its host.
        return spans.map(({ from }): Span => ({ from, to: Date.now() }));
      });
    const { exitCode, data, notes } = await puppet(client, ['runall', '3', '--json'], {
      note: (line) => begun.push(line.replace(/: started$/, '')),
    });
    const lost = await killing;
    const runs: { sender: string; status: string }[] = JSON.parse(data.join('')).results;
    const kindOf = (name: string) => runs.find(({ sender }) => sender === name)?.status;
    expect(kindOf(victim.identity), JSON.stringify(runs)).to.equal('silent');
    for (const { identity } of others) {
      const run = runs.find(({ sender }) => sender === identity);
      expect(run, `${identity} ${notes}`).to.include({ status: 'ran', ok: true, outcome: 'changed' });
    }
    expect(exitCode).to.equal(5);

    const spans = (await Promise.all(others.map((host) => host.spans()))).flat();
    expect(spans).to.have.length(11);
    const most = mostAtOnce([...spans, ...lost]);
    console.log(`      at most ${most} runs at a time, by the records of 12 hosts`);
    expect(most).to.be.within(2, 3);
    const killed = Math.max(...lost.map(({ to }) => to ?? 0));
    expect(spans.filter(({ from }) => from > killed)).not.to.deep.equal([]);
  });

  it('is found by what Puppet does there', async () => {
    const found = async (expression: string) =>
      (await client.discover({ filter: client.filter(parseFilter({ select: [expression] })) })).nodes;
    const alive = hosts.slice(1).map(({ identity }) => identity);
    expect(await found('puppet().enabled=true and resource().changed_resources>0')).to.deep.equal(alive);
    expect(await found("resource('Notify[at work]').managed=true")).to.deep.equal(alive);
    expect(await found("puppet().applying=true or resource('Notify[idle]').managed=true")).to.deep.equal([]);
  });

  for (const [what, disturb] of [
    ['reads its configuration again', async (host: ManagedHost) => host.reload()],
    [
      'is killed and comes back',
      async (host: ManagedHost) => {
        await host.kill();
        host.restart();
      },
    ],
  ] as const) {
    it(`gets the result of a run in the middle of which the daemon ${what}`, async () => {
      const host = hosts[what.startsWith('is') ? 1 : 2];
      if (!host) throw new Error('there is no host');
      const before = (await host.spans()).length;
      const result = runNode(client, host.identity, { environment: 'slow' });
      await waitFor('the run', async () => (await host.spans()).length > before, { timeoutSeconds: 60 });
      // A run that is on record and has not begun is given up with the daemon: Puppet itself must be at work.
      await waitFor('what Puppet prints', async () => host.hasOutput(), { timeoutSeconds: 60 });
      await disturb(host);
      const run = await result;
      expect(run, `${run.reason}\n${host.output}`).to.include({ kind: 'ran', ok: true, outcome: 'changed' });
      const spans = await host.spans();
      expect(spans).to.have.length(before + 1);
      for (const { to } of spans) expect(to, 'the end of a run').to.be.a('number');
    });
  }
});

/** How many there are at the same time at most. */
function mostAtOnce(spans: readonly Span[]): number {
  return Math.max(
    ...spans.map(
      ({ from }) => spans.filter((other) => other.from <= from && (other.to ?? Infinity) > from).length,
    ),
  );
}
