import type { Client } from '@troupe/client';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { puppet } from './command-line.js';
import { FakeFleet } from './fake-fleet.js';

describe('mco puppet', () => {
  let fleet: FakeFleet;
  let client: Client;

  before(async () => {
    fleet = new FakeFleet();
    await fleet.start('web1');
    await fleet.start('web2', { enabled: false });
    await fleet.start('db1', { outcome: 'failed-resources' });
    client = await fleet.client();
  });

  after(() => fleet[Symbol.asyncDispose]());

  it('count', async () => {
    const { exitCode, data } = await puppet(client, ['count']);
    expect(exitCode).to.equal(0);
    expect(data.map((line) => line.trim())).to.include.members([
      'nodes with Puppet: 3',
      'disabled: 1',
      'last run failed: 1',
    ]);
    const { data: json } = await puppet(client, ['count', '--json']);
    expect(JSON.parse(json.join('')).results[0]).to.include({
      total: 3,
      enabled: 2,
      stopped: 3,
      lastrun_failed: 1,
    });
  });

  it('status', async () => {
    const { exitCode, data } = await puppet(client, ['status', '-I', 'web1', '-I', 'db1']);
    expect(exitCode).to.equal(0);
    expect(data).to.include('web1: stopped; has never run').and.include('db1: stopped; has never run');
    const gone = await puppet(client, ['status', '-I', 'gone', '--json']);
    expect(gone.exitCode).to.equal(4);
    expect(JSON.parse(gone.data.join('')).results[0]).to.include({ sender: 'gone', state: 'no-reply' });
  });

  it('summary', async () => {
    const { exitCode, data } = await puppet(client, ['summary']);
    expect(exitCode).to.equal(0);
    expect(data.join('\n')).to.match(
      /Total resources: [▁▂▃▄▅▆▇█]{20} {2}min: 4\.0 {2}avg: 4\.0 {2}max: 4\.0/,
    );
    expect(data.map((line) => line.trim())).to.include.members([
      'Last runs that failed:',
      'no-catalog: 1  (db1)',
    ]);
    expect(data.join('\n')).to.match(/Changed resources: no data/);
  });

  it('enable and disable', async () => {
    expect(await puppet(client, ['enable', '-I', 'web1'])).to.deep.include({
      exitCode: 0,
      data: ['1 enabled, 0 disabled'],
    });
    expect(await puppet(client, ['disable', 'moving', '-I', 'web1'])).to.deep.include({
      exitCode: 0,
      data: ['0 enabled, 1 disabled'],
    });
  });

  it('enable and disable ask before they mean all nodes', async () => {
    for (const word of ['enable', 'disable']) {
      const asked: string[] = [];
      const confirm = async (question: string) => asked.push(question) === 0;
      expect(await puppet(client, [word], { confirm })).to.deep.include({ exitCode: 1, data: [] });
      expect(asked).to.have.length(1);
    }
    const { data } = await puppet(client, ['status', '-I', 'db1', '--json']);
    expect(JSON.parse(data.join('')).results[0].data).to.include({ enabled: true });
  });

  it('runonce, which asks before it runs everywhere at once', async () => {
    const before = fleet.runs.length;
    expect((await puppet(client, ['runonce'])).exitCode).to.equal(1);
    expect(fleet.runs.length).to.equal(before);
    const all = await puppet(client, ['runonce', '--yes', '--foreground', '--tags', 'a,b', '--no-noop']);
    expect(all.exitCode).to.equal(2);
    expect(all.data).to.include('web1: it is unchanged');
    expect(all.notes).to.include('db1: failed: it is failed-resources');
  });

  it('runall', async () => {
    const { exitCode, data, notes } = await puppet(client, ['runall', '2', '--retries', '0']);
    expect(exitCode).to.equal(2);
    expect(data).to.have.length(3);
    expect(notes.at(-1)).to.match(
      /^1 of 3 succeeded; 1 failed \(db1\); 1 skipped \(web2\); at most 2 at a time/,
    );
    const json = await puppet(client, ['runall', '1', '-I', 'web1', '--json']);
    expect(json.exitCode).to.equal(0);
    const { results, statistics } = JSON.parse(json.data[0] ?? '');
    expect(results[0]).to.include({ sender: 'web1', status: 'ran', ok: true, may_retry: false });
    expect(statistics).to.deep.include({ nodes: 1, ok: 1, failed: 0, by_state: { ok: ['web1'] } });
  });

  it('runall is interrupted with a code of its own', async () => {
    const { exitCode, notes } = await puppet(client, ['runall', '1'], { signal: AbortSignal.abort() });
    expect(exitCode).to.equal(130);
    expect(notes.at(-1)).to.match(/^0 of \d+ nodes? ended, 0 of them well; \d+ not started$/);
  });

  it('schedule, until its time is over', async () => {
    const words = ['schedule', '--interval', '600ms', '--for', '0.05', '-I', 'web1', '--json'];
    const { exitCode, data } = await puppet(client, words);
    expect(exitCode).to.equal(0);
    const kinds = data.map((text) => JSON.parse(text).kind);
    expect(kinds[0]).to.equal('fleet');
    expect(kinds).to.include('result');
    expect(JSON.parse(data.at(-1) ?? '')).to.include({ version: 1, kind: 'statistics', failed: 0 });
  });

  it('resource', async () => {
    const words = ['resource', 'service', 'nginx', 'ensure=running', '-I', 'web1'];
    expect(await puppet(client, words)).to.deep.include({
      exitCode: 0,
      data: ['web1: service[nginx] {"ensure":"running"}', '1 changed, 0 unchanged'],
    });
    expect(await puppet(client, [...words, '--noop'])).to.deep.include({
      data: ['0 changed, 1 unchanged'],
    });
    expect((await puppet(client, ['resource', 'service', 'nginx'])).exitCode).to.equal(1);
    const wrong = puppet(client, ['resource', 'service', 'nginx', 'running', '-I', 'web1']);
    expect(await wrong.catch((error: Error) => error.message)).to.match(/NAME=VALUE/);
  });

  it('shows nothing that nodes said as it is to a terminal', async () => {
    const words = ['resource', 'host', 'a', 'comment=\u001b[2Jx\u0007\u009b2J', '-I', 'web1'];
    const { data } = await puppet(client, words);
    // The fake answers with JSON, which leaves C1 as it is.
    expect(data.join('\n')).not.to.match(/(?!\n)\p{Cc}/u);
    const json = await puppet(client, ['resource', 'host', '\u009b2J', '-I', 'web1', '--json']).catch(
      (error: Error) => error.message,
    );
    expect(String(json)).to.match(/must match/);
  });

  for (const [words, message] of [
    [['runall'], /concurrency/],
    [['runall', '0'], /not a whole number of at least 1/],
    [['runall', 'three'], /not a whole number of at least 1/],
    [['schedule', '--interval', '-5'], /is not a duration/],
  ] as const) {
    it(`refuses ${words.join(' ')}`, async () => {
      expect(await puppet(client, words).catch((error: Error) => error.message)).to.match(message);
    });
  }
});
