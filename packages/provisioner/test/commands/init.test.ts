import { writeFileSync } from 'node:fs';
import { silentLogger } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { runProgram } from '../../src/commands/program.js';
import { NameJournal } from '../../src/index.js';
import { StubIo } from '../fixtures/stub-io.js';

describe('mcprovision init', () => {
  let folder: TempFolder;
  let io: StubIo;
  let file: string;
  let journal: string;
  beforeEach(async () => {
    folder = await createTempFolder();
    io = new StubIo(() => Promise.reject(new Error('it connects to nobody')));
    [file, journal] = [folder.join('provisioner.yaml'), folder.join('state/names')];
    writeFileSync(file, `journal: ${journal}\n`);
  });
  afterEach(() => folder.close());

  it('creates the journal that the configuration names, which is then not lost', async () => {
    expect(await runProgram(['init', '--config', file], io)).to.equal(0);
    expect(io.stdout).to.equal(`created the journal of names ${journal}\n`);
    expect(NameJournal.open(journal, silentLogger).isLost).to.equal(false);
  });

  it('says so in JSON', async () => {
    await runProgram(['init', '--json', '--config', file], io);
    expect(JSON.parse(io.stdout)).to.deep.equal({ journal });
  });

  it('leaves a journal alone that exists', async () => {
    await runProgram(['init', '--config', file], io);
    expect(await runProgram(['init', '--config', file], io)).to.equal(1);
    expect(io.stderr).to.equal(
      `mcprovision: cannot create the journal ${journal}: it exists already [FILE_UNREADABLE]\n`,
    );
  });
});
