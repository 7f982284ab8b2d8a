import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skip } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { isPrivate } from '../src/accounts.js';
import {
  checkTrusted,
  codeFault,
  entriesFault,
  type PathEntry,
  pathFault,
  unsafeFilesVariable,
} from '../src/trusted-path.js';

const entry = (
  path: string,
  mode: number,
  owner: readonly [number, number] = [0, 0],
  kind?: PathEntry['kind'],
) => ({
  path,
  mode,
  uid: owner[0],
  gid: owner[1],
  kind: kind ?? ((mode & 0o111) === 0 ? ('file' as const) : ('folder' as const)),
});
const root = { uids: [0], hasGroup: (gid: number) => gid === 0 };
const rip = { uids: [4711, 0], hasGroup: (gid: number) => gid === 0 || gid === 4711 };
const top = entry('/', 0o755);
const tmp = entry('/tmp', 0o1777);
/** Numbers that no machine has names for. */
const nobody = [987_654, 987_653] as const;

describe('entriesFault', () => {
  for (const [what, trust, entries] of [
    ['files and folders of root', root, [top, entry('/etc', 0o755), entry('/etc/f', 0o644)]],
    ['what the group of root can write', root, [top, entry('/etc', 0o775), entry('/etc/f', 0o664)]],
    ['an entry of root in a sticky folder of root', root, [top, tmp, entry('/tmp/f', 0o600)]],
    [
      'a link of another user in a folder of root',
      root,
      [top, entry('/l', 0o777, nobody, 'link'), entry('/f', 0o644)],
    ],
    ['a device', root, [top, entry('/null', 0o666, [0, 0], 'other')]],
    [
      'files of its own',
      rip,
      [top, tmp, entry('/tmp/d', 0o755, [4711, 4711]), entry('/tmp/d/f', 0o664, [4711, 4711])],
    ],
    ['files of root', rip, [top, entry('/etc/f', 0o644)]],
  ] as const) {
    it(`accepts ${what}`, () => {
      expect(entriesFault(entries, trust)).to.equal(undefined);
    });
  }

  for (const [what, trust, entries, words] of [
    [
      'a file of another user',
      root,
      [top, entry('/f', 0o600, nobody)],
      'the user 987654 can write /f (mode 0600, owner 987654:987653): chown root: /f',
    ],
    [
      'a file that any user can write, in a folder of another user',
      root,
      [top, entry('/d', 0o777, nobody), entry('/d/f', 0o777, nobody, 'file')],
      'any user can write /d (mode 0777, owner 987654:987653): chown root: /d && chmod go-w /d',
    ],
    [
      'a folder that a group can write',
      root,
      [top, entry('/a b', 0o775, [0, 987_653]), entry('/a b/f', 0o644)],
      "the group 987653 can write /a b (mode 0775, owner root:987653): chmod g-w '/a b'",
    ],
    [
      'a file of root that any user can write',
      root,
      [top, tmp, entry('/tmp/f', 0o666)],
      'any user can write /tmp/f (mode 0666, owner root:root): chmod o-w /tmp/f',
    ],
    [
      'an entry of another user in a sticky folder',
      root,
      [top, tmp, entry('/tmp/f', 0o644, nobody)],
      'the user 987654 can write /tmp/f (mode 0644, owner 987654:987653): chown root: /tmp/f',
    ],
    [
      'a link of another user in a sticky folder',
      root,
      [top, tmp, entry('/tmp/l', 0o777, nobody, 'link'), entry('/f', 0o644)],
      'the link /tmp/l belongs to 987654, who can replace it: chown -h root /tmp/l',
    ],
    [
      'a sticky folder itself',
      root,
      [top, tmp],
      'any user can write /tmp (mode 1777, owner root:root): chmod o-w /tmp',
    ],
    [
      'an entry in a sticky folder of another user',
      root,
      [top, entry('/d', 0o1777, nobody), entry('/d/f', 0o644)],
      'any user can write /d (mode 1777, owner 987654:987653): chown root: /d && chmod go-w /d',
    ],
    [
      'a file of a third user, if it is not root',
      rip,
      [top, entry('/f', 0o644, nobody)],
      'the user 987654 can write /f (mode 0644, owner 987654:987653): chown 4711: /f',
    ],
    [
      'a file that a group with other users can write, if it is not root',
      rip,
      [top, entry('/f', 0o664, [4711, 987_653])],
      'the group 987653 can write /f (mode 0664, owner 4711:987653): chmod g-w /f',
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(entriesFault(entries, trust)).to.equal(words);
    });
  }

  it('accepts a file that does not exist yet in a sticky folder', () => {
    expect(entriesFault([top, tmp], root, { isWhole: false })).to.equal(undefined);
  });
});

