import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { silentLogger } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ProvisionRecord } from '../../src/record/record.js';
import { FakeClock } from '../fixtures/fake-clock.js';
import { rejection } from '../fixtures/rejection.js';

describe('ProvisionRecord', () => {
  let folder: TempFolder;
  let file: string;
  const clock = new FakeClock();
  const open = () => ProvisionRecord.open(file, silentLogger, () => clock.now());
  beforeEach(async () => {
    folder = await createTempFolder();
    file = folder.join('state', 'record.json');
  });
  afterEach(() => folder.close());

  it('begins without a past', async () => {
    const { state } = await open();
    expect(state).to.include({ step: null, lease: null, quarantine: null, done: null, damaged: null });
  });

  it('remembers what was written', async () => {
    const record = await open();
    await record.update((draft) => {
      draft.step = 'lock';
      draft.master = { address: '192.0.2.1', identity: 'm1', reason: 'same region', since: 'now' };
    });
    expect((await open()).state).to.deep.equal(record.state);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
  });

  it('stays as it was when a change throws', async () => {
    const record = await open();
    await record.update((draft) => {
      draft.step = 'lock';
    });
    const before = await readFile(file, 'utf8');
    const change = record.update((draft) => {
      draft.step = 'notify';
      throw new Error('refused');
    });
    expect((await rejection(change)).message).to.equal('refused');
    expect(record.state.step).to.equal('lock');
    expect(await readFile(file, 'utf8')).to.equal(before);
  });

  it('does not write what it could not read again', async () => {
    const record = await open();
    const change = record.update((draft) => {
      draft.token = Number.NaN;
    });
    expect((await rejection(change)).message).to.contain('record/token must be integer');
    expect((await open()).state.token).to.be.greaterThan(0);
  });

  it('stays as it was when it cannot be written', async () => {
    const record = await open();
    await mkdir(file);
    await rejection(
      record.update((draft) => {
        draft.step = 'lock';
      }),
    );
    expect(record.state.step).to.equal(null);
  });

  it('makes changes one after the other', async () => {
    const record = await open();
    const changes = Array.from({ length: 20 }, () =>
      record.update((draft) => {
        draft.token += 1;
        return draft.token;
      }),
    );
    const tokens = await Promise.all(changes);
    expect(new Set(tokens).size).to.equal(20);
    expect((await open()).state.token).to.equal(Math.max(...tokens));
  });

  describe('after a power cut', () => {
    let whole: string;
    beforeEach(async () => {
      const record = await open();
      await record.update((draft) => {
        draft.token = 4_000_000_000;
        draft.step = 'lock';
      });
      whole = await readFile(file, 'utf8');
    });

    it('is the old one when the new one was not whole', async () => {
      await writeFile(folder.join('state', '.record.json.0123456789ab.tmp'), whole.slice(0, 40));
      expect((await open()).state.step).to.equal('lock');
      expect(await readdir(folder.join('state'))).to.deep.equal(['record.json']);
    });

    for (const [what, damage] of [
      ['cut short', (text: string) => text.slice(0, text.length / 2)],
      ['without its last byte but one', (text: string) => text.slice(0, -2)],
      ['empty', () => ''],
      ['zeroes', (text: string) => '\0'.repeat(text.length)],
      ['of another shape', () => '{"version":1,"token":4000000000,"steps":"none"}'],
      ['of another version', (text: string) => text.replace('"version": 1', '"version": 2')],
    ] as const) {
      it(`keeps a record aside that is ${what}, and says so`, async () => {
        const damaged = damage(whole);
        await writeFile(file, damaged);
        const { state } = await open();
        expect(state.step).to.equal(null);
        expect(state.damaged?.reason).to.not.equal('');
        expect(await readFile(state.damaged?.file ?? '', 'utf8')).to.equal(damaged);
        expect(state.history.map(({ outcome }) => outcome)).to.deep.equal(['damaged']);
        // Still known after the next start, and not taken for damage again.
        expect((await open()).state).to.deep.equal(state);
      });
    }

    it('does not give out a token twice, even with the clock set back', async () => {
      await writeFile(file, whole.slice(0, -10));
      clock.set('1999-01-01T00:00:00.000Z');
      expect((await open()).state.token).to.be.at.least(4_000_000_000);
    });
  });

  it('says why it cannot be opened at all', async () => {
    await mkdir(file, { recursive: true });
    expect((await rejection(open())).message).to.contain('EISDIR');
  });
});
