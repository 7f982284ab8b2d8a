#!/usr/bin/env node
// npm run test:packages: packs what npm gets, installs it into an empty folder, and uses all of it there.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.mjs';
import { orEnd, readArguments } from './command-line.mjs';
import { contentProblems } from './packages/contents.mjs';
import { dependencyProblems } from './packages/dependencies.mjs';
import { entriesOf, specifiersByPackage } from './packages/entries.mjs';
import { install } from './packages/installation.mjs';
import { loadAll } from './packages/loading.mjs';
import { useNetwork } from './packages/network.mjs';
import { pack } from './packages/pack.mjs';
import { startAll } from './packages/programs.mjs';
import { publishedPackages } from './packages/published.mjs';
import { compileAll } from './packages/types.mjs';
import { endWithNpm } from './parent.mjs';
import { explain, root } from './setup.mjs';
import { removeStale } from './stale.mjs';

const HELP = `npm run test:packages [-- --keep]

Builds, packs every package that is not private with npm pack, and installs the tarballs into an empty folder; their
dependencies come from the npm registry. Then it starts every program, imports and requires every export, compiles a TypeScript
program that imports them all, and runs a broker, mcod with every agent, and mco with an application of a package.

  --keep  keep the folder and print its path

Exit codes: 0 if everything worked; 1 if not; 2 usage error.
`;

const counted = (count, what) => `${count} ${what}${count === 1 ? '' : 's'}`;

async function check(folder) {
  const problems = [];
  const report = (what, found) => {
    console.log(`${found.length === 0 ? '✓' : '✗'} ${what}`);
    for (const problem of found) console.log(`    ${problem.replaceAll('\n', '\n    ')}`);
    problems.push(...found);
  };

  removeStale(root);
  await run('node_modules/.bin/tsc', ['--build'], { cwd: root });
  const packages = publishedPackages(root);
  const packed = await pack(packages, { root, target: folder });
  const all = packages.map(({ folder: home, manifest }) => {
    const { files, size } = packed.find(({ name }) => name === manifest.name);
    return { home: join(root, home), manifest, files: files.map(({ path }) => path), size };
  });
  const exported = specifiersByPackage(all);
  for (const { home, manifest, files, size } of all) {
    const found = [
      ...contentProblems(manifest, files, home),
      ...dependencyProblems(manifest, files, home, exported),
    ];
    report(`${manifest.name}: ${counted(files.length, 'file')}, ${Math.ceil(size / 1024)} KiB`, found);
  }

  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const installed = await install(join(folder, 'installed'), packed, {
    '@types/node': devDependencies['@types/node'],
  });
  report('npm install of all tarballs in an empty folder', []);
  const manifests = all.map(({ manifest }) => manifest);
  const programs = manifests.flatMap(({ bin }) => Object.keys(bin ?? {}));
  report(`programs start: ${programs.join(', ')}`, await startAll(manifests, installed));
  const entries = all.flatMap(({ manifest, files }) => entriesOf(manifest, files));
  const { problems: unloaded, agents } = await loadAll(entries, installed);
  report(`${counted(entries.length, 'export')}: import and require`, unloaded);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  report('types of all exports, for import and require', await compileAll(entries, installed, tsc));
  const { version } = manifests[0];
  for (const { what, problems: found } of await useNetwork(agents, version, installed)) report(what, found);
  return problems;
}

const { values } = orEnd('test:packages', HELP, () =>
  readArguments({ options: { keep: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } }),
);
endWithNpm();
try {
  if (values.help) {
    console.log(HELP);
  } else {
    const folder = mkdtempSync(join(tmpdir(), 'troupe-packages-'));
    try {
      const problems = await check(folder);
      console.log(
        problems.length === 0 ? '\nAll packages work.' : `\n${counted(problems.length, 'problem')}`,
      );
      if (problems.length > 0) process.exitCode = 1;
    } finally {
      if (values.keep) console.log(`kept: ${folder}`);
      else rmSync(folder, { recursive: true, force: true });
    }
  }
} catch (error) {
  process.exitCode = explain(error, 'test:packages');
}
