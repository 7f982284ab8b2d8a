import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { findEmulator } from '../../src/daemon/emulate.js';

describe('mcod emulate', () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'emulate-')));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const install = (place: string, exports: object) => {
    const emulator = join(folder, place, 'node_modules/@troupe/emulator');
    mkdirSync(emulator, { recursive: true });
    writeFileSync(
      join(emulator, 'package.json'),
      JSON.stringify({ name: '@troupe/emulator', version: '1.0.0', exports }),
    );
    writeFileSync(join(emulator, 'program.js'), '');
  };

  it('finds the emulator where it is installed, and only there', () => {
    expect(findEmulator(['/nowhere/mcod.js', import.meta.filename])).to.match(/troupe-emulate\.js$/);
    expect(findEmulator(['/nowhere/mcod.js'])).to.equal(undefined);
  });

  it('uses the first place that has the emulator', () => {
    for (const place of ['a', 'b']) install(place, { './program': './program.js' });
    const places = ['none', 'b', 'a'].map((place) => join(folder, place, 'mcod.js'));
    expect(findEmulator(places)).to.equal(join(folder, 'b/node_modules/@troupe/emulator/program.js'));
  });

  it('throws if the emulator exports no program', () => {
    install('a', { './other': './program.js' });
    expect(() => findEmulator([join(folder, 'a/mcod.js')])).to.throw('./program');
  });
});
