import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/clock.js';
import { PuppetStages, type StageOptions } from '../../src/puppet/puppet-stage.js';
import { ProvisionRecord } from '../../src/record/record.js';
import { noteStep } from '../../src/record/steps.js';
import { FakeNode } from '../fixtures/fake-node.js';
import { rejection } from '../fixtures/rejection.js';

describe('PuppetStages', () => {
  let node: FakeNode;
  let record: ProvisionRecord;
  let stages: PuppetStages;
  // What a daemon does that comes back.
  const open = async () => {
    record = await ProvisionRecord.open(join(node.host.stateDir, 'record.json'), silentLogger);
    stages = new PuppetStages({ puppet: node.puppet(), record, clock: systemClock });
  };
  const run = (more: Partial<StageOptions> = {}) =>
    stages.run({
      stage: 'bootstrap',
      environment: 'bootstrap',
      token: 1,
      fresh: false,
      options: {},
      checkServer: async () => undefined,
      confirm: () => undefined,
      onOutput: () => undefined,
      signal: new AbortController().signal,
      ...more,
    });
  const note = (outcome: string) =>
    record.update((draft) =>
      noteStep(draft, { step: 'puppet_bootstrap_stage', outcome, owner: 'a' }, Date.now()),
    );
  const go = () => writeFile(node.folder.join('go'), '');
  const hold = () => node.behave({ wait: node.folder.join('go') });

  beforeEach(async () => {
    node = await FakeNode.create();
    await open();
  });
  afterEach(async () => {
    await go();
    await node[Symbol.asyncDispose]();
  });

  it('runs Puppet, hands on what it prints and judges it', async () => {
    const output: string[] = [];
    const result = await run({ onOutput: (lines) => output.push(...lines) });
    expect(result).to.include({ attached: false });
    expect(result.verdict).to.include({
      ok: true,
      outcome: 'changed',
      exitCode: 2,
      environment: 'bootstrap',
    });
    expect(result.output).to.equal(output.join('\n'));
    expect(output).to.include('Notice: Applied catalog in 0.05 seconds');
    expect(result.seconds).to.be.greaterThan(0);
    expect(record.state.run).to.deep.include({ id: result.id, stage: 'bootstrap', token: 1, noted: false });
    expect(record.state.run?.verdict).to.include({ ok: true, outcome: 'changed', exitcode: 2 });
  });

  it('fails a run that ended in another environment', async () => {
    await node.behave({ ran: 'production' });
    const { verdict } = await run();
    expect(verdict).to.include({ ok: false, outcome: 'other-environment' });
    expect(record.state.run?.verdict).to.include({ ok: false, outcome: 'other-environment' });
  });

  it('has the run on record before it starts', async () => {
    await hold();
    const running = run();
    await node.running();
    expect(record.state.run?.verdict).to.equal(null);
    expect((await stages.running())?.id).to.equal(record.state.run?.id);
    await go();
    expect((await running).id).to.equal(record.state.run?.id);
    expect(await stages.running()).to.equal(undefined);
  });

  it('attaches every caller to the run in progress', async () => {
    await hold();
    const first = run();
    await node.running();
    const attached = new Set<number>();
    const others = [{}, { token: undefined }, { token: 2, fresh: true }].map((more, index) =>
      run({ ...more, onOutput: () => attached.add(index) }),
    );
    await waitFor('all to follow the run', () => attached.size === others.length);
    await go();
    const { id } = await first;
    const results = await Promise.all(others);
    expect(results.map((result) => [result.id, result.attached])).to.deep.equal(Array(3).fill([id, true]));
    for (const { output } of results) expect(output).to.contain('Applying configuration');
    expect(await node.calls()).to.have.length(1);
  });

  it('starts one run for two who ask at once', async () => {
    const [a, b] = await Promise.all([run(), run()]);
    expect(a.id).to.equal(b.id);
    expect(await node.calls()).to.have.length(1);
  });

  it('continues with a run after the daemon came back', async () => {
    await hold();
    const gone = new AbortController();
    const first = run({ signal: gone.signal });
    await node.running();
    const reason = new Error('the daemon ends');
    gone.abort(reason);
    expect(await rejection(first)).to.equal(reason);
    await open();
    const second = run();
    await go();
    const { attached, verdict, id } = await second;
    expect({ attached, ok: verdict.ok }).to.deep.equal({ attached: true, ok: true });
    expect(record.state.run).to.include({ id, noted: false });
    expect(await node.calls()).to.have.length(1);
  });

  it('judges a run that ended while the daemon was down', async () => {
    await hold();
    const gone = new AbortController();
    const first = run({ signal: gone.signal });
    await node.running();
    gone.abort(new Error('the daemon ends'));
    await rejection(first);
    await go();
    while (await stages.running());
    await open();
    expect(await run()).to.include({ attached: true, seconds: null });
    expect(await node.calls()).to.have.length(1);
  });

  it('answers with the last verdict until a provisioner has noted it', async () => {
    await note('started');
    const { id } = await run();
    await open();
    expect(await run({ token: 2 })).to.include({ id, attached: true });
    await note('ok');
    expect(await run({ token: 2 })).to.include({ attached: false });
    expect(await node.calls()).to.have.length(2);
  });

  it('runs again after a failure that was noted', async () => {
    await node.behave({ exit: '4', status: 'failed' });
    await note('started');
    expect((await run()).verdict.ok).to.equal(false);
    await note('failed');
    await node.behave({});
    expect((await run()).verdict.ok).to.equal(true);
    expect(await node.calls()).to.have.length(2);
  });

  for (const [what, more] of [
    ['fresh is set', { fresh: true }],
    ['another stage is asked for', { stage: 'production', environment: undefined }],
    ['a person asks by hand', { token: undefined }],
  ] as const) {
    it(`runs again when ${what}`, async () => {
      await run();
      expect((await run(more)).attached).to.equal(false);
      expect(await node.calls()).to.have.length(2);
    });
  }

  it('does not start another stage while one is in progress', async () => {
    await hold();
    const first = run();
    await node.running();
    const error = await rejection(run({ stage: 'production' }));
    expect(error.message).to.contain('a Puppet run is in progress (bootstrap, started at');
    expect((await rejection(stages.checkIdle())).message).to.equal(error.message);
    await go();
    await first;
    await stages.checkIdle();
  });

  it('starts nothing and records nothing if the server cannot be reached', async () => {
    const checkServer = () => Promise.reject(new Error('no connection within 5 s'));
    expect((await rejection(run({ checkServer }))).message).to.equal('no connection within 5 s');
    expect([record.state.run, await node.calls()]).to.deep.equal([null, []]);
  });

  it('attaches to a run without a look at the server', async () => {
    await hold();
    const first = run();
    await node.running();
    const checkServer = () => Promise.reject(new Error('no connection within 5 s'));
    const second = run({ checkServer });
    await go();
    expect((await second).id).to.equal((await first).id);
  });

  it('starts anew where the run on record never began', async () => {
    await record.update((draft) => {
      draft.run = {
        id: 'bootstrap-lost',
        stage: 'bootstrap',
        environment: 'bootstrap',
        since: 'then',
        token: 1,
        step: null,
        verdict: null,
        noted: false,
      };
    });
    expect((await run()).attached).to.equal(false);
  });

  it('starts nothing and records nothing when the lease is lost', async () => {
    const confirm = () => {
      throw new Error('token 1 is stale');
    };
    expect((await rejection(run({ confirm }))).message).to.equal('token 1 is stale');
    expect(record.state.run).to.equal(null);
    expect(await node.calls()).to.deep.equal([]);
  });
});
