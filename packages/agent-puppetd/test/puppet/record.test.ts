import { existsSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  claimRun,
  listRecords,
  pruneRuns,
  type RunRecord,
  readRecord,
  readVerdict,
  runFiles,
  writeRecord,
  writeVerdict,
} from '../../src/puppet/record.js';

describe('the records of runs', () => {
  let folder: TempFolder;
  beforeEach(async () => {
    folder = await createTempFolder();
  });
  afterEach(() => folder.close());

  /** Writes a run down that began then. */
  async function record(id: string, startedAt: number, isJudged = false): Promise<RunRecord> {
    expect(await claimRun(folder.path, id)).to.equal(true);
    const written = { id, startedAt, folder: folder.join('runs', id) } as unknown as RunRecord;
    await writeRecord(written);
    if (isJudged) await writeVerdict(written, { outcome: 'changed' } as never);
    return written;
  }
  const ids = async () => (await listRecords(folder.path)).map(({ id }) => id);

  it('are none before the first run', async () => {
    expect(await ids()).to.deep.equal([]);
    expect(await readRecord(folder.path, 'a')).to.equal(undefined);
    await pruneRuns(folder.path, 0);
  });

  it('are claimed once for each run, in folders that nobody else may read', async () => {
    expect(await claimRun(folder.path, 'a')).to.equal(true);
    expect(await claimRun(folder.path, 'a')).to.equal(false);
    for (const path of [folder.join('runs'), folder.join('runs', 'a')])
      expect(statSync(path).mode & 0o777).to.equal(0o700);
    // A claim alone is no run.
    expect(await ids()).to.deep.equal([]);
  });

  it('cannot be claimed where the folder cannot be made', async () => {
    await writeFile(folder.join('runs'), '');
    const error = await claimRun(folder.path, 'a').catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'EEXIST');
    const listing = await listRecords(folder.path).catch((thrown: unknown) => thrown);
    expect(listing).to.have.property('code', 'ENOTDIR');
  });

  it('are read as they were written, in the folder in which they are now', async () => {
    const written = await record('a', 5);
    expect(await readRecord(folder.path, 'a')).to.deep.equal(written);
    expect(statSync(folder.join('runs', 'a', runFiles.record)).mode & 0o777).to.equal(0o600);
    await writeRecord({ ...written, folder: folder.join('runs', 'a') });
    expect((await readRecord(folder.path, 'a'))?.folder).to.equal(folder.join('runs', 'a'));
  });

  it('are read for no name that is none of a run', async () => {
    await record('a', 5);
    expect(await readRecord(folder.path, '../runs/a')).to.equal(undefined);
  });

  it('are listed from the newest on', async () => {
    for (const [id, startedAt] of [
      ['b', 2],
      ['c', 3],
      ['a', 1],
    ] as const)
      await record(id, startedAt);
    await mkdir(folder.join('runs', 'claimed'));
    expect(await ids()).to.deep.equal(['c', 'b', 'a']);
  });

  it('have a verdict once somebody has judged the run', async () => {
    const judged = await record('a', 1, true);
    // One of an earlier version says nothing of failed resources.
    expect(await readVerdict(judged)).to.deep.equal({ outcome: 'changed', failedResources: [] });
    expect(await readVerdict(await record('b', 1))).to.equal(undefined);
    expect(statSync(folder.join('runs', 'a', runFiles.verdict)).mode & 0o777).to.equal(0o600);
  });

  it('that are torn are named', async () => {
    await record('a', 1);
    const path = folder.join('runs', 'a', runFiles.record);
    await writeFile(path, '{');
    const error = await readRecord(folder.path, 'a').catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'FILE_UNREADABLE');
    expect(String(error)).to.include(
      `Cannot parse ${path}: invalid JSON; to delete the record of this run, remove the folder`,
    );
  });

  it('are removed from the oldest on, those only that are judged', async () => {
    await record('old', 1);
    for (const [index, id] of ['a', 'b', 'c'].entries()) await record(id, index + 2, true);
    await record('new', 9);
    await pruneRuns(folder.path, 2);
    expect(await ids()).to.deep.equal(['new', 'c', 'b', 'old']);
    expect(existsSync(folder.join('runs', 'a'))).to.equal(false);
    await pruneRuns(folder.path, 2);
    expect(await ids()).to.deep.equal(['new', 'c', 'b', 'old']);
  });
});
