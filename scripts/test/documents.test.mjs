import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { root } from '../setup.mjs';

function tracked(...patterns) {
  const list = execFileSync('git', ['-C', root, 'ls-files', '-z', '--', ...patterns], { encoding: 'utf8' });
  return list.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
}

const read = (file) => readFileSync(join(root, file), 'utf8');

describe('the documents', () => {
  it('give the reason for each dependency, and for none that is gone', () => {
    const manifests = tracked('package.json', '*/package.json').filter(
      (file) => !file.startsWith('examples/'),
    );
    const used = manifests.flatMap((file) => {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(file));
      return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    });
    const [list = ''] = read('docs/dependencies.md').split('\n## ');
    const explained = [...list.matchAll(/^- \*\*(.+?)\*\*:/gm)].flatMap(([, names = '']) =>
      names.split(', '),
    );
    const named = used.filter((name) => !name.startsWith('@troupe/') && !name.startsWith('@types/'));
    expect([...new Set(explained)].sort()).to.deep.equal([...new Set(named)].sort());
  });

  it('link to what is there', () => {
    const dead = tracked('*.md').flatMap((file) =>
      [...read(file).matchAll(/\]\((?!\w+:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .filter(([, target = '']) => !existsSync(join(root, dirname(file), target)))
        .map(([, target]) => `${file}: ${target}`),
    );
    expect(dead).to.deep.equal([]);
  });
});
