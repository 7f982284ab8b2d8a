import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Bench } from '../fixture.js';

describe('a daemon that cannot take a request now', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(async () => {
    bench.release();
    await bench.close();
  });

  it('says so when too many wait, runs nothing, and runs the same request when it comes again', async () => {
    await bench.start(', limits: { concurrency: 1, queue: 1 }');
    await bench.send(bench.request({ action: 'hold' }));
    await bench.send(bench.request({ action: 'hold' }));
    await until('the actions run', () => bench.count === 1);
    const late = bench.request();
    const { outcome, statuscode, statusmsg, seq } = await bench.ask(late);
    expect({ outcome, statuscode, seq }).to.deep.equal({ outcome: 'busy', statuscode: 1, seq: 1 });
    expect(statusmsg).to.equal(
      'too many requests of "rip.mcollective" are waiting on this node (limits.queue): try again in a moment',
    );
    expect(bench.count).to.equal(1);
    bench.release();
    await until('the actions run', () => bench.count === 2);
    expect((await bench.ask(late)).outcome).to.equal('ok');
    expect(bench.count).to.equal(3);
  });

  it('says so while it ends, and its successor runs the same request', async () => {
    await bench.start();
    await bench.send(bench.request({ action: 'hold' }));
    await until('the actions run', () => bench.count === 1);
    const patience = new AbortController();
    const stopped = bench.stop({ patience: patience.signal });
    const late = bench.request();
    const { outcome, statusmsg } = await bench.ask(late);
    expect({ outcome, statusmsg }).to.deep.equal({
      outcome: 'busy',
      statusmsg: 'the daemon of this node is restarting: try again in a moment',
    });
    bench.release();
    await stopped;
    await bench.start();
    expect((await bench.ask(late)).outcome).to.equal('ok');
  });

  it('says so when it may remember no more requests that could come again', async () => {
    const entry = (index: number) => ({ id: `${index}`.padStart(32, '0'), until: Date.now() + 60_000 });
    const lines = Array.from({ length: 1000 }, (_, index) => `${JSON.stringify(entry(index))}\n`);
    mkdirSync(join(bench.folder, 'state'));
    writeFileSync(join(bench.folder, 'state/requests.jsonl'), lines.join(''));
    await bench.start(', limits: { keep_ids: 1000 }');
    const { outcome, statusmsg } = await bench.ask(bench.request());
    expect(outcome).to.equal('busy');
    expect(statusmsg).to.include('limits.keep_ids');
  });

  it('runs nothing that changes the host and cannot be made safe on disk, and still runs the rest', async () => {
    await bench.start();
    const journal = join(bench.folder, 'state/requests.jsonl');
    rmSync(journal, { force: true });
    // What cannot be flushed: EINVAL.
    symlinkSync('/dev/null', journal);
    const { outcome, statusmsg } = await bench.ask(bench.request());
    expect(outcome).to.equal('failed');
    expect(statusmsg).to.equal('this node cannot record the request on its disk, so it does not run it');
    expect(bench.count).to.equal(0);
    expect((await bench.ask(bench.request({ agent: 'rpcutil', action: 'ping' }))).outcome).to.equal('ok');
  });

  it('runs no earlier request that changes the host if its record of requests is damaged, and still runs the rest', async () => {
    mkdirSync(join(bench.folder, 'state'));
    writeFileSync(join(bench.folder, 'state/requests.jsonl'), 'damaged\n');
    const time = Date.now();
    await bench.start();
    const { outcome, statusmsg } = await bench.ask(bench.request({ time }));
    expect(outcome).to.equal('unknown');
    expect(statusmsg).to.include('its record of requests was found damaged');
    expect(bench.count).to.equal(0);
    const ping = await bench.ask(bench.request({ agent: 'rpcutil', action: 'ping', time }));
    expect(ping.outcome).to.equal('ok');
    expect((await bench.ask(bench.request())).outcome).to.equal('ok');
    expect(bench.count).to.equal(1);
  });
});
