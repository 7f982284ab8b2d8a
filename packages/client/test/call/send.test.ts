import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Client } from '../../src/index.js';
import { Network } from '../network.js';
import { workDdl, worker } from '../work-agent.js';

describe('a request that is only sent', () => {
  let network: Network;
  let client: Client;

  beforeEach(async () => {
    network = new Network();
    client = await network.client();
  });
  afterEach(() => network.close());

  it('runs without replies, which are kept for clients that attach', async () => {
    const { agent, runs, release } = worker();
    await network.node('a', [agent]);
    await network.node('b', [agent]);
    let replies = 0;
    const observer = network.broker.connect();
    const { id, targets, discovery } = await client.send(workDdl, 'hold', {});
    await observer.subscribe(`mco/mcollective/reply/${client.caller}/#`, () => {
      replies += 1;
    });
    expect(targets).to.deep.equal(['a', 'b']);
    expect(discovery?.method).to.equal('broadcast');
    await waitFor('both to run', () => runs() === 2);
    expect({ replies, open: client.open }).to.deep.equal({ replies: 0, open: 0 });

    const other = await network.client();
    const pieces: unknown[] = [];
    const attached = other.attach(id, { targets, onProgress: ({ data }) => pieces.push(data) });
    await waitFor('what is kept', () => pieces.length === 2);
    release();
    const results = await attached.all();
    expect(results.map(({ state, data }) => [state, data.text])).to.deep.equal([
      ['ok', 'done'],
      ['ok', 'done'],
    ]);
    expect(runs()).to.equal(2);
  });

  it('reaches many by one broadcast', async () => {
    const { agent, runs } = worker();
    for (let index = 0; index < 11; index += 1) await network.node(`n${index}`, [agent]);
    let messages = 0;
    const observer = network.broker.connect();
    await observer.subscribe('mco/mcollective/node/+', () => {
      messages += 1;
    });
    await client.send(workDdl, 'echo', {});
    await waitFor('all to run', () => runs() === 11);
    expect(messages).to.equal(0);
  });

  it('sends its replies to another client of the caller, which receives them as replies that no call waits for', async () => {
    const { agent } = worker();
    await network.node('a', [agent]);
    const collector = await network.client('collector');
    expect(collector.session).to.equal('collector');
    const heard = collector.replies();
    const first = heard.next();
    await waitFor('the collector to listen', async () => {
      const options = { targets: ['a'], replyTo: 'collector' };
      const { id } = await client.send(workDdl, 'echo', { text: 'x' }, options);
      const reply = await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 500))]);
      return reply !== undefined && id;
    });
    let { value } = await first;
    // A node that takes longer says so first.
    while (value?.kind === 'accepted') ({ value } = await heard.next());
    expect(value).to.include({ kind: 'result', sender: 'a', action: 'echo', session: 'collector' });
    await heard.return?.();
  });

  it('does not take replies from a call that waits for them', async () => {
    const { agent } = worker();
    await network.node('a', [agent]);
    const others: unknown[] = [];
    const stop = new AbortController();
    const listening = (async () => {
      for await (const reply of client.replies({ signal: stop.signal })) others.push(reply);
    })();
    const result = await client.call(workDdl, 'echo', { text: 'x' }, { targets: ['a'] }).one();
    expect(result.ok).to.equal(true);
    stop.abort();
    await listening;
    expect(others).to.deep.equal([]);
  });

  it('is refused before it is sent where it is wrong', async () => {
    const wrong = await client.send(workDdl, 'eco', {}).catch(String);
    expect(wrong).to.include('did you mean "echo"');
    const nowhere = await client.send(workDdl, 'echo', {}, { replyTo: 'A/b' }).catch(String);
    expect(nowhere).to.include('"A/b" is not a valid session name');
    const signal = AbortSignal.abort(new Error('enough'));
    const { agent, runs } = worker();
    await network.node('a', [agent]);
    expect(await client.send(workDdl, 'echo', {}, { signal }).catch(String)).to.equal('Error: enough');
    expect(runs()).to.equal(0);
  });
});
