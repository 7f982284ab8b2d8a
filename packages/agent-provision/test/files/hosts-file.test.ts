import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { setHostsEntry, withHostsEntry } from '../../src/files/hosts-file.js';
import { rejection } from '../fixtures/rejection.js';

const block = '# BEGIN troupe\n192.0.2.1 puppet\n# END troupe\n';
const debian = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n';

describe('withHostsEntry', () => {
  const rows: readonly (readonly [what: string, before: string, after: string])[] = [
    ['an empty file', '', block],
    ['a file without it', debian, `${debian}${block}`],
    [
      'its own block with another address',
      `${debian}# BEGIN troupe\n198.51.100.7 puppet\n# END troupe\n10.0.0.1 db\n`,
      `${debian}${block}10.0.0.1 db\n`,
    ],
    ['no newline at the end', '127.0.0.1 localhost', `127.0.0.1 localhost\n${block}`],
    [
      'CRLF',
      '127.0.0.1 localhost\r\n10.0.0.1 db\r\n',
      '127.0.0.1 localhost\r\n10.0.0.1 db\r\n# BEGIN troupe\r\n192.0.2.1 puppet\r\n# END troupe\r\n',
    ],
    [
      'a CRLF block',
      '# BEGIN troupe\r\n198.51.100.7 puppet\r\n# END troupe\r\n10.0.0.1 db\r\n',
      '# BEGIN troupe\r\n192.0.2.1 puppet\r\n# END troupe\r\n10.0.0.1 db\r\n',
    ],
    [
      'names and comments that only contain it',
      '10.0.0.2 puppetdb puppet.example.net\n# puppet was 10.9.9.9\n10.0.0.3 db # not puppet\n',
      `10.0.0.2 puppetdb puppet.example.net\n# puppet was 10.9.9.9\n10.0.0.3 db # not puppet\n${block}`,
    ],
    [
      'an entry of somebody else for the same name, which would win behind it',
      `${debian}10.9.9.9 Puppet puppet.old # by hand\n10.0.0.1 db\n`,
      `${debian}${block}10.9.9.9 Puppet puppet.old # by hand\n10.0.0.1 db\n`,
    ],
    [
      'an entry of somebody else that came before the block later',
      `10.9.9.9 puppet\n${debian}# BEGIN troupe\n198.51.100.7 puppet\n# END troupe\n`,
      `${block}10.9.9.9 puppet\n${debian}`,
    ],
    [
      'two blocks',
      `${block}${debian}# BEGIN troupe\n198.51.100.7 puppet\n# END troupe\n`,
      `${block}${debian}`,
    ],
    [
      'a mark without its fellow, which is left alone',
      `# BEGIN troupe\n10.0.0.1 db\n`,
      `# BEGIN troupe\n10.0.0.1 db\n${block}`,
    ],
    [
      'a torn block and a whole one',
      `# BEGIN troupe\n10.0.0.1 db\n# BEGIN troupe\n198.51.100.7 puppet\n# END troupe\n# END troupe\n`,
      `# BEGIN troupe\n10.0.0.1 db\n${block}# END troupe\n`,
    ],
    ['bytes that are no UTF-8', '10.0.0.1 db # caf\xe9 \xff\n', `10.0.0.1 db # caf\xe9 \xff\n${block}`],
    ['blank lines and odd spaces', '\n\n  10.0.0.1   db\t\n \n', `\n\n  10.0.0.1   db\t\n \n${block}`],
  ];
  for (const [what, before, after] of rows) {
    it(`copes with ${what}`, () => {
      expect(withHostsEntry(before, '192.0.2.1', ['puppet'])).to.equal(after);
    });

    it(`changes nothing more the second time: ${what}`, () => {
      expect(withHostsEntry(after, '192.0.2.1', ['puppet'])).to.equal(after);
    });
  }

  it('takes several names', () => {
    const after = withHostsEntry('10.9.9.9 puppet.example.net\n', '2001:db8::1', [
      'puppet',
      'puppet.example.net',
    ]);
    expect(after).to.equal(
      '# BEGIN troupe\n2001:db8::1 puppet puppet.example.net\n# END troupe\n10.9.9.9 puppet.example.net\n',
    );
  });
});

describe('setHostsEntry', () => {
  let folder: TempFolder;
  let file: string;
  beforeEach(async () => {
    folder = await createTempFolder();
    file = folder.join('hosts');
    await writeFile(file, debian);
    await chmod(file, 0o604);
  });
  afterEach(() => folder.close());
  const set = (address: string) => setHostsEntry(file, address, ['puppet'], { backupFolder: folder.path });

  it('replaces the file, keeping its mode, and only if something changes', async () => {
    expect(await set('192.0.2.1')).to.deep.equal({ file, how: 'replaced', backup: null });
    expect(await readFile(file, 'utf8')).to.equal(`${debian}${block}`);
    const { ino, mode } = await stat(file);
    expect(mode & 0o7777).to.equal(0o604);
    expect(await set('192.0.2.1')).to.deep.equal({ file, how: 'unchanged', backup: null });
    expect((await stat(file)).ino).to.equal(ino);
  });

  for (const address of [
    '999.1.1.1',
    '192.0.2.1\n10.0.0.1 evil',
    'puppet.example.net',
    '',
    '192.0.2.1 ',
    '1.2.3',
  ]) {
    it(`refuses ${JSON.stringify(address)}`, async () => {
      expect((await rejection(set(address))).message).to.contain('is neither an IPv4 nor an IPv6 address');
      expect(await readFile(file, 'utf8')).to.equal(debian);
    });
  }

  for (const address of ['2001:db8::1', '::ffff:192.0.2.1']) {
    it(`takes ${address}`, async () => {
      await set(address);
      expect(await readFile(file, 'utf8')).to.contain(`\n${address} puppet\n`);
    });
  }
});
