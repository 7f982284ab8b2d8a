import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { tryAgent } from '@troupe/daemon/agents';
import agent from './load.js';

let trial;
before(async () => {
  trial = await tryAgent(agent, { config: { most_times: 3 } });
});
after(() => trial.close());

it('returns the load averages', async () => {
  const { statuscode, data } = await trial.call('average');
  assert.equal(statuscode, 0);
  assert.ok(data.one >= 0 && data.processors >= 1);
});

it('sends progress while it measures', async () => {
  const { statuscode, progress } = await trial.call('watch', { times: 3, pause: 0 });
  assert.equal(statuscode, 0);
  assert.deepEqual(
    progress.map(({ time }) => time),
    [1, 2, 3],
  );
});

it('refuses more measurements than configured, and inputs that its DDL does not allow', async () => {
  const tooOften = await trial.call('watch', { times: 4, pause: 0 });
  assert.deepEqual(
    [tooOften.statuscode, tooOften.statusmsg],
    [4, 'times is too large: this node permits at most 3 measurements'],
  );
  assert.equal((await trial.call('watch', { times: 'often', pause: 0 })).statuscode, 4);
});
