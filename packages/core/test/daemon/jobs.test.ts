import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
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
    expect(later.seenBefore('a'.repeat(32))).to.include({ caller: 'rip.mcollective' });
    expect(later.seenBefore('b'.repeat(32))).to.equal(undefined);
  });

  it('reads a file whose last line was torn', () => {
    new Jobs({ file, keepSeconds: 60 }).begin(request('a'.repeat(32)), 'web1', Date.now());
    appendFileSync(file, '{"id":"bbbb');
    expect(new Jobs({ file, keepSeconds: 60 }).seenBefore('a'.repeat(32))).to.not.equal(undefined);
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
