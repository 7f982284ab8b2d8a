import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { digest, freshFolders, type Origins, readOrigins } from '../src/bundle.js';

describe('what a bundle was made of', () => {
  let home: string;

  const put = (path: string, text: string) => {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), text);
  };
  const compiled = digest(Buffer.from('compiled'));
  const origins: Origins = {
    packages: [
      { name: 'home', version: '1.0.0', files: { 'dist/a.js': compiled, 'dist/b.js': compiled } },
      { name: 'outer', version: '2.0.0', from: 0 },
      { name: 'inner', version: '3.0.0', from: 1 },
    ],
  };

  beforeEach(() => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-bundle-')));
    put('package.json', '{"version":"1.0.1"}');
    put('dist/a.js', 'compiled');
    put('dist/b.js', 'compiled');
    put('node_modules/outer/package.json', '{"version":"2.0.0"}');
    put('node_modules/outer/node_modules/inner/package.json', '{"version":"3.0.0"}');
    put('node_modules/inner/package.json', '{"version":"4.0.0"}');
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it('is found where each package sees it, if all is as it was', () => {
    expect([...(freshFolders(origins, home) ?? [])]).to.deep.equal([
      ['home', home],
      ['outer', join(home, 'node_modules/outer')],
      ['inner', join(home, 'node_modules/outer/node_modules/inner')],
    ]);
  });

  it('is not what it was when a file of ours was compiled to something else', () => {
    put('dist/b.js', 'compiled anew');
    expect(freshFolders(origins, home)).to.equal(undefined);
  });

  it('is what it was in a copy, whose file times are others', () => {
    utimesSync(join(home, 'dist/a.js'), new Date(), new Date(0));
    utimesSync(join(home, 'dist/b.js'), new Date(), new Date(Date.now() + 60_000));
    expect(freshFolders(origins, home)).not.to.equal(undefined);
  });

  it('is not what it was when a file of ours is gone', () => {
    rmSync(join(home, 'dist/a.js'));
    expect(freshFolders(origins, home)).to.equal(undefined);
  });

  it('is not what it was when a library has another version, or is gone', () => {
    put('node_modules/outer/node_modules/inner/package.json', '{"version":"3.0.1"}');
    expect(freshFolders(origins, home)).to.equal(undefined);
    rmSync(join(home, 'node_modules/outer'), { recursive: true });
    expect(freshFolders(origins, home)).to.equal(undefined);
  });

  it('goes by the version of a package of ours where that is installed', () => {
    const installed = join(home, 'node_modules/outer');
    const own = (version: string): Origins => ({
      packages: [{ name: 'outer', version, files: { 'dist/none-here.js': compiled } }],
    });
    expect(freshFolders(own('2.0.0'), installed)).not.to.equal(undefined);
    expect(freshFolders(own('2.0.1'), installed)).to.equal(undefined);
  });

  it('is unknown where no build has written it', () => {
    expect(readOrigins(join(home, 'origins.json'))).to.equal(undefined);
  });
});
