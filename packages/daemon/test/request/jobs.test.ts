import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { openFiles, skip } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Job } from '../../src/request/job.js';
import { Jobs } from '../../src/request/jobs.js';
import { requestOf } from './request.js';

const rip = 'rip.mcollective';
const ann = 'ann.mcollective';

const request = (id: string) => requestOf({ id, time: Date.now() });

describe('Jobs', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobs-'));
    file = join(folder, 'requests.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const id = (index: number) => index.toString(16).padStart(32, '0');
  const end = (job: Job, now: number, text = '') =>
    job.add({ kind: 'result', outcome: 'ok', statuscode: 0, statusmsg: 'OK', data: { text } }, now);

  it('knows after a restart which requests were begun', () => {
    new Jobs({ file, keepSeconds: 60 }).begin(request('a'.repeat(32)), 'web1', Date.now());
    const later = new Jobs({ file, keepSeconds: 60 });
    expect(later.find(request('a'.repeat(32)))).to.equal(undefined);
    expect(later.hasBegun(request('a'.repeat(32)))).to.equal(true);
    expect(later.hasBegun(request('b'.repeat(32)))).to.equal(false);
  });

  it('remembers a request with a ttl of a day over a restart, and forgets an expired one', () => {
    const now = Date.now();
    const jobs = new Jobs({ file, keepSeconds: 60 });
    jobs.begin({ ...request('a'.repeat(32)), time: now, ttl: 86_400 }, 'web1', now);
    jobs.begin({ ...request('b'.repeat(32)), time: now - 3 * 3_600_000, ttl: 60 }, 'web1', now);
    jobs.close();
    const later = new Jobs({ file, keepSeconds: 60 });
    expect(later.hasBegun(request('a'.repeat(32)))).to.equal(true);
    expect(later.hasBegun(request('b'.repeat(32)))).to.equal(false);
  });

  it('records on disk whose mutating request began, and until when it could', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    for (const isMutating of [true, false])
      jobs.begin({ ...request(`${isMutating}`), time: 1_000, ttl: 60 }, 'web1', 1_000, { isMutating });
    jobs.close();
    const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).to.containSubset([
      { caller: rip, id: 'true', time: 1_000, until: 61_000 },
    ]);
    expect(lines, 'what only reads needs no lasting id').to.have.length(1);
  });

  it('begins a mutating request only if it can be recorded, a read-only one in any case', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    mkdirSync(file);
    expect(() => jobs.begin(request('a'.repeat(32)), 'web1', 0)).to.throw('EISDIR');
    expect(() => jobs.begin(request('a'.repeat(32)), 'web1', 0, { isMutating: true })).to.throw('EISDIR');
    expect(jobs.find(request('a'.repeat(32)))).to.equal(undefined);
    expect(jobs.hasBegun(request('a'.repeat(32)))).to.equal(false);
    const job = jobs.begin(request('b'.repeat(32)), 'web1', 0, { isMutating: false });
    expect(jobs.find(request('b'.repeat(32)))).to.equal(job);
    expect(jobs.running()).to.deep.equal([job]);
    expect(jobs.hasBegun(request('b'.repeat(32)))).to.equal(true);
    expect(jobs.counts()).to.deep.equal({ running: 1, kept: 0, keptBytes: 0 });
  });

  for (const isMutating of [true, false]) {
    const kind = isMutating ? 'mutating' : 'read-only';

    it(`has room for a limited number of ids of ${kind} requests, until those have expired`, () => {
      const jobs = new Jobs({ file, keepSeconds: 60, mostIds: 3 });
      const begin = (index: number, caller: string) =>
        jobs.begin({ ...request(id(index)), caller, time: 0 }, 'web1', 0, { isMutating });
      const hasRoom = (caller: string, now = 0) => jobs.hasRoom(caller, isMutating, now);
      begin(1, rip);
      expect(hasRoom(rip)).to.equal(true);
      begin(2, ann);
      expect([hasRoom(rip), hasRoom('joe.mcollective')]).to.deep.equal([false, true]);
      begin(3, 'joe.mcollective');
      expect(hasRoom('eve.mcollective')).to.equal(false);
      if (isMutating) expect(hasRoom('eve.mcollective', 3_600_000)).to.equal(true);
    });

    it(`always has room for the ${kind} requests of a caller that does not fill it`, () => {
      const jobs = new Jobs({ file, keepSeconds: 60, mostIds: 1000 });
      let sent = 0;
      for (; jobs.hasRoom(rip, isMutating, 0); sent += 1)
        jobs.begin({ ...request(id(sent)), time: 0, ttl: 86_400 }, 'web1', 0, { isMutating });
      expect(sent).to.equal(800);
      expect(jobs.hasRoom(ann, isMutating, 0)).to.equal(true);
      expect(jobs.hasRoom(rip, !isMutating, 0), 'of the other kind').to.equal(true);
    });
  }

  it('forgets the ids of read-only requests after their ttl, by a clock that nobody sets', () => {
    mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
    const lived = mock.method(performance, 'now', () => 5000);
    try {
      const jobs = new Jobs({ file, keepSeconds: 1, mostIds: 2 });
      const begin = (index: number, now: number) =>
        end(
          jobs.begin({ ...request(id(index)), time: now, ttl: 60 }, 'web1', now, { isMutating: false }),
          now,
        );
      begin(1, 1_000_000);
      expect(jobs.hasRoom(ann, false, 2_000_000), 'the clock of the host was set').to.equal(true);
      expect(jobs.hasBegun(request(id(1)))).to.equal(true);
      lived.mock.mockImplementation(() => 5000 + 120_000);
      begin(2, 1_120_000);
      expect([1, 2].map((index) => jobs.hasBegun(request(id(index))))).to.deep.equal([false, true]);
    } finally {
      lived.mock.restore();
      mock.timers.reset();
    }
  });

  it('keeps the requests of callers apart, even under one id', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    const [one, other] = [request(id(1)), { ...request(id(1)), caller: ann }];
    const job = jobs.begin(one, 'web1', 0);
    expect([jobs.find(other), jobs.hasBegun(other)]).to.deep.equal([undefined, false]);
    const twin = jobs.begin(other, 'web1', 0);
    end(twin, 1);
    expect([jobs.find(one), jobs.find(other)]).to.deep.equal([job, twin]);
    jobs.close();
    const later = new Jobs({ file, keepSeconds: 60 });
    expect([later.hasBegun(one), later.hasBegun(other)]).to.deep.equal([true, true]);
    expect(later.hasBegun({ ...one, caller: 'joe.mcollective' })).to.equal(false);
  });

  it('counts ids of the previous format, which name no caller, for every caller', () => {
    writeFileSync(file, `{"id":"${id(1)}","until":${Date.now() + 60_000}}\n`);
    const jobs = new Jobs({ file, keepSeconds: 60 });
    jobs.begin(request(id(2)), 'web1', Date.now());
    jobs.close();
    for (const each of [jobs, new Jobs({ file, keepSeconds: 60 })])
      expect([rip, ann].map((caller) => each.hasBegun({ caller, id: id(1) }))).to.deep.equal([true, true]);
  });

  it('keeps the replies of a caller that takes less than another', () => {
    const jobs = new Jobs({ file, keepSeconds: 60, most: 3, mostBytes: 250_000 });
    const endOf = (index: number, caller: string, text = '') =>
      end(jobs.begin({ ...request(id(index)), caller }, 'web1', index), index, text);
    endOf(0, ann);
    for (const index of [1, 2, 3, 4]) endOf(index, rip);
    const found = (...indices: number[]) =>
      indices.filter((index) => [ann, rip].some((caller) => jobs.find({ caller, id: id(index) })));
    expect(found(0, 1, 2, 3, 4)).to.deep.equal([0, 3, 4]);
    endOf(5, rip, 'x'.repeat(245_000));
    expect(found(0, 3, 4, 5)).to.deep.equal([0, 5]);
    endOf(6, rip, 'x'.repeat(245_000));
    expect(found(0, 3, 4, 5, 6)).to.deep.equal([0, 6]);
  });

  it('remembers 100,000 ids by default', () => {
    const lines = Array.from(
      { length: 100_000 },
      (_, index) => `{"id":"${id(index)}","until":${Date.now()}}\n`,
    );
    for (const [count, hasRoom] of [
      [99_999, true],
      [100_000, false],
    ] as const) {
      writeFileSync(file, lines.slice(0, count).join(''));
      expect(new Jobs({ file, keepSeconds: 60 }).hasRoom(rip, true, 0)).to.equal(hasRoom);
    }
  });

  it('closes its file', function () {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    jobs.begin(request(id(1)), 'web1', 0);
    const files = openFiles(folder);
    if (files === undefined) skip(this, 'this system does not tell which files are open');
    expect(files).to.deep.equal([file]);
    jobs.close();
    expect(openFiles(folder)).to.deep.equal([]);
  });

  it('reads a file whose last line was torn', () => {
    new Jobs({ file, keepSeconds: 60 }).begin(request('a'.repeat(32)), 'web1', Date.now());
    appendFileSync(file, '{"id":"bbbb');
    expect(new Jobs({ file, keepSeconds: 60 }).hasBegun(request('a'.repeat(32)))).to.equal(true);
  });

  it('forgets replies after the time they are kept', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    const job = jobs.begin(request('a'.repeat(32)), 'web1', 0);
    job.add({ kind: 'result', outcome: 'ok', statuscode: 0, statusmsg: 'OK', data: {} }, 1000);
    jobs.begin(request('b'.repeat(32)), 'web1', 50_000);
    expect(jobs.find(request('a'.repeat(32)))).to.equal(job);
    jobs.begin(request('c'.repeat(32)), 'web1', 61_000);
    expect(jobs.find(request('a'.repeat(32))), 'for exactly as long').to.equal(job);
    jobs.begin(request('d'.repeat(32)), 'web1', 61_001);
    expect(jobs.find(request('a'.repeat(32)))).to.equal(undefined);
    expect(jobs.counts()).to.deep.equal({ running: 3, kept: 0, keptBytes: 0 });
  });

  it('keeps the replies of so many requests: those that ended first go first, those that run stay', () => {
    const jobs = new Jobs({ file, keepSeconds: 60, most: 2 });
    const begun = [0, 1, 2, 3].map((index) => jobs.begin(request(id(index)), 'web1', index));
    for (const [time, index] of [3, 1, 2].entries()) end(begun[index] as Job, 10 + time);
    expect([0, 1, 2, 3].map((index) => jobs.find(request(id(index))) !== undefined)).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
    expect(jobs.counts()).to.include({ running: 1, kept: 2 });
    expect(jobs.hasBegun(request(id(3)))).to.equal(true);
  });

  it('keeps so many bytes of replies', () => {
    const jobs = new Jobs({ file, keepSeconds: 60, mostBytes: 250_000 });
    for (const index of [0, 1, 2])
      end(jobs.begin(request(id(index)), 'web1', index), index, 'x'.repeat(100_000));
    expect([0, 1, 2].map((index) => jobs.find(request(id(index))) !== undefined)).to.deep.equal([
      false,
      true,
      true,
    ]);
    expect(jobs.counts().keptBytes).to.be.within(200_000, 250_000);
    end(jobs.begin(request(id(3)), 'web1', 3), 3, 'x'.repeat(300_000));
    expect(jobs.counts()).to.include({ kept: 0, keptBytes: 0 });
    expect([0, 1, 2, 3].every((index) => jobs.hasBegun(request(id(index))))).to.equal(true);
  });

  it('drops expired replies when another request ends', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    const [one, two] = [jobs.begin(request(id(1)), 'web1', 0), jobs.begin(request(id(2)), 'web1', 0)];
    end(one, 1000);
    end(two, 61_001);
    expect([jobs.find(request(id(1))), jobs.find(request(id(2)))]).to.deep.equal([undefined, two]);
    expect(jobs.counts()).to.deep.equal({ running: 0, kept: 1, keptBytes: two.bytes });
  });

  it('keeps 32 MiB of replies by default', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    const end = (index: number, bytes: number) => {
      const data = { text: 'x'.repeat(bytes - 2048 - '{"text":""}'.length) };
      const job = jobs.begin(request(id(index)), 'web1', 0);
      job.add({ kind: 'result', outcome: 'ok', statuscode: 0, statusmsg: 'OK', data }, 0);
    };
    for (const index of [0, 1]) end(index, 16 * 1024 * 1024);
    expect(jobs.counts()).to.include({ kept: 2, keptBytes: 32 * 1024 * 1024 });
    end(2, 4096);
    expect(jobs.counts()).to.include({ kept: 2, keptBytes: 16 * 1024 * 1024 + 4096 });
  });

  it('keeps the replies of 10,000 requests by default', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    for (let index = 0; index <= 10_000; index += 1) end(jobs.begin(request(id(index)), 'web1', 0), 0);
    expect(jobs.counts().kept).to.equal(10_000);
    expect([jobs.find(request(id(0))), jobs.find(request(id(1)))?.request.id]).to.deep.equal([
      undefined,
      id(1),
    ]);
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
});
