import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Ddl, ddlHash } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ddlCache, ddlCacheOf, isFresh, keepDdl, keptByHash } from '../../src/ddl/ddl-cache.js';
import { workDdl } from '../work-agent.js';

const ddl = workDdl as unknown as Ddl;
/** A network, by its brokers. */
const networkOf = (...urls: string[]) => ({ broker: { urls, keepalive: 30 } });
const here = networkOf('mqtts://broker.lab:8883');
const other: Ddl = { ...ddl, metadata: { ...ddl.metadata, version: '2.0.0' } };

describe('the cache of DDLs', () => {
  let folder: TempFolder;
  const before = process.env.XDG_CACHE_HOME;
  beforeEach(async () => {
    folder = await createTempFolder();
    process.env.XDG_CACHE_HOME = folder.path;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    await folder.close();
  });
  const byName = () => join(ddlCacheOf(here), 'worker.json');
  const byHash = (one: Ddl) => join(ddlCache(), 'hash', `${ddlHash(one)}.json`);
  const setAge = (seconds: number) => {
    const then = Date.now() / 1000 - seconds;
    utimesSync(byName(), then, then);
  };

  it('is in the folder for caches, or below the home folder', () => {
    expect(ddlCache()).to.equal(folder.join('troupe', 'ddl'));
    delete process.env.XDG_CACHE_HOME;
    expect(ddlCache()).to.equal(join(homedir(), '.cache', 'troupe', 'ddl'));
  });

  it('keeps a DDL by its name and by its hash, which others may read', () => {
    keepDdl(ddl, here);
    for (const file of [byName(), byHash(ddl)]) {
      expect(JSON.parse(readFileSync(file, 'utf8'))).to.deep.equal(ddl);
      expect(statSync(file).mode & 0o777).to.equal(0o644);
    }
    expect(keptByHash(ddlHash(ddl))).to.deep.equal(ddl);
  });

  it('keeps each by its hash, and the last by its name', () => {
    keepDdl(ddl, here);
    keepDdl(other, here);
    expect(readdirSync(join(ddlCache(), 'hash'))).to.have.length(2);
    expect(JSON.parse(readFileSync(byName(), 'utf8'))).to.deep.equal(other);
  });

  it('keeps what the agents of one network have apart from those of another', () => {
    keepDdl(ddl, here);
    expect(isFresh('worker', networkOf('mqtts://broker.other:8883'))).to.equal(false);
    keepDdl(other, networkOf('mqtts://broker.other:8883'));
    expect(JSON.parse(readFileSync(byName(), 'utf8'))).to.deep.equal(ddl);
  });

  it('writes nothing again that it has, and takes it for fresh', () => {
    keepDdl(ddl, here);
    const inodes = () => [byName(), byHash(ddl)].map((file) => statSync(file).ino);
    const written = inodes();
    setAge(7_200);
    keepDdl(ddl, here);
    expect(inodes()).to.deep.equal(written);
    expect(isFresh('worker', here)).to.equal(true);
  });

  it('mends a copy that was damaged', () => {
    keepDdl(ddl, here);
    writeFileSync(byHash(ddl), 'torn');
    writeFileSync(byName(), 'torn');
    keepDdl(ddl, here);
    expect(keptByHash(ddlHash(ddl))).to.deep.equal(ddl);
    expect(JSON.parse(readFileSync(byName(), 'utf8'))).to.deep.equal(ddl);
  });

  for (const [seconds, expected] of [
    [0, true],
    [3_590, true],
    [3_610, false],
  ] as const)
    it(`is ${expected ? '' : 'not '}fresh after ${seconds} s`, () => {
      keepDdl(ddl, here);
      setAge(seconds);
      expect(isFresh('worker', here)).to.equal(expected);
    });

  it('is not fresh if there is none', () => expect(isFresh('worker', here)).to.equal(false));

  for (const [what, hash] of [
    ['what was never kept', 'a'.repeat(64)],
    ['no hash', ''],
    ['a path', `../${'a'.repeat(61)}`],
    ['more than a hash', `${'a'.repeat(64)}/..`],
  ] as const)
    it(`has nothing for ${what}`, () => expect(keptByHash(hash)).to.equal(undefined));

  for (const [what, text] of [
    ['is no JSON', 'torn {'],
    ['is no DDL', '{}'],
    ['is another DDL', JSON.stringify(other)],
  ] as const)
    it(`rejects a copy that ${what}`, () => {
      keepDdl(ddl, here);
      writeFileSync(byHash(ddl), text);
      expect(keptByHash(ddlHash(ddl))).to.equal(undefined);
    });

  it('warns if it cannot be written', async () => {
    mkdirSync(folder.join('troupe'));
    writeFileSync(folder.join('troupe', 'ddl'), 'a file in its place');
    const warned = once(process, 'warning');
    keepDdl(ddl, here);
    const [warning] = await warned;
    expect(String(warning)).to.include('cannot write the DDL cache');
  });

  it('keeps 500 DDLs by their hashes, the latest ones: a node could send ever new ones', () => {
    const versions = Array.from({ length: 3 }, (_, index): Ddl => {
      const metadata = { ...ddl.metadata, version: `3.0.${index}` };
      return { ...ddl, metadata };
    });
    const [first, second, last] = versions as [Ddl, Ddl, Ddl];
    keepDdl(first, here);
    const old = Date.now() / 1000 - 60;
    utimesSync(byHash(first), old, old);
    for (let index = 0; index < 498; index += 1)
      writeFileSync(join(ddlCache(), 'hash', `${index.toString(16).padStart(64, '0')}.json`), '{}');
    keepDdl(second, here);
    expect(readdirSync(join(ddlCache(), 'hash'))).to.have.length(500);
    keepDdl(last, here);
    expect(readdirSync(join(ddlCache(), 'hash'))).to.have.length(500);
    expect([first, second, last].map((each) => keptByHash(ddlHash(each)) !== undefined)).to.deep.equal([
      false,
      true,
      true,
    ]);
  });
});
