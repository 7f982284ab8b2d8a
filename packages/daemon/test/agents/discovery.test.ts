import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Request } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { discoveryAgent } from '../../src/agents/discovery.js';
import { Registry } from '../../src/agents/registry.js';
import { type Trial, tryAgent } from '../../src/agents/trial.js';
import type { Node } from '../../src/node/node.js';
import { Jobs } from '../../src/request/jobs.js';
import { requestOf } from '../request/request.js';
import { ddlOf } from './external/actor.js';

const caller = 'rip.mcollective';
const id = (index: number) => index.toString(16).padStart(32, '0');

describe('discovery', () => {
  let folder: string;
  let trial: Trial;
  let jobs: Jobs;
  const registry = new Registry();
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'discovery-'));
    jobs = new Jobs({ file: join(folder, 'requests.jsonl'), keepSeconds: 60 });
    trial = await tryAgent(discoveryAgent({ registry } as unknown as Node, jobs), { caller });
  });
  afterEach(async () => {
    await trial.close();
    jobs.close();
    rmSync(folder, { recursive: true });
  });

  const begin = (index: number, parts: Partial<Request> = {}) =>
    jobs.begin(
      requestOf({ id: id(index), time: Date.now(), caller, collective: 'eu', ...parts }),
      'web1.lab',
      1000 + index,
    );
  const list = async () => {
    const { data } = await trial.call('jobs');
    return data as { now: number; jobs: { id: string }[] };
  };

  it('answers a ping', async () => {
    expect(await trial.call('ping')).to.include({ outcome: 'ok', statuscode: 0 });
  });

  it('returns the DDL of an agent with its hash', async () => {
    const ddl = ddlOf('work', { show: {} });
    await registry.add({ ddl, setup: async () => ({ show: () => ({}) }) }, 'test', {}, {} as never);
    const { data } = await trial.call('ddl', { agent: 'work' });
    expect(data).to.deep.equal({ ddl, hash: registry.get('work')?.hash });
    expect(data.ddl, 'a copy').to.not.equal(registry.get('work')?.compiled.ddl);
    registry.remove('work');
  });

  it('fails for an agent that does not exist on this node', async () => {
    expect(await trial.call('ddl', { agent: 'none' })).to.include({
      outcome: 'failed',
      statuscode: 4,
      statusmsg: 'agent "none" not found on this node',
    });
  });

  it("lists the caller's own requests, newest first, without discovery requests", async () => {
    const ended = begin(1);
    ended.add({ kind: 'result', outcome: 'denied', statuscode: 1, statusmsg: 'no', data: {} }, 5000);
    begin(2, { caller: 'ann.mcollective' });
    begin(3, { agent: 'discovery', action: 'jobs' });
    begin(4);
    const { now, jobs: listed } = await list();
    expect(now).to.be.within(Date.now() - 60_000, Date.now());
    const common = { agent: 'work', action: 'do', collective: 'eu' };
    expect(listed).to.deep.equal([
      { ...common, id: id(4), started: 1004, ended: null, outcome: null },
      { ...common, id: id(1), started: 1001, ended: 5000, outcome: 'denied' },
    ]);
  });

  it('lists at most the last 500 requests', async () => {
    for (let index = 0; index <= 500; index += 1) begin(index);
    const { jobs: listed } = await list();
    expect([listed.length, listed[0]?.id, listed[499]?.id]).to.deep.equal([500, id(500), id(1)]);
    const { statusmsg } = await trial.call('jobs');
    expect(statusmsg).to.equal('the newest 500 of 501 requests');
  });
});
