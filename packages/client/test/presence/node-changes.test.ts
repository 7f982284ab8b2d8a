import { getEventListeners } from 'node:events';
import type { Presence } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Client, NodeChange, PresenceListener, PresenceView } from '../../src/index.js';
import { nodeChanges } from '../../src/presence/node-changes.js';
import { Network } from '../network.js';

/** A view of who is online that a test changes by hand. */
class Script {
  readonly listeners = new Set<PresenceListener>();
  readonly #records = new Map<string, Presence>();
  get = (identity: string) => this.#records.get(identity);
  online = () => [...this.#records.values()].filter(({ online }) => online).map(({ identity }) => identity);
  onChange = (listener: PresenceListener) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  announce(identity: string, online: boolean, since = 1): void {
    const record: Presence = { v: 1, identity, online, since, version: '1' };
    this.#records.set(identity, record);
    for (const listener of this.listeners) listener(record);
  }

  changes(signal?: AbortSignal): AsyncIterableIterator<NodeChange> {
    return nodeChanges(async () => this as unknown as PresenceView, signal);
  }
}

const short = ({ kind, identity, isKnown, presence }: NodeChange) =>
  `${kind} ${identity}${isKnown ? ' known' : ''} ${presence.since}`;

async function next(changes: AsyncIterator<NodeChange>): Promise<string> {
  const { done, value } = await changes.next();
  return done ? 'done' : short(value);
}

describe('joins and leaves', () => {
  it('begin with the nodes that are online, and continue with joins and leaves', async () => {
    const script = new Script();
    script.announce('a', true);
    script.announce('b', false);
    const changes = script.changes();
    expect(await next(changes)).to.equal('join a known 1');
    script.announce('b', true);
    expect(await next(changes)).to.equal('join b 1');
    const pending = next(changes);
    script.announce('a', false);
    expect(await pending).to.equal('leave a 1');
    await changes.return?.();
  });

  it('are not repeated if nothing changed', async () => {
    const script = new Script();
    script.announce('a', true);
    const changes = script.changes();
    await next(changes);
    script.announce('a', true);
    script.announce('x', false);
    script.announce('b', true);
    expect(await next(changes)).to.equal('join b 1');
    await changes.return?.();
  });

  it('say of a daemon that was replaced that it left and joined', async () => {
    const script = new Script();
    script.announce('a', true, 1);
    const changes = script.changes();
    await next(changes);
    script.announce('a', false, 1);
    script.announce('a', true, 2);
    expect([await next(changes), await next(changes)]).to.deep.equal(['leave a 1', 'join a 2']);
    await changes.return?.();
  });

  it('report a restart even if the leave was missed', async () => {
    const script = new Script();
    script.announce('a', true, 1);
    const changes = script.changes();
    await next(changes);
    script.announce('a', true, 2);
    const { value } = await changes.next();
    expect(value).to.deep.equal({
      kind: 'leave',
      identity: 'a',
      isKnown: false,
      presence: { v: 1, identity: 'a', online: false, since: 1, version: '1' },
    });
    expect(await next(changes)).to.equal('join a 2');
    await changes.return?.();
  });

  it('come in the order of the last change of each', async () => {
    const script = new Script();
    const changes = script.changes();
    script.announce('z', true);
    await next(changes);
    for (const identity of ['a', 'b']) script.announce(identity, true);
    script.announce('a', true, 2);
    expect([await next(changes), await next(changes)]).to.deep.equal(['join b 1', 'join a 2']);
    script.announce('a', false, 2);
    script.announce('a', true, 2);
    script.announce('b', false);
    expect(await next(changes)).to.equal('leave b 1');
    script.announce('b', true, 5);
    expect(await next(changes)).to.equal('join b 5');
    await changes.return?.();
  });

  it('keep one entry for each node, however slow the consumer is', async () => {
    const script = new Script();
    const changes = script.changes();
    script.announce('z', true);
    await next(changes);
    for (let count = 0; count < 1000; count += 1) script.announce('a', count % 2 === 1, 1);
    expect(await next(changes)).to.equal('join a 1');
    script.announce('b', true);
    expect(await next(changes)).to.equal('join b 1');
    await changes.return?.();
  });

  it('leave no listener behind, however the iteration ends', async () => {
    const script = new Script();
    script.announce('a', true);
    for await (const _ of script.changes()) break;
    expect(script.listeners.size).to.equal(0);

    const stop = new AbortController();
    const changes = script.changes(stop.signal);
    await next(changes);
    const pending = changes.next();
    expect(getEventListeners(stop.signal, 'abort')).to.have.length(1);
    stop.abort();
    expect((await pending).done).to.equal(true);
    expect((await changes.next()).done).to.equal(true);
    expect(getEventListeners(stop.signal, 'abort')).to.have.length(0);
    expect(script.listeners.size).to.equal(0);

    const left = script.changes();
    const begun = left.next();
    await left.return?.();
    await begun;
    expect(script.listeners.size).to.equal(0);

    expect((await script.changes(AbortSignal.abort()).next()).done).to.equal(true);
    expect(script.listeners.size).to.equal(0);
  });

  it('throw what keeps anybody from listening', async () => {
    const changes = nodeChanges(() => Promise.reject(new Error('no broker')));
    expect(await changes.next().catch(String)).to.equal('Error: no broker');
    expect((await changes.next()).done).to.equal(true);
  });
});

describe('client.nodes', () => {
  let network: Network;
  let client: Client;
  beforeEach(async () => {
    network = new Network();
    client = await network.client();
  });
  afterEach(() => network.close());

  it('follows daemons', async () => {
    const first = await network.node('a');
    const stop = new AbortController();
    const told: string[] = [];
    const following = (async () => {
      for await (const change of client.nodes({ signal: stop.signal }))
        told.push(`${change.kind} ${change.identity}${change.isKnown ? ' known' : ''}`);
    })();
    await waitFor('the first one', () => told.length === 1);
    await network.node('b');
    await waitFor('the second one', () => told.length === 2);
    await first.close();
    await waitFor('the leave', () => told.length === 3);
    stop.abort();
    await following;
    expect(told).to.deep.equal(['join a known', 'join b', 'leave a']);
  });
});
