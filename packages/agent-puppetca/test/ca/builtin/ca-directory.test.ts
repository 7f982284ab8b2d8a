import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { CaDirectory } from '../../../src/ca/builtin/ca-directory.js';

describe('CaDirectory', () => {
  let folder: string;
  let directory: CaDirectory;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-ca-'));
    directory = new CaDirectory(folder);
    await directory.create();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const modeOf = async (...parts: string[]) => (await stat(join(folder, ...parts))).mode & 0o777;
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    );

  it('makes its folders for owner and group, and may be made again', async () => {
    await directory.create();
    for (const name of ['requests', 'signed', 'private_keys'])
      expect(await modeOf(name), name).to.equal(0o750);
  });

  it('writes keys for their owner alone, and all else for everybody to read', async () => {
    await directory.write('text', 'ca_key.pem');
    await directory.write('text', 'private_keys', 'a.pem');
    await directory.write('text', 'ca_crt.pem');
    await directory.write('text', 'signed', 'private_keys');
    expect(await modeOf('ca_key.pem')).to.equal(0o600);
    expect(await modeOf('private_keys', 'a.pem')).to.equal(0o600);
    expect(await modeOf('ca_crt.pem')).to.equal(0o644);
    expect(await modeOf('signed', 'private_keys')).to.equal(0o644);
  });

  it('reads what is there, and nothing where it is not', async () => {
    await directory.write('text', 'signed', 'a.pem');
    expect(await directory.read('signed', 'a.pem')).to.equal('text');
    expect(await directory.read('signed', 'b.pem')).to.equal(undefined);
  });

  it('says whether there was something to remove', async () => {
    await directory.write('text', 'signed', 'a.pem');
    expect(await directory.remove('signed', 'a.pem')).to.equal(true);
    expect(await directory.remove('signed', 'a.pem')).to.equal(false);
  });

  it('does not take what it cannot read or remove for nothing', async () => {
    await mkdir(join(folder, 'signed', 'a.pem'));
    expect(await codeOf(directory.read('signed', 'a.pem'))).to.equal('EISDIR');
    expect(await codeOf(directory.remove('signed', 'a.pem'))).to.equal('ERR_FS_EISDIR');
    expect(await codeOf(directory.remove('signed', 'a'.repeat(300)))).to.equal('ENAMETOOLONG');
  });

  it('names those that have a file in PEM', async () => {
    for (const file of ['a.pem', 'b.c.pem', '.d.pem.tmp', 'e.txt', 'pem'])
      await writeFile(join(folder, 'signed', file), '');
    expect((await directory.names('signed')).sort()).to.deep.equal(['a', 'b.c']);
    expect(await directory.names('requests')).to.deep.equal([]);
  });

  for (const [before, serial, after] of [
    [undefined, '0001', '0002'],
    ['', '0001', '0002'],
    ['0001\n', '0001', '0002'],
    ['000f', '000F', '0010'],
    ['FFFF', 'FFFF', '10000'],
    ['FFFFFFFFFFFFFFFFFF', 'FFFFFFFFFFFFFFFFFF', '1000000000000000000'],
  ] as const) {
    it(`takes ${serial} as the number after ${JSON.stringify(before)}`, async () => {
      if (before !== undefined) await writeFile(join(folder, 'serial'), before);
      expect(await directory.nextSerial()).to.equal(serial);
      expect(await readFile(join(folder, 'serial'), 'utf8')).to.equal(after);
    });
  }

  it('finds in its inventory what was issued to a name, and to that name only', async () => {
    const [from, to] = [new Date('2026-01-02T03:04:05.678Z'), new Date('2031-01-02T03:04:05Z')];
    expect(await directory.issued('a')).to.deep.equal([]);
    for (const [serial, certname] of [
      ['0001', 'a'],
      ['00ff', 'ab'],
      ['00FF', 'a'],
    ] as const)
      await directory.record({ serial, certname, from, to });
    expect(await readFile(join(folder, 'inventory.txt'), 'utf8')).to.include(
      '\n0x0001 2026-01-02T03:04:05UTC 2031-01-02T03:04:05UTC /CN=a\n',
    );
    expect(await directory.issued('a')).to.deep.equal([
      { serial: '0001', certname: 'a' },
      { serial: '00FF', certname: 'a' },
    ]);
  });
});
