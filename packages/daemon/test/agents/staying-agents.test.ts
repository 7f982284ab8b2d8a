import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StayingAgents } from '../../src/agents/staying.js';
import { keptLog } from './external/actor.js';

const one = { name: 'one', specifier: './one.mjs', section: { depth: 3 } };
const two = { name: 'two', specifier: '@you/two', section: {} };

describe('StayingAgents', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'staying-'));
    file = join(folder, 'staying-agents.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = () => new StayingAgents(folder, keptLog().log);

  it('keeps each agent once on disk, with its last section, readable by the daemon only', () => {
    const staying = open();
    expect(staying.list()).to.deep.equal([]);
    staying.keep(one);
    staying.keep(two);
    const later = { ...one, section: { depth: 4 } };
    staying.keep(later);
    expect(staying.list()).to.deep.equal([two, later]);
    expect(open().list()).to.deep.equal([two, later]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readFileSync(file, 'utf8')).to.match(/\]\n$/);
  });

  it('removes a released agent, and writes nothing for an unknown one', () => {
    const staying = open();
    staying.release('one');
    expect(existsSync(file)).to.equal(false);
    staying.keep(one);
    staying.keep(two);
    staying.release('one');
    expect(staying.list()).to.deep.equal([two]);
    expect(open().list()).to.deep.equal([two]);
    rmSync(file);
    staying.release('none');
    expect(existsSync(file)).to.equal(false);
  });

  it('ignores entries of its file that do not name an agent', () => {
    writeFileSync(file, JSON.stringify([one, { name: 1, specifier: 'x' }, { name: 'x' }, two]));
    expect(open().list()).to.deep.equal([one, two]);
  });

  it('starts empty if its file is damaged, which is logged', () => {
    writeFileSync(file, '[');
    const { log, lines } = keptLog();
    expect(new StayingAgents(folder, log).list()).to.deep.equal([]);
    expect(lines.map(({ level, msg, file: which }) => [level, msg, which])).to.deep.equal([
      [40, 'cannot read the list of agents with unfinished work: they are not loaded', file],
    ]);
  });
});
