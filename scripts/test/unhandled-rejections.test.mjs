import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { root } from '../setup.mjs';

describe('mocha as package.json configures it', () => {
  let folder;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-mocha-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('fails a test that leaves a rejection unhandled', () => {
    const test = join(folder, 'leaves.test.cjs');
    writeFileSync(
      test,
      `it('leaves one', (done) => {
        Promise.reject(new Error('nobody handles this'));
        setImmediate(done);
      });`,
    );
    const { require: modules } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).mocha;
    const requires = modules.flatMap((name) => ['--require', name]);
    const words = ['node_modules/mocha/bin/mocha.js', '--no-config', '--no-package', ...requires, test];
    const { status, stdout } = spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' });
    expect(stdout).to.include('Uncaught Error: nobody handles this');
    expect(status).not.to.equal(0);
  });
});
