import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createVerifier, emptyFilter, parseFilter } from '@troupe/core';
import { movedClock, skip, until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { verifyAudit } from '../../src/audit/audit-chain.js';
import { openAuditEvent } from '../../src/audit/audit-event.js';
import { Bench } from '../fixture.js';

describe('a daemon with policies and an audit', () => {
  let bench: Bench;
  let policies: string;
  let audit: string;
  beforeEach(() => {
    bench = new Bench();
    policies = join(bench.folder, 'policies');
    audit = join(bench.folder, 'audit.jsonl');
    mkdirSync(policies);
    writeFileSync(join(bench.folder, 'facts.yaml'), 'secret: abc\nstage: dev\n');
  });
  afterEach(() => bench.close());

  const start = (more = '', auditMore = '') =>
    bench.start(`, authorization: { policies: ${policies} ${more} }, audit: { file: ${audit} ${auditMore} }`);
  const policy = (name: string, text: string) => writeFileSync(join(policies, name), text);
  const entries = () =>
    readFileSync(audit, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('tells the caller that it is denied, and the audit which line decided', async () => {
    policy('counter.policy', 'allow\trip.mcollective\t*\tstage=prod\npolicy default deny\n');
    await start();
    const { outcome, statuscode, statusmsg } = await bench.ask(bench.request({ input: { pin: '1234' } }));
    expect({ outcome, statuscode }).to.deep.equal({ outcome: 'denied', statuscode: 1 });
    expect(statusmsg).to.equal(
      'you are not authorized to call counter#count on this node: denied by its policy',
    );
    expect(entries()[0]).to.deep.include({
      caller: 'rip.mcollective',
      agent: 'counter',
      action: 'count',
      outcome: 'denied',
      policy: `${join(policies, 'counter.policy')}:2: policy default deny`,
      input: { pin: '[redacted]' },
    });
    expect(bench.count).to.equal(0);
  });

  it('tells a denial, a missing policy and a damaged one apart', async () => {
    await start();
    expect((await bench.ask(bench.request())).statusmsg).to.include('has no policy for the agent "counter"');
    policy('counter.policy', 'nonsense');
    expect((await bench.ask(bench.request())).statusmsg).to.include('see the log of the node');
    expect(entries()[1]?.policy).to.include('counter.policy:1:');
    policy('counter.policy', 'policy default allow');
    expect((await bench.ask(bench.request())).outcome).to.equal('ok');
  });

  it('judges the caller before the input, and before agents and actions that do not exist', async () => {
    policy('default.policy', 'policy default deny');
    await start();
    for (const parts of [{ input: { nonsense: 1 } }, { action: 'nope' }, { agent: 'nope' }])
      expect((await bench.ask(bench.request(parts))).outcome, JSON.stringify(parts)).to.equal('denied');
  });

  it('does not tell facts to a denied caller by the truth of a filter', async () => {
    policy('default.policy', 'policy default deny');
    await start();
    for (const fact of ['secret=abc', 'secret=xyz']) {
      const filter = { ...emptyFilter, facts: parseFilter({ facts: [fact] }).facts };
      expect((await bench.ask(bench.request({ filter, answerUnmatched: true }))).outcome).to.equal('denied');
    }
  });

  it('notes every end of a request in one chain', async () => {
    policy('default.policy', 'policy default allow\n');
    await start('', ', discovery: false');
    await bench.ask(bench.request());
    await bench.ask(bench.request({ input: { nonsense: 1 } }));
    await bench.ask(bench.request({ time: Date.now() - 3_600_000 }));
    await bench.ask(bench.request({ time: Date.now() + 3_600_000 }));
    await bench.ask(bench.request({ agent: 'discovery', action: 'ping' }));
    await bench.broker.connect().publish('mco/mcollective/agent/counter', Buffer.from('nonsense'));
    await bench.ask(bench.request({ caller: 'rip.mcollective', agent: 'nope' }));
    expect(entries().map(({ outcome }) => outcome)).to.deep.equal([
      'ok',
      'failed',
      'expired',
      'expired',
      'invalid',
      'failed',
    ]);
    expect((await verifyAudit(audit)).fault).to.equal(undefined);
  });

  it('runs nothing that it cannot note, where it is told so', async function () {
    policy('default.policy', 'policy default allow\n');
    await start('', ', on_failure: refuse');
    expect((await bench.ask(bench.request())).outcome).to.equal('ok');
    expect(entries().map(({ outcome }) => outcome)).to.deep.equal(['begun', 'ok']);
    await bench.stop();
    const { existsSync, rmSync, symlinkSync } = await import('node:fs');
    if (!existsSync('/dev/full')) skip(this, 'there is no /dev/full here');
    rmSync(audit);
    symlinkSync('/dev/full', audit);
    await start('', ', on_failure: refuse');
    expect((await bench.ask(bench.request())).statusmsg).to.equal(
      `this node cannot write its audit log, so it does not run requests (audit.on_failure): cannot write ${audit}: ENOSPC: no space left on device`,
    );
    expect(bench.count).to.equal(1);
  });

  it('tells the lines of the audit on the network, signed', async () => {
    const received: Promise<string>[] = [];
    const verifier = createVerifier({ anybody: true });
    const collector = bench.broker.connect();
    await collector.subscribe(bench.topics.events('mcollective'), (bytes, topic) => {
      const identity = topic.split('/').at(-1) ?? '';
      received.push(openAuditEvent(bytes, identity, verifier).then(({ line }) => line));
    });
    await start('', ', events: true');
    await bench.ask(bench.request());
    await bench.ask(bench.request({ agent: 'nope' }));
    await bench.stop();
    await until('both lines are received', () => received.length === 2);
    expect(`${(await Promise.all(received)).join('\n')}\n`).to.equal(readFileSync(audit, 'utf8'));
  });

  for (const type of ['attach', 'cancel'] as const) {
    it(`answers an old "${type}" with the two clocks`, async () => {
      await start();
      const { id } = bench.request();
      const message = {
        v: 1,
        type,
        id,
        time: Date.now() - 120_000,
        ttl: 60,
        caller: 'rip.mcollective',
        session: 's1',
        collective: 'mcollective',
      };
      const { outcome, statusmsg } = await bench.ask(type === 'attach' ? { ...message, after: 0 } : message);
      expect(outcome).to.equal('expired');
      expect(statusmsg).to.match(
        /\(120 s old, valid for 60 s\): this node's clock shows .*, the caller's clock showed/,
      );
    });
  }

  it('does not run a request again after its replies are forgotten', async () => {
    await bench.start(', limits: { keep_replies: 1 }');
    const clock = movedClock();
    const request = bench.request({ ttl: 3600 });
    try {
      expect((await bench.ask(request)).outcome).to.equal('ok');
      clock.forward(1001);
      expect((await bench.ask(bench.request())).outcome).to.equal('ok');
      expect((await bench.ask(request)).outcome).to.equal('unknown');
      expect(bench.count).to.equal(2);
    } finally {
      clock.restore();
    }
  });
});
