import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { digest, freshFolders, type Origins, readOrigins } from '@troupe/core/bundle';
import { createTempFolder, skip, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { execa } from 'execa';
import { afterEach, before, beforeEach, describe, it } from 'mocha';

const cli = fileURLToPath(new URL('../../../', import.meta.url));
const bundle = join(cli, 'dist/bundle');
const program = join(cli, 'bin/mco.js');

// What an application sees of the libraries that mco works with, and whether it knows mco's errors as its own.
const application = `
import { connect } from '@troupe/client';
import { TroupeError } from '@troupe/core';
export const name = 'probe';
export const summary = 'Probes';
export function define(command, line) {
  command.action(async () => {
    try {
      await line.run(command, async () => 0);
    } catch (error) {
      process.stdout.write(JSON.stringify({ isOurs: error instanceof TroupeError, connect: typeof connect }));
    }
  });
}
`;

describe('the bundle of mco', function () {
  this.timeout(20_000);
  let folder: TempFolder;

  before(function () {
    const origins = readOrigins<Origins>(join(bundle, 'origins.json'));
    if (!origins || !freshFolders(origins, cli))
      skip(this, 'needs npm run build after the last change: there is no bundle of mco as it is');
  });
  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'troupe-bundle' });
  });
  afterEach(() => folder?.close());

  const mco = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    execa(process.execPath, [program, ...words], { reject: false, env: { NODE_OPTIONS: '', ...env } });

  it('is what runs', async () => {
    const given = { NODE_V8_COVERAGE: folder.path };
    const { stdout } = await mco(['help', 'exit-codes'], given);
    expect(stdout).to.match(/exit codes/i);
    const { stdout: list } = await execa('ls', [folder.path]);
    const coverage = JSON.parse(readFileSync(folder.join(list.split('\n')[0] ?? ''), 'utf8'));
    const urls = coverage.result.map(({ url }: { url: string }) => url);
    expect(urls).to.include(pathToFileURL(join(bundle, 'main.js')).href);
    expect(urls).not.to.include(pathToFileURL(join(cli, 'dist/src/main.js')).href);
  });

  it('gives way to its modules for an application, which so knows the errors of mco as its own', async () => {
    writeFileSync(folder.join('client.yaml'), JSON.stringify({ applications: ['./probe.js'] }));
    writeFileSync(folder.join('package.json'), '{ "type": "module" }');
    mkdirSync(folder.join('node_modules/@troupe'), { recursive: true });
    for (const name of ['core', 'client']) {
      const place = join(dirname(cli.replace(/\/$/, '')), name);
      await execa('ln', ['-s', place, folder.join(`node_modules/@troupe/${name}`)]);
    }
    writeFileSync(folder.join('probe.js'), application);
    const { stdout, stderr } = await mco(['-c', folder.join('client.yaml'), 'probe']);
    expect(stdout, stderr).to.equal('{"isOurs":true,"connect":"function"}');
  });

  it('gives way to its modules if one of them has changed', async () => {
    // A package of its own, so that nothing of this clone is touched.
    const copy = (path: string) => {
      mkdirSync(dirname(folder.join(path)), { recursive: true });
      copyFileSync(join(cli, path), folder.join(path));
    };
    for (const path of ['bin/mco.js', 'package.json', 'dist/bundle/start.js']) copy(path);
    writeFileSync(folder.join('dist/bundle/main.js'), "console.log('the bundle');");
    mkdirSync(folder.join('dist/src'), { recursive: true });
    mkdirSync(folder.join('node_modules/@troupe'), { recursive: true });
    symlinkSync(join(cli, '../core'), folder.join('node_modules/@troupe/core'));
    const modules = folder.join('dist/src/main.js');
    writeFileSync(modules, "console.log('the modules');");
    const files = { 'dist/src/main.js': digest(readFileSync(modules)) };
    const packages = [{ name: '@troupe/cli', version: '0.1.0', files }];
    writeFileSync(folder.join('dist/bundle/origins.json'), JSON.stringify({ packages }));
    const said = async () => (await execa(process.execPath, [folder.join('bin/mco.js')])).stdout;
    expect(await said()).to.equal('the bundle');
    writeFileSync(modules, "console.log('the modules'); // changed");
    expect(await said()).to.equal('the modules');
    expect(existsSync(folder.join('dist/bundle/main.js'))).to.equal(true);
  });
});
