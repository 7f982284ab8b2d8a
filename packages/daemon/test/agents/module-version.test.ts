import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { inheritVersion, moduleVersion } from '../../src/agents/module-version.js';

describe('the version of a module', () => {
  let folder: string;
  let url: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'version-'));
    write('package/package.json', '{}');
    write('package/lib/agent.js', '1');
    url = pathToFileURL(join(folder, 'package/lib/agent.js')).href;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const accepted = () => {
    const version = moduleVersion(url);
    version.accept();
    return version;
  };

  it('is the plain URL at first, and as long as nothing changes', () => {
    for (const _ of [1, 2]) {
      const { url: now, before } = accepted();
      expect([now, before]).to.deep.equal([url, undefined]);
    }
  });

  it('is a new URL after a change, with the previous one as fallback', () => {
    accepted();
    write('package/lib/agent.js', '22');
    const second = accepted();
    expect(second.url).to.match(/^file:.*\/agent\.js\?troupe=\d+$/);
    expect(second.before).to.equal(url);
    expect(accepted()).to.include({ url: second.url, before: undefined });
    write('package/lib/agent.js', '333');
    const third = accepted();
    expect(third.before).to.equal(second.url);
    expect(third.url)
      .to.match(/troupe=/)
      .and.not.equal(second.url);
  });

  it('falls back to the last accepted version', () => {
    accepted();
    write('package/lib/agent.js', '22');
    moduleVersion(url);
    write('package/lib/agent.js', '333');
    expect(accepted().before).to.equal(url);
  });

  it('is a new URL after a change of one that never worked, with no fallback: Node keeps failures', () => {
    moduleVersion(url);
    expect(moduleVersion(url).url).to.equal(url);
    write('package/lib/agent.js', '22');
    const repaired = moduleVersion(url);
    expect(repaired.url).to.match(/\?troupe=\d+$/);
    expect(repaired.before).to.equal(undefined);
    expect(moduleVersion(url).url).to.equal(repaired.url);
  });

  for (const [file, counts] of [
    ['package/lib/other.js', true],
    ['package/other/deep/x.mjs', true],
    ['package/ddl.json', true],
    ['package/notes.txt', false],
    ['package/x.jsx', false],
    ['package/node_modules/x/index.js', false],
    ['package/.git/x.js', false],
    ['other/x.js', false],
  ] as const) {
    it(`${counts ? 'changes' : 'does not change'} with ${file}`, () => {
      accepted();
      write(file, 'new');
      expect(accepted().url !== url).to.equal(counts);
    });
  }

  it('changes with the modification time of a file', () => {
    accepted();
    utimesSync(join(folder, 'package/lib/agent.js'), 1000, 1000);
    expect(accepted().url).to.not.equal(url);
  });

  it('depends on the folder of the module if there is no package', () => {
    rmSync(join(folder, 'package/package.json'));
    accepted();
    write('package/other.js', 'above it');
    expect(accepted().url).to.equal(url);
    write('package/lib/other.js', 'beside it');
    expect(accepted().url).to.not.equal(url);
  });
});

describe('the import of a new version of a module', () => {
  const parent = 'file:///p/agent.js?troupe=7';
  const resolved = (specifier: string, parentURL: string | undefined, url: string) =>
    inheritVersion(specifier, { parentURL } as never, () => ({ url, format: 'module' }));

  for (const [specifier, url] of [
    ['./word.js', 'file:///p/word.js'],
    ['../p/word.js', 'file:///p/word.js'],
    ['#word', 'file:///p/word.js'],
  ] as const) {
    it(`gets the version too for ${specifier}`, () => {
      expect(resolved(specifier, parent, url)).to.deep.equal({
        url: `${url}?troupe=7`,
        format: 'module',
      });
    });
  }

  for (const [what, specifier, from, url] of [
    ['a package', 'yaml', parent, 'file:///p/yaml.js'],
    ['a package by a relative path', './x.js', parent, 'file:///p/node_modules/yaml/x.js'],
    ['a hidden file', '.word.js', parent, 'file:///p/word.js'],
    ['a module of Node', './fs', parent, 'node:fs'],
    ['an import by a first version', './word.js', 'file:///p/agent.js', 'file:///p/word.js'],
    ['an import by something other than a file', './word.js', 'data:x?troupe=7', 'file:///p/word.js'],
    ['an entry point', './word.js', undefined, 'file:///p/word.js'],
  ] as const) {
    it(`gets no version for ${what}`, () => {
      expect(resolved(specifier, from, url)).to.deep.equal({ url, format: 'module' });
    });
  }
});
