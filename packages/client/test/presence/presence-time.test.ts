import { mock } from 'node:test';
import { type Listener, Topics, type Transport } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { PresenceView } from '../../src/presence/presence-view.js';
import { PresenceViews } from '../../src/presence/presence-views.js';

const topics = new Topics();
const turn = () => new Promise(setImmediate);

/** A transport whose broker a test plays. */
class Script {
  readonly filters: string[] = [];
  readonly listeners: Listener[] = [];
  subscribed: () => Promise<void> = async () => {};

  get transport(): Transport {
    return this as unknown as Transport;
  }
  async subscribe(filter: string, listener: Listener) {
    this.filters.push(filter);
    await this.subscribed();
    this.listeners.push(listener);
    return async () => {};
  }
  connected = true;
  changed = () => {};
  onChange(listener: () => void): void {
    this.changed = listener;
  }
  bring(payload: string, topic = topics.presence('m', 'a'), isRetained = false): void {
    for (const listener of this.listeners) listener(Buffer.from(payload), topic, isRetained);
  }
  announce(identity: string, online = true, isRetained = false): void {
    const record = { v: 1, identity, online, since: 1, version: '1' };
    this.bring(JSON.stringify(record), topics.presence('m', identity), isRetained);
  }
}

describe('a view of presence', () => {
  let script: Script;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    script = new Script();
  });
  afterEach(() => mock.timers.reset());
  const open = () => PresenceView.open(script.transport, topics, 'm');

  async function isDone(promise: Promise<unknown>): Promise<boolean> {
    let done = false;
    void promise.then(() => {
      done = true;
    });
    await turn();
    return done;
  }

  it('prefers news of this connection to an older retained record', async () => {
    const view = await open();
    script.announce('a', true, true);
    script.announce('a', false);
    script.announce('a', true, true);
    script.announce('b', true, true);
    expect([view.isOnline('a'), view.isOnline('b')]).to.deep.equal([false, true]);
  });

  it('takes a record that says it was kept for news when it comes later: some brokers mark both', async () => {
    const view = await open();
    script.announce('a', true);
    mock.timers.tick(2_000);
    script.announce('a', false, true);
    expect(view.isOnline('a')).to.equal(false);
  });

  it('accepts records retained while the client was disconnected', async () => {
    const view = await open();
    script.announce('a', false);
    script.connected = false;
    script.changed();
    script.connected = true;
    script.changed();
    script.announce('a', true, true);
    expect(view.isOnline('a')).to.equal(true);
  });

  it('subscribes to the records of its collective once', async () => {
    await open();
    expect(script.filters).to.deep.equal(['mco/m/presence/#']);
  });

  it('knows who is online, who is not, and who is a stranger', async () => {
    const view = await open();
    expect(view.isStranger('x')).to.equal(false);
    script.announce('a');
    expect(view.isStranger('x')).to.equal(true);
    script.announce('b', false);
    script.announce('c');
    expect({
      online: view.online(),
      offline: view.offline(),
      size: view.size,
      isOnline: ['a', 'b', 'x'].map((identity) => view.isOnline(identity)),
      isStranger: ['a', 'b', 'x'].map((identity) => view.isStranger(identity)),
      record: view.get('b')?.online,
      none: view.get('x'),
    }).to.deep.equal({
      online: ['a', 'c'],
      offline: ['b'],
      size: 3,
      isOnline: [true, false, undefined],
      isStranger: [false, false, true],
      record: false,
      none: undefined,
    });
  });

  it('ignores a payload that is not a record', async () => {
    const view = await open();
    const heard: string[] = [];
    view.onChange(({ identity }) => heard.push(identity));
    script.announce('a');
    for (const text of ['nonsense', 'x']) script.bring(text);
    script.bring('', topics.presence('m', 'unknown'));
    script.bring('', topics.event('m', 'a'));
    script.bring('', 'mco/m/presence/a/b');
    expect(heard).to.deep.equal(['a']);
    expect(view.isOnline('a')).to.equal(true);
  });

  it('passes each record to listeners, until they stop', async () => {
    const view = await open();
    const heard: string[] = [];
    const stop = view.onChange(({ identity, online }) => heard.push(`${identity} ${online}`));
    expect(view.listeners).to.equal(1);
    script.announce('a');
    script.announce('a');
    script.bring('');
    stop();
    script.announce('b');
    expect(heard).to.deep.equal(['a true', 'a true', 'a false']);
    expect(view.listeners).to.equal(0);
  });

  it('is settled 40 ms after the last record', async () => {
    const view = await open();
    const settled = view.settled();
    expect(view.settled()).to.equal(settled);
    mock.timers.tick(39);
    script.announce('a');
    mock.timers.tick(39);
    expect(await isDone(settled)).to.equal(false);
    mock.timers.tick(1);
    await turn();
    expect(await isDone(settled)).to.equal(true);
  });

  it('is settled after half a second in any case', async () => {
    const view = await open();
    const settled = view.settled();
    for (let count = 0; count < 20; count += 1) {
      mock.timers.tick(24);
      script.announce(`n${count}`);
      await turn();
    }
    mock.timers.tick(19);
    expect(await isDone(settled)).to.equal(false);
    mock.timers.tick(1);
    await turn();
    expect(await isDone(settled)).to.equal(true);
  });

  it('counts from when the broker knew of the subscription', async () => {
    let confirm = () => {};
    script.subscribed = () => new Promise((resolve) => (confirm = resolve));
    const opening = open();
    await turn();
    mock.timers.tick(5_000);
    confirm();
    const view = await opening;
    const settled = view.settled();
    expect(await isDone(settled)).to.equal(false);
    expect(view.isSettled(Date.now() + 39)).to.equal(false);
    expect(view.isSettled(Date.now() + 40)).to.equal(true);
  });

  describe('has all records, as far as is known', () => {
    for (const [what, gaps, least] of [
      ['40 ms after none came', [], 40],
      ['40 ms after the last one where they came together', [0, 0], 40],
      ['after three times the longest pause', [20, 10], 60],
      ['after two seconds where the pauses were long', [900], 2_000],
      ['40 ms after one that came so late that it is none of those that were retained', [2_000], 40],
    ] as const)
      it(what, async () => {
        const view = await open();
        for (const [index, gap] of gaps.entries()) {
          mock.timers.tick(gap);
          script.announce(`n${index}`);
        }
        expect(view.isSettled(Date.now() + least - 1)).to.equal(false);
        expect(view.isSettled(Date.now() + least)).to.equal(true);
      });

    for (const [count, least] of [
      [100, 40],
      [101, 250],
    ] as const)
      it(`${least} ms after the last of ${count}`, async () => {
        const view = await open();
        for (let index = 0; index < count; index += 1) script.announce(`n${index}`);
        expect(view.isSettled(Date.now() + least - 1)).to.equal(false);
        expect(view.isSettled(Date.now() + least)).to.equal(true);
      });

    it('even if a record of a known node arrives again', async () => {
      const view = await open();
      script.announce('a');
      mock.timers.tick(40);
      script.announce('a', false);
      expect(view.isSettled()).to.equal(true);
    });
  });

  it('reports immediately that a node is online if one is known', async () => {
    const view = await open();
    script.announce('a');
    expect(await isDone(view.whenAnybody())).to.equal(true);
  });

  it('waits for the first that is online, and does not take one for it that left', async () => {
    const view = await open();
    const anybody = view.whenAnybody();
    script.announce('b', false);
    expect(await isDone(anybody)).to.equal(false);
    script.announce('a');
    expect(await isDone(anybody)).to.equal(true);
    expect(view.listeners).to.equal(0);
  });
});

describe('the views of presence', () => {
  let script: Script;
  let gone: string[];
  let views: PresenceViews;
  beforeEach(() => {
    script = new Script();
    gone = [];
    views = new PresenceViews(script.transport, topics);
    views.onGone((identity) => gone.push(identity));
  });

  it('are one for each collective', async () => {
    expect(await views.of('m')).to.equal(await views.of('m'));
    expect(await views.of('m')).to.not.equal(await views.of('x'));
    expect(script.filters).to.deep.equal(['mco/m/presence/#', 'mco/x/presence/#']);
  });

  it('report the nodes that go offline, and no others', async () => {
    await views.of('m');
    await turn();
    script.announce('a');
    script.announce('b', false);
    script.announce('c');
    expect(gone).to.deep.equal(['b']);
  });

  it('are opened again after a failure', async () => {
    script.subscribed = () => Promise.reject(new Error('refused'));
    expect(await views.of('m').catch(String)).to.equal('Error: refused');
    script.subscribed = async () => {};
    expect(await views.of('m')).to.be.instanceOf(PresenceView);
  });
});
