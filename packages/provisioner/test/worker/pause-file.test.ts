import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { PauseFile, wordsOfPause } from '@troupe/core/internal';
import { createTempFolder, type TempFolder, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Testbed } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };

describe('a pause', () => {
  let folder: TempFolder;
  let file: PauseFile;
  beforeEach(async () => {
    folder = await createTempFolder();
    file = new PauseFile(folder.join('state/paused'));
  });
  afterEach(() => folder.close());

  it('is in force from its beginning to its end, and tells who began it', () => {
    expect(file.read()).to.equal(undefined);
    expect(file.begin('ops.mcollective', 'new racks', new Date(0))).to.equal(true);
    expect(file.begin('another', 'too late')).to.equal(false);
    const pause = new PauseFile(file.path).read();
    expect(pause).to.deep.equal({
      by: 'ops.mcollective',
      since: '1970-01-01T00:00:00.000Z',
      reason: 'new racks',
    });
    expect(pause && wordsOfPause(pause)).to.equal(
      'paused by ops.mcollective since 1970-01-01T00:00:00.000Z: new racks',
    );
    expect(file.end()).to.equal(true);
    expect(file.end()).to.equal(false);
    expect(file.read()).to.equal(undefined);
  });

  for (const text of ['', 'because', '[1]', '{"by": 3}']) {
    it(`is one when anybody made the file by hand: ${JSON.stringify(text)}`, () => {
      const path = folder.join('paused');
      writeFileSync(path, text);
      expect(new PauseFile(path).read()).to.deep.equal({
        by: 'somebody',
        since: '',
        reason: `${path} exists`,
      });
    });
  }

  it('is in force if its file exists but cannot be read', () => {
    const path = folder.join('folder');
    mkdirSync(path);
    const pause = new PauseFile(path).read();
    expect(pause).to.deep.equal({ by: 'somebody', since: '', reason: `${path} exists and cannot be read` });
  });

  it('may be read by everybody', () => {
    file.begin('ops', '');
    expect(statSync(file.path).mode & 0o777).to.equal(0o644);
  });

  for (const [pause, words] of [
    [{ by: 'ops', since: '', reason: '' }, 'paused by ops'],
    [{ by: 'ops', since: '2030', reason: '' }, 'paused by ops since 2030'],
    [{ by: 'ops', since: '', reason: 'new racks' }, 'paused by ops: new racks'],
  ] as const) {
    it(`is told as "${words}"`, () => {
      expect(wordsOfPause(pause)).to.equal(words);
    });
  }

  describe('of a provisioner', () => {
    let testbed: Testbed;
    beforeEach(async () => {
      testbed = await Testbed.create();
    });
    afterEach(() => testbed.close());

    it('starts no new nodes, finishes those in progress, and continues by itself when the pause ends', async () => {
      await testbed.master('puppet1', eu);
      const watched = await testbed.provisioner(`pause_file: ${file.path}`);
      const { machine } = await testbed.node('web1', { facts: eu });
      let go = () => {};
      machine.puppet = () =>
        new Promise((resolve) => {
          go = () => resolve('it went well');
        });
      await waitFor('the run', () => machine.runs.length === 1);
      file.begin('ops', 'new racks');
      const { machine: second } = await testbed.node('web2', { facts: eu });
      const left = await watched.event('left', 'web2');
      expect(left.reason).to.match(/^provisioning is paused by ops since .*: new racks$/);
      machine.puppet = () => 'it went well';
      go();
      expect((await watched.ended('web1')).outcome).to.equal('done');
      expect(second.record.history).to.deep.equal([]);
      file.end();
      expect((await watched.ended('web2')).outcome).to.equal('done');
    });

    it('holds for one that starts later, and for nodes that another one had not begun', async () => {
      await testbed.master('puppet1', eu);
      file.begin('ops', '');
      const { machine } = await testbed.node('web1', { facts: eu });
      const watched = await testbed.provisioner(`pause_file: ${file.path}`);
      await watched.event('left', 'web1');
      expect(watched.provisioner.paused()).to.include({ by: 'ops' });
      expect(machine.record.history).to.deep.equal([]);
    });
  });
});
