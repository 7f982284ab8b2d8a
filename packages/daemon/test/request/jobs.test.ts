import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFiles, skip } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Job } from '../../src/request/job.js';
import { Jobs } from '../../src/request/jobs.js';
import { requestOf } from './request.js';

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

  it('knows after a restart which requests were begun', () => {
    new Jobs({ file, keepSeconds: 60 }).begin(request('a'.repeat(32)), 'web1', Date.now());
    const later = new Jobs({ file, keepSeconds: 60 });
    expect(later.find('a'.repeat(32))).to.equal(undefined);
    expect(later.hasBegun('a'.repeat(32))).to.equal(true);
    expect(later.hasBegun('b'.repeat(32))).to.equal(false);
  });

  it('remembers a request with a ttl of a day over a restart, and forgets an expired one', () => {
    const now = Date.now();
    const jobs = new Jobs({ file, keepSeconds: 60 });
    jobs.begin({ ...request('a'.repeat(32)), time: now, ttl: 86_400 }, 'web1', now);
    jobs.begin({ ...request('b'.repeat(32)), time: now - 3 * 3_600_000, ttl: 60 }, 'web1', now);
    jobs.close();
    const later = new Jobs({ file, keepSeconds: 60 });
    expect(later.hasBegun('a'.repeat(32))).to.equal(true);
    expect(later.hasBegun('b'.repeat(32))).to.equal(false);
  });

  it('records until when each request could begin', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    for (const isMutating of [true, false])
      jobs.begin({ ...request(`${isMutating}`), time: 1_000, ttl: 60 }, 'web1', 1_000, { isMutating });
    jobs.close();
    const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).to.containSubset([
      { id: 'true', time: 1_000, until: 61_000 },
      { id: 'false', time: 1_000, until: 61_000 },
    ]);
  });

  it('begins a mutating request only if it can be recorded, a read-only one in any case', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    mkdirSync(file);
    expect(() => jobs.begin(request('a'.repeat(32)), 'web1', 0)).to.throw('EISDIR');
    expect(() => jobs.begin(request('a'.repeat(32)), 'web1', 0, { isMutating: true })).to.throw('EISDIR');
    expect(jobs.find('a'.repeat(32))).to.equal(undefined);
    expect(jobs.hasBegun('a'.repeat(32))).to.equal(false);
    const job = jobs.begin(request('b'.repeat(32)), 'web1', 0, { isMutating: false });
    expect(jobs.find('b'.repeat(32))).to.equal(job);
    expect(jobs.running()).to.deep.equal([job]);
    expect(jobs.hasBegun('b'.repeat(32))).to.equal(true);
    expect(jobs.counts()).to.deep.equal({ running: 1, kept: 0, keptBytes: 0 });
  });

  it('has room for a limited number of ids', () => {
    const jobs = new Jobs({ file, keepSeconds: 60, mostIds: 2 });
    jobs.begin({ ...request(id(1)), time: 0 }, 'web1', 0);
    expect(jobs.hasRoom(0)).to.equal(true);
    jobs.begin({ ...request(id(2)), time: 0 }, 'web1', 0);
    expect(jobs.hasRoom(0)).to.equal(false);
    expect(jobs.hasRoom(3_600_000)).to.equal(true);
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
      expect(new Jobs({ file, keepSeconds: 60 }).hasRoom(0)).to.equal(hasRoom);
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
    expect(new Jobs({ file, keepSeconds: 60 }).hasBegun('a'.repeat(32))).to.equal(true);
  });

  it('forgets replies after the time they are kept', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    const job = jobs.begin(request('a'.repeat(32)), 'web1', 0);
    job.add({ kind: 'result', outcome: 'ok', statuscode: 0, statusmsg: 'OK', data: {} }, 1000);
    jobs.begin(request('b'.repeat(32)), 'web1', 50_000);
    expect(jobs.find('a'.repeat(32))).to.equal(job);
    jobs.begin(request('c'.repeat(32)), 'web1', 61_000);
    expect(jobs.find('a'.repeat(32)), 'for exactly as long').to.equal(job);
    jobs.begin(request('d'.repeat(32)), 'web1', 61_001);
    expect(jobs.find('a'.repeat(32))).to.equal(undefined);
    expect(jobs.counts()).to.deep.equal({ running: 3, kept: 0, keptBytes: 0 });
  });

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

  it('drops expired replies when another request ends', () => {
    const jobs = new Jobs({ file, keepSeconds: 60 });
    const [one, two] = [jobs.begin(request(id(1)), 'web1', 0), jobs.begin(request(id(2)), 'web1', 0)];
    end(one, 1000);
    end(two, 61_001);
    expect([jobs.find(id(1)), jobs.find(id(2))]).to.deep.equal([undefined, two]);
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
    expect([jobs.find(id(0)), jobs.find(id(1))?.request.id]).to.deep.equal([undefined, id(1)]);
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
