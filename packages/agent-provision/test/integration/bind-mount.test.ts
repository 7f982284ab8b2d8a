import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createTempFolder, namespacesMissing, skip } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const source = fileURLToPath(new URL('../../src/files/hosts-file.js', import.meta.url));
const script = `
const { setHostsEntry } = await import(process.argv[1]);
const options = { backupFolder: process.argv[3] };
const done = await setHostsEntry(process.argv[2], '192.0.2.1', ['puppet'], options);
process.stdout.write(JSON.stringify(done));
`;

describe('a hosts file that is bind-mounted, as in a container', () => {
  it('is written in place, with a backup beside it', async function () {
    this.timeout(30_000);
    const missing = namespacesMissing();
    if (missing) skip(this, missing);
    await using folder = await createTempFolder();
    const hosts = folder.join('hosts');
    await writeFile(folder.join('real'), '127.0.0.1 localhost\n10.0.0.2 puppetdb\n');
    await writeFile(hosts, '');
    const mountAndRun = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
    const node = [process.execPath, '--input-type=module', '-e', script, source, hosts, folder.path];
    const { stdout } = await promisify(execFile)('unshare', [
      '--mount',
      ...['sh', '-c', mountAndRun, 'sh', folder.join('real'), hosts, ...node],
    ]);
    const backup = folder.join('hosts.troupe-backup');
    expect(JSON.parse(stdout)).to.deep.equal({ file: hosts, how: 'written in place', backup });
    expect(await readFile(folder.join('real'), 'utf8')).to.equal(
      '127.0.0.1 localhost\n10.0.0.2 puppetdb\n# BEGIN troupe\n192.0.2.1 puppet\n# END troupe\n',
    );
    expect(await readFile(backup, 'utf8')).to.equal('127.0.0.1 localhost\n10.0.0.2 puppetdb\n');
    expect(await readFile(hosts, 'utf8')).to.equal('');
  });
});
