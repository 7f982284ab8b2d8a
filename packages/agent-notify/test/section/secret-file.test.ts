import { chmodSync, writeFileSync } from 'node:fs';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { readSecret } from '../../src/section/secret-file.js';

describe('a file with a secret', () => {
  let folder: TempFolder;
  let file: string;

  before(async () => {
    folder = await createTempFolder();
    file = folder.join('secret');
  });
  after(() => folder.close());

  it('is read without the line break at its end', () => {
    for (const text of ['geheim', 'geheim\n', 'geheim\r\n']) {
      writeFileSync(file, text, { mode: 0o600 });
      expect(readSecret(file, 'x')).to.equal('geheim');
    }
  });

  for (const mode of [0o640, 0o604, 0o620]) {
    it(`is refused with mode ${mode.toString(8)}`, () => {
      writeFileSync(file, 'geheim');
      chmodSync(file, mode);
      expect(() => readSecret(file, 'mailto.password_file'))
        .to.throw(
          `plugins: notify.mailto.password_file: ${file} is accessible by other users: run chmod 600 ${file}`,
        )
        .with.property('code', 'CONFIG_INVALID');
    });
  }

  it('is refused when it is empty', () => {
    writeFileSync(file, '\n');
    chmodSync(file, 0o400);
    expect(() => readSecret(file, 'x')).to.throw(`plugins: notify.x: ${file} is empty`);
  });
});
