import { getEventListeners } from 'node:events';
import { mock } from 'node:test';
import type { PresenceView } from '@troupe/client';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Watch, type WatchOptions } from '../../src/application/watch.js';
import { ScriptedClient, turn } from './scripted-client.js';

describe('a watch over a node', () => {
  let script: ScriptedClient;
  let watch: Watch;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    script = new ScriptedClient();
  });
  afterEach(() => {
    watch.stop();
    mock.timers.reset();
  });

  async function begin(options: Partial<WatchOptions> = {}): Promise<void> {
    const presence = (await script.presence()) as unknown as PresenceView;
    watch = new Watch(presence, 'a', { grace: 10, ...options });
  }
  /** What a promise has come to by now. */
  async function outcome<T>(promise: Promise<T>): Promise<T | 'pending'> {
    let value: T | 'pending' = 'pending';
    void promise.then((result) => {
      value = result;
    });
    await turn();
    return value;
  }

  it('waits for a change as long as it takes, and leaves nothing on the signal', async () => {
    const { signal } = new AbortController();
    await begin({ signal });
    const changed = watch.change().then(() => 'changed');
    mock.timers.tick(100_000);
    expect(await outcome(changed)).to.equal('pending');
    script.tell('a', true);
    expect(await outcome(changed)).to.equal('changed');
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
  });

  it('waits for a change no longer than it was told to, and not after the signal', async () => {
    const stop = new AbortController();
    await begin({ signal: stop.signal });
    const changed = watch.change(500).then(() => 'over');
    mock.timers.tick(499);
    expect(await outcome(changed)).to.equal('pending');
    mock.timers.tick(1);
    expect(await outcome(changed)).to.equal('over');
    const waiting = watch.change().then(() => 'over');
    stop.abort();
    expect(await outcome(waiting)).to.equal('over');
    expect(await outcome(watch.change().then(() => 'over'))).to.equal('over');
  });

  it('gives a node the whole grace that was away before the watch began', async () => {
    script.tell('a', false);
    await begin();
    const back = watch.back();
    mock.timers.tick(5_000);
    mock.timers.tick(4_999);
    expect(await outcome(back)).to.equal('pending');
    mock.timers.tick(2);
    expect(await outcome(back)).to.equal(false);
  });

  it('says at once of a node that is there, or of which nothing is known, that it is back', async () => {
    await begin();
    expect(await outcome(watch.back())).to.equal(true);
    script.tell('a', true);
    expect(await outcome(watch.back())).to.equal(true);
  });

  it('gives the answer, or nothing if another daemon came meanwhile', async () => {
    script.tell('a', true, 1);
    await begin();
    expect(await watch.during(async () => 'answer')).to.equal('answer');
    const answer = watch.during(async (signal) => {
      script.tell('a', true, 2);
      expect(signal.aborted).to.equal(true);
      return 'too late';
    });
    expect(await answer).to.equal(undefined);
    expect(await watch.during(async () => 'of the new one')).to.equal('of the new one');
  });

  it('fires the signal of a question with its own', async () => {
    const stop = new AbortController();
    await begin({ signal: stop.signal });
    let asked: AbortSignal | undefined;
    const answer = watch.during(async (signal) => {
      asked = signal;
      stop.abort();
      return 'cut';
    });
    expect(await answer).to.equal('cut');
    expect(asked?.aborted).to.equal(true);
  });
});
