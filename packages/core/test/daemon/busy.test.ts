import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { until } from '../until.js';
import { Bench } from './fixture.js';

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
    expect(statusmsg).to.equal('this node has too many requests waiting: ask again in a moment');
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
      statusmsg: 'the daemon of this node is restarting: ask again in a moment',
    });
    bench.release();
    await stopped;
    await bench.start();
    expect((await bench.ask(late)).outcome).to.equal('ok');
  });
});
