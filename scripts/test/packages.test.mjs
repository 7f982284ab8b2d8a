import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { run } from '../command.mjs';
import { contentProblems } from '../packages/contents.mjs';
import { dependencyProblems } from '../packages/dependencies.mjs';
import { entriesOf, specifiersByPackage } from '../packages/entries.mjs';
import { pack } from '../packages/pack.mjs';
import { startAll } from '../packages/programs.mjs';
import { publishedPackages } from '../packages/published.mjs';
import { root } from '../setup.mjs';

const packages = publishedPackages(root);

// Without network: npm run test:packages installs them, and uses them.
describe('the packages', function () {
  this.timeout(60_000);
  const licence = readFileSync(join(root, 'LICENSE'), 'utf8');
  let filesOf;
  let exported;

  before(async () => {
    const packed = await pack(packages, { root });
    filesOf = new Map(packed.map(({ name, files }) => [name, files.map(({ path }) => path)]));
    exported = specifiersByPackage(
      packages.map(({ manifest }) => ({ manifest, files: filesOf.get(manifest.name) })),
    );
  });

  for (const { folder, manifest } of packages) {
    const place = join(root, folder);
    const files = () => filesOf.get(manifest.name);

    describe(manifest.name, () => {
      it('packs what its manifest promises, and nothing else', () => {
        expect(contentProblems(manifest, files(), place)).to.deep.equal([]);
      });

      it('depends on what it imports, and on nothing else', () => {
        expect(dependencyProblems(manifest, files(), place, exported)).to.deep.equal([]);
      });

      it('has the licence of the project, and says where its sources are', () => {
        expect(readFileSync(join(place, 'LICENSE'), 'utf8')).to.equal(licence);
        // By which npm resolves the links of the README.
        const url = 'git+https://github.com/troupe/troupe.git';
        expect(manifest.repository).to.deep.equal({ type: 'git', url, directory: folder });
      });
    });
  }

  it('have programs that print their version and their help', async () => {
    const fileOf = Object.assign(
      {},
      ...packages.map(({ folder, manifest: { bin = {} } }) =>
        Object.fromEntries(Object.entries(bin).map(([name, file]) => [name, join(root, folder, file)])),
      ),
    );
    const manifests = packages.map(({ manifest }) => manifest);
    const runHere = (program, args) => run(process.execPath, [fileOf[program], ...args]);
    expect(await startAll(manifests, { run: runHere })).to.deep.equal([]);
  });
});

describe('checks of packages', () => {
  const manifest = {
    name: '@troupe/sample',
    files: ['dist/src', 'data/*.json'],
    exports: { '.': './dist/src/index.js', './*.json': './data/*.json' },
    bin: { sample: './dist/src/main.js' },
    dependencies: { used: '1' },
    peerDependencies: { typed: '1' },
  };
  const contents = {
    LICENSE: '',
    'README.md': '',
    'package.json': '{}',
    'data/one.json': '{}',
    'dist/src/index.d.ts': "import type { A } from 'typed';\nexport declare const a: A;\n",
    'dist/src/index.js': "import { used } from 'used';\nexport const a = used;\n",
    'dist/src/index.js.map': '{"sources":["../../src/index.ts"],"sourcesContent":["…"]}',
    'dist/src/main.js': "#!/usr/bin/env node\nimport './index.js';\nimport 'node:fs';\n",
  };
  let place;

  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'troupe-packages-'));
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  function lay(changes = {}) {
    const all = Object.entries({ ...contents, ...changes }).filter(([, text]) => text !== undefined);
    for (const [file, text] of all) {
      mkdirSync(dirname(join(place, file)), { recursive: true });
      writeFileSync(join(place, file), text);
    }
    return all.map(([file]) => file);
  }
  const contentsWith = (changes) => contentProblems(manifest, lay(changes), place);
  const dependenciesWith = (changes) => {
    const files = lay(changes);
    return dependencyProblems(manifest, files, place, specifiersByPackage([{ manifest, files }]));
  };

  it('find nothing in a package that is complete', () => {
    expect(contentsWith()).to.deep.equal([]);
    expect(dependenciesWith()).to.deep.equal([]);
  });

  it('find what is missing', () => {
    expect(contentsWith({ LICENSE: undefined })).to.deep.equal(['LICENSE is missing']);
    expect(contentsWith({ 'dist/src/index.d.ts': undefined })).to.deep.equal([
      'dist/src/index.d.ts, for @troupe/sample, is missing',
    ]);
    expect(contentsWith({ 'data/one.json': undefined })).to.deep.equal([
      '"data/*.json" in "files" does not match any file',
      'no file is exported as ./*.json',
    ]);
    expect(contentsWith({ 'dist/src/main.js': undefined })).to.deep.equal([
      './dist/src/main.js, the program sample, is missing',
    ]);
  });

  it('find what nobody needs', () => {
    expect(contentsWith({ 'dist/test/a.test.js': '' })).to.deep.equal(['dist/test/a.test.js is a test']);
    expect(contentsWith({ 'dist/src/a.ts': '' })).to.deep.equal(['dist/src/a.ts is a source']);
    expect(contentsWith({ 'data/one.d.json.ts': '' })).to.deep.equal([]);
    expect(contentsWith({ 'dist/src/index.js.map': '{"sources":["../../src/index.ts"]}' })).to.deep.equal([
      'source maps without their sources: 1, such as dist/src/index.js.map',
    ]);
  });

  it('find a dependency that is not declared, and one that is not used', () => {
    for (const code of ["import 'other/part';", "await import('other');", "import.meta.resolve('other');"])
      expect(dependenciesWith({ 'dist/src/main.js': code }), code).to.deep.equal([
        'dist/src/main.js imports other, which is neither a dependency nor a peer',
      ]);
    expect(dependenciesWith({ 'dist/src/main.cjs': "require('@other/one/part');" })).to.deep.equal([
      'dist/src/main.cjs imports @other/one, which is neither a dependency nor a peer',
    ]);
    expect(dependenciesWith({ 'dist/src/index.d.ts': '' })).to.deep.equal([
      'no file imports its dependency typed',
    ]);
  });

  it('find an import of what one of the packages does not export', () => {
    const code = "import '@troupe/sample/one.json';\nimport '@troupe/sample/two.json';";
    expect(dependenciesWith({ 'dist/src/main.js': code })).to.deep.equal([
      'dist/src/main.js imports @troupe/sample/two.json, which that package does not export',
    ]);
  });

  it('know what can be asked for under the name of a package', () => {
    expect(entriesOf(manifest, Object.keys(contents))).to.deep.equal([
      { specifier: '@troupe/sample', file: 'dist/src/index.js', kind: 'module' },
      { specifier: '@troupe/sample/one.json', file: 'data/one.json', kind: 'json' },
    ]);
  });
});
