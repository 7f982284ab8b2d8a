import { parseFilter } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { addressTo, Job } from '../../src/request/job.js';
import { requestOf } from './request.js';

const result = { kind: 'result', outcome: 'failed', statuscode: 4, statusmsg: 'no', data: {} } as const;
/** A piece of progress whose JSON has `bytes` characters. */
const progress = (bytes: number) => ({ kind: 'progress', data: 'x'.repeat(bytes - 2) }) as const;
const most = 256 * 1024;

describe('Job', () => {
  it('numbers replies and addresses them as its request says', () => {
    const job = new Job(requestOf(), 'web1.lab', 2000);
    expect(job.startedAt).to.equal(2000);
    const first = job.add({ kind: 'accepted', timeout: 5 }, 2001);
    expect(first).to.deep.equal({
      type: 'reply',
      kind: 'accepted',
      id: 'a'.repeat(32),
      time: 2001,
      seq: 1,
      sender: 'web1.lab',
      caller: 'rip.mcollective',
      collective: 'mcollective',
      agent: 'work',
      action: 'do',
      timeout: 5,
    });
    const second = job.add(result, 2002);
    expect(second).to.include({ seq: 2, time: 2002 });
    expect(addressTo(second, 's2', 1)).to.deep.equal({ v: 1, ...second, session: 's2' });
    expect(addressTo(second, 's2', 2)).to.deep.equal({ v: 2, protocol: 2, ...second, session: 's2' });
    expect(job.after(0)).to.deep.equal([first, second]);
    expect(job.after(1)).to.deep.equal([second]);
    expect(job.after(2)).to.deep.equal([]);
  });

  it('ends with its result, once', () => {
    let ends = 0;
    const job = new Job(requestOf(), 'web1.lab', 0, { whenEnded: () => (ends += 1) });
    job.add({ kind: 'accepted', timeout: 5 }, 1);
    job.add(progress(10), 2);
    expect([job.endedAt, job.outcome, ends]).to.deep.equal([undefined, undefined, 0]);
    job.add(result, 3);
    expect([job.endedAt, job.outcome, ends]).to.deep.equal([3, 'failed', 1]);
  });

  it('drops input, filter and targets of its request when it ends', () => {
    const asked = requestOf({
      input: { a: 1 },
      targets: ['web1.lab'],
      filter: parseFilter({ facts: ['a=1'] }),
    });
    const job = new Job(asked, 'web1.lab', 0);
    job.add(progress(10), 1);
    expect(job.request).to.equal(asked);
    job.add(result, 2);
    expect(job.request).to.deep.equal(requestOf());
  });

  it('replies to the session that asked, unless noReply is set', () => {
    const answer = { v: 1, protection: { as: 'offering' } } as const;
    expect([...new Job(requestOf(), 'web1.lab', 0, { answer }).sessions]).to.deep.equal([['s1', answer]]);
    expect([...new Job(requestOf({ noReply: true }), 'web1.lab', 0).sessions]).to.deep.equal([]);
  });

  it('replies to the 16 sessions that asked last, each with its latest protection', () => {
    const job = new Job(requestOf({ session: 's0' }), 'web1.lab', 0);
    for (let index = 1; index < 16; index += 1) job.addSession(`s${index}`, { v: 1 });
    expect(job.sessions.size).to.equal(16);
    job.addSession('s0', { v: 2, protection: { as: 'offering' } });
    job.addSession('s16', { v: 1 });
    expect([...job.sessions.keys()]).to.deep.equal([
      ...Array.from({ length: 14 }, (_, index) => `s${index + 2}`),
      's0',
      's16',
    ]);
    expect(job.sessions.get('s0')).to.deep.equal({ v: 2, protection: { as: 'offering' } });
  });

  it('counts the bytes it uses', () => {
    const job = new Job(requestOf(), 'web1.lab', 0);
    expect(job.bytes).to.equal(2048);
    job.add({ kind: 'accepted', timeout: 5 }, 1);
    expect(job.bytes).to.equal(2048);
    job.add(progress(100), 2);
    job.add({ kind: 'progress', data: undefined }, 2);
    expect(job.bytes).to.equal(2048 + 100 + 'null'.length);
    job.add({ ...result, data: { a: 1 } }, 3);
    expect(job.bytes).to.equal(2048 + 100 + 'null'.length + '{"a":1}'.length);
  });

  it('keeps 256 KiB of progress, and drops the oldest beyond that', () => {
    const job = new Job(requestOf(), 'web1.lab', 0);
    job.add({ kind: 'accepted', timeout: 5 }, 0);
    for (const bytes of [100, 200, most - 300]) job.add(progress(bytes), 1);
    expect(job.after(0).map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4]);
    expect(job.bytes).to.equal(2048 + most);
    job.add(progress(101), 2);
    expect(job.after(0).map(({ seq }) => seq)).to.deep.equal([1, 4, 5]);
    expect(job.bytes).to.equal(2048 + most - 300 + 101);
    job.add(progress(199), 3);
    expect(job.after(0).map(({ seq }) => seq)).to.deep.equal([1, 4, 5, 6]);
    job.add(result, 4);
    expect(job.after(0).map(({ seq }) => seq)).to.deep.equal([1, 4, 5, 6, 7]);
  });

  it('keeps the latest progress, however large', () => {
    const job = new Job(requestOf(), 'web1.lab', 0);
    job.add(progress(10), 1);
    job.add(progress(most + 1), 2);
    expect(job.after(0).map(({ seq }) => seq)).to.deep.equal([2]);
    job.add(progress(10), 3);
    expect(job.after(0).map(({ seq }) => seq)).to.deep.equal([3]);
    expect(job.bytes).to.equal(2048 + 10);
  });

  it('rejects a reply that cannot be serialized, and reuses its number', () => {
    const job = new Job(requestOf(), 'web1.lab', 0);
    expect(() => job.add({ ...result, data: { count: 1n } }, 1)).to.throw(TypeError);
    expect([job.endedAt, job.bytes, job.after(0).length]).to.deep.equal([undefined, 2048, 0]);
    expect(job.add(result, 2).seq).to.equal(1);
  });
});
