import { existsSync, readFileSync } from 'node:fs';
import { mock } from 'node:test';
import type { Agent } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import agent from '../../src/agent/index.js';
import { logLines } from '../fixtures/log-lines.js';

type Action = (input: object, context: object) => Promise<Record<string, unknown>>;

describe('the agent of a host with a provisioner', () => {
  let folder: TempFolder;
  let data: Record<string, () => unknown>;
  const { log, lines } = logLines();
  beforeEach(async () => {
    folder = await createTempFolder();
    data = {};
    lines.length = 0;
  });
  afterEach(async () => {
    mock.restoreAll();
    await folder.close();
  });

  const call = async (action: string, input: object = {}) => {
    const host = {
      provideData: (source: string, read: () => unknown) => Object.assign(data, { [source]: read }),
    };
    const config = { pause_file: folder.join('paused') };
    const { setup } = agent as unknown as {
      setup: (config: object, host: object) => Record<string, Action> | Promise<Record<string, Action>>;
    };
    const handlers = await setup(config, host);
    const context = { caller: 'ops.mcollective', log };
    return handlers[action]?.(input, context);
  };
  const serves = (answer: () => Response | Promise<Response>) => {
    mock.method(globalThis, 'fetch', async (url: string) => {
      expect(url).to.equal('http://127.0.0.1:9140/status');
      return answer();
    });
  };

  it('is an agent', () => {
    expect((agent as Agent).ddl.metadata.name).to.equal('provisioner');
  });

  it('pauses in the name of its caller, and ends that, and logs who did it', async () => {
    const begun = await call('pause', { reason: 'new racks' });
    const pause = JSON.parse(readFileSync(folder.join('paused'), 'utf8'));
    expect(pause).to.include({ by: 'ops.mcollective', reason: 'new racks' });
    expect(begun).to.deep.equal({ paused: true, since: pause.since, changed: true });
    expect(data.provisioner?.()).to.deep.equal({ paused: true });
    expect(await call('pause')).to.deep.equal({ paused: true, since: pause.since, changed: false });
    expect(await call('resume')).to.deep.equal({ paused: false, changed: true });
    expect(await call('resume')).to.deep.equal({ paused: false, changed: false });
    expect(
      lines.map(({ level, caller, reason, changed, msg }) => [level, caller, reason, changed, msg]),
    ).to.deep.equal([
      [30, 'ops.mcollective', 'new racks', true, 'provisioning paused'],
      [30, 'ops.mcollective', undefined, false, 'provisioning paused'],
      [30, 'ops.mcollective', undefined, true, 'provisioning resumed'],
      [30, 'ops.mcollective', undefined, false, 'provisioning resumed'],
    ]);
    expect([existsSync(folder.join('paused')), data.provisioner?.()]).to.deep.equal([
      false,
      { paused: false },
    ]);
  });

  it('tells what its provisioner does', async () => {
    const page = {
      owner: 'prov/1',
      nodes: [{ identity: 'web1' }],
      masters_away: [{ identity: 'puppet1', since: '2030' }],
      debts: [{ certname: 'web1', master: 'puppet1' }],
      debts_total: 1,
      notifications: { waiting: 1, oldest_since: '2030', reason: 'no' },
      arrivals: [{ identity: 'web2', state: 'clock-wrong' }],
      arrivals_total: 1,
    };
    serves(() => Response.json(page));
    const nothing = { paused: false, by: null, since: null, reason: null };
    expect(await call('status')).to.deep.equal({
      running: true,
      ...nothing,
      ...page,
    });
    await call('pause');
    expect(await call('status')).to.include({
      running: true,
      paused: true,
      by: 'ops.mcollective',
      reason: '',
    });
  });

  for (const [what, answer, reason] of [
    ['is not there', () => Promise.reject(new TypeError('fetch failed')), 'fetch failed'],
    ['fails', () => new Response('', { status: 503 }), 'HTTP status 503'],
  ] as const) {
    it(`tells that its provisioner ${what}, unless it is paused, which says more`, async () => {
      serves(answer);
      expect(await call('status')).to.deep.equal({
        running: false,
        paused: false,
        by: null,
        since: null,
        reason: `cannot read http://127.0.0.1:9140/status: ${reason}`,
        owner: null,
        nodes: [],
        masters_away: [],
        debts: [],
        debts_total: 0,
        notifications: null,
        arrivals: [],
        arrivals_total: 0,
      });
      await call('pause', { reason: 'new racks' });
      expect(await call('status')).to.include({ running: false, paused: true, reason: 'new racks' });
    });
  }
});
