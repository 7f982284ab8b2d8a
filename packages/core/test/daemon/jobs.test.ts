import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Job } from '../../src/daemon/job.js';
import { Jobs } from '../../src/daemon/jobs.js';
import { emptyFilter } from '../../src/filter/index.js';
import type { Request } from '../../src/message/message.js';

const request = (id: string): Request => ({
  v: 1,
  type: 'request',
  id,
  time: Date.now(),
  ttl: 60,
  caller: 'rip.mcollective',
  session: 's',
  collective: 'mcollective',
  agent: 'a',
  action: 'b',
  filter: emptyFilter,
  input: {},
});

describe('Jobs', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobs-'));
    file = join(folder, 'requests.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('knows after a restart which requests were begun', () => {
    new Jobs({ file, keepSeconds: 60 }).begin(request('a'.repeat(32)), 'web1', Date.now());
    const later = new Jobs({ file, keepSeconds: 60 });
    expect(later.find('a'.repeat(32))).to.equal(undefined);
    expect(later.hasBegun('a'.repeat(32))).to.equal(true);
    expect(later.hasBegun('b'.repeat(32))).to.equal(false);
  });

  it('reads a file whose last line was torn', () => {
    new Jobs({ file, keepSeconds: 60 }).begin(request('a'.repeat(32)), 'web1', Date.now());
    appendFileSync(file, '{"id":"bbbb');
    expect(new Jobs({ file, keepSeconds: 60 }).hasBegun('a'.repeat(32))).to.equal(true);
  });

  it('forgets replies after the time they are kept', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    const job = jobs.begin(request('a'.repeat(32)), 'web1', 0);
    job.add({ kind: 'result', outcome: 'ok', statuscode: 0, statusmsg: 'OK', data: {} }, 1000);
    jobs.begin(request('b'.repeat(32)), 'web1', 50_000);
    expect(jobs.find('a'.repeat(32))).to.equal(job);
    jobs.begin(request('c'.repeat(32)), 'web1', 100_000);
    expect(jobs.find('a'.repeat(32))).to.equal(undefined);
  });

  const id = (index: number) => index.toString(16).padStart(32, '0');
  const end = (job: Job, now: number, text = '') =>
    job.add({ kind: 'result', outcome: 'ok', statuscode: 0, statusmsg: 'OK', data: { text } }, now);

  it('keeps the replies of so many requests: those that ended first go first, those that run stay', () => {
    const jobs = new Jobs({ file, keepSeconds: 60, most: 2 });
    const begun = [0, 1, 2, 3].map((index) => jobs.begin(request(id(index)), 'web1', index));
    for (const [time, index] of [3, 1, 2].entries()) end(begun[index] as Job, 10 + time);
    expect([0, 1, 2, 3].map((index) => jobs.find(id(index)) !== undefined)).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
    expect(jobs.counts()).to.include({ running: 1, kept: 2 });
    expect(jobs.hasBegun(id(3))).to.equal(true);
  });

  it('keeps so many bytes of replies', () => {
    const jobs = new Jobs({ file, keepSeconds: 60, mostBytes: 250_000 });
    for (const index of [0, 1, 2])
      end(jobs.begin(request(id(index)), 'web1', index), index, 'x'.repeat(100_000));
    expect([0, 1, 2].map((index) => jobs.find(id(index)) !== undefined)).to.deep.equal([false, true, true]);
    expect(jobs.counts().keptBytes).to.be.within(200_000, 250_000);
    end(jobs.begin(request(id(3)), 'web1', 3), 3, 'x'.repeat(300_000));
    expect(jobs.counts()).to.include({ kept: 0, keptBytes: 0 });
    expect([0, 1, 2, 3].every((index) => jobs.hasBegun(id(index)))).to.equal(true);
  });

  it('drops what a request asked when it has ended, and listens for the sessions that asked last', () => {
    const job = new Jobs({ file, keepSeconds: 60 }).begin(
      { ...request(id(0)), input: { text: 'x'.repeat(1000) }, targets: ['web1'] },
      'web1',
      0,
    );
    for (let index = 0; index < 100; index += 1) job.addSession(`s${index}`);
    expect(job.sessions.size).to.equal(16);
    expect(job.sessions.has('s99')).to.equal(true);
    end(job, 1);
    expect(job.request.input).to.deep.equal({});
    expect(job.request).to.not.have.property('targets');
  });

  it('lists the requests of one caller with how each ended, the newest first', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    jobs
      .begin(request('a'.repeat(32)), 'web1', 1)
      .add({ kind: 'result', outcome: 'denied', statuscode: 1, statusmsg: 'no', data: {} }, 2);
    jobs.begin({ ...request('b'.repeat(32)), caller: 'ann.mcollective' }, 'web1', 3);
    jobs.begin(request('c'.repeat(32)), 'web1', 4);
    const listed = jobs
      .ofCaller('rip.mcollective')
      .map((job) => [job.request.id[0], job.startedAt, job.endedAt, job.outcome]);
    expect(listed).to.deep.equal([
      ['c', 4, undefined, undefined],
      ['a', 1, 2, 'denied'],
    ]);
  });

  it('numbers replies and keeps no more progress than it should', () => {
    const job = new Jobs({ file, keepSeconds: 60 }).begin(request('a'.repeat(32)), 'web1', 0);
    for (let n = 0; n < 10; n += 1) job.add({ kind: 'progress', data: 'x'.repeat(60_000) }, n);
    const kept = job.after(0);
    expect(kept.length).to.be.lessThan(6);
    expect(kept.at(-1)?.seq).to.equal(10);
    expect(job.after(9)).to.have.length(1);
  });
});