describe('isPrivate', () => {
  const users = [
    ['rip', 'x', '4711', '4711'],
    ['eve', 'x', '4712', '100'],
    ['bob', 'x', '4713', '100'],
  ];
  const groups = [
    ['rip', 'x', '4711', ''],
    ['users', 'x', '100', ''],
    ['shared', 'x', '200', 'rip'],
  ];

  it('is true of the group that one user has as its own', () => {
    expect(isPrivate(4711, 4711, users, groups)).to.equal(true);
    expect(isPrivate(4711, 4711, users, [['rip', 'x', '4711', 'rip']])).to.equal(true);
  });

  it('is false of a group with other users, of another group, and of one that is not known', () => {
    expect(isPrivate(100, 4712, users, groups)).to.equal(false);
    expect(isPrivate(4711, 4711, users, [['rip', 'x', '4711', 'eve']])).to.equal(false);
    expect(isPrivate(200, 4711, users, groups)).to.equal(false);
    expect(isPrivate(4711, 4711, [], groups)).to.equal(false);
    expect(isPrivate(4711, 4711, users, [])).to.equal(false);
  });
});

describe('pathFault', () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trusted-'));
    writeFileSync(at('file'), '', { mode: 0o644 });
  });
  afterEach(() => {
    delete process.env[unsafeFilesVariable];
    rmSync(folder, { recursive: true });
  });

  it('finds nothing in a folder of its own', () => {
    expect([pathFault(at('file')), pathFault(folder), pathFault(at('missing/file'))]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('follows links, also a chain of them and one that leads to itself', () => {
    mkdirSync(at('open'));
    writeFileSync(at('open/file'), '', { mode: 0o644 });
    chmodSync(at('open'), 0o777);
    symlinkSync('open', at('link'));
    symlinkSync(at('link/../link/file'), at('long'));
    symlinkSync('loop', at('loop'));
    expect(pathFault(at('long'))).to.include(`any user can write ${at('open')} (mode 0777`);
    expect(pathFault(at('loop'))).to.equal(undefined);
  });

  it('finds a file of another user as root', function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can give a file away');
    chownSync(at('file'), ...nobody);
    expect(pathFault(at('file'))).to.include(`chown root: ${at('file')}`);
  });

  it('finds code that others can write anywhere in a folder, beside node_modules', () => {
    mkdirSync(at('a/b'), { recursive: true, mode: 0o755 });
    mkdirSync(at('node_modules'), { mode: 0o755 });
    writeFileSync(at('a/b/x.js'), '', { mode: 0o644 });
    writeFileSync(at('node_modules/x.js'), '');
    chmodSync(at('node_modules/x.js'), 0o666);
    mkdirSync(at('other'));
    chmodSync(at('other'), 0o777);
    expect(codeFault(folder)).to.equal(undefined);
    chmodSync(at('a/b/x.js'), 0o666);
    expect(codeFault(folder)).to.include(`any user can write ${at('a/b/x.js')}`);
    chmodSync(at('a/b/x.js'), 0o644);
    chmodSync(at('a'), 0o777);
    expect(codeFault(folder)).to.include(`any user can write ${at('a')} `);
  });

  it('is an error with a code, unless the environment allows such files', () => {
    chmodSync(at('file'), 0o666);
    expect(() => checkTrusted(at('file'), 'state_dir'))
      .to.throw('state_dir: any user can write')
      .with.property('code', 'FILE_UNSAFE');
    process.env[unsafeFilesVariable] = 'allow';
    checkTrusted(at('file'), 'state_dir');
  });
});
