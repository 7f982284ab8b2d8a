import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { freshFolders, type Origins, readOrigins } from '../../src/bundle.js';
import { skip } from '../skip.js';

const core = fileURLToPath(new URL('../../../', import.meta.url));
const bundle = join(core, 'dist/bundle');
const mcod = join(core, 'bin/mcod.js');

// What it throws says what it knows: the library's own error keeps its code and its words.
const agent = `
import { defineAgent, TroupeError } from '@troupe/core';
import { readCsr } from '@troupe/core/pki';
import ddl from '@troupe/ddl/discovery.json' with { type: 'json' };
const own = { ...ddl, metadata: { ...ddl.metadata, name: 'probe' } };
export default defineAgent(own, () => {
  try {
    readCsr('none');
  } catch (error) {
    throw new TroupeError('CONFIG_INVALID', 'the error of a bad request is ours: ' + (error instanceof TroupeError));
  }
});
`;

describe('the bundle of mcod', function () {
  this.timeout(20_000);
  let folder: string;

  before(function () {
    const origins = readOrigins<Origins>(join(bundle, 'origins.json'));
    if (!origins || !freshFolders(origins, core))
      skip(this, 'needs npm run build after the last change: there is no bundle of mcod as it is');
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-mcod-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is what runs', () => {
    execFileSync(process.execPath, [mcod, '--version'], {
      env: { ...process.env, NODE_V8_COVERAGE: folder },
    });
    const [file = ''] = readdirSync(folder);
    const { result } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { result: { url: string }[] };
    const urls = result.map(({ url }) => url);
    expect(urls).to.include(pathToFileURL(join(bundle, 'mcod.js')).href);
    expect(urls).not.to.include(pathToFileURL(join(core, 'dist/src/daemon/main.js')).href);
  });

  it('has for agents the library that it works with', () => {
    mkdirSync(join(folder, 'node_modules/@troupe'), { recursive: true });
    symlinkSync(core, join(folder, 'node_modules/@troupe/core'));
    symlinkSync(
      fileURLToPath(new URL('.', import.meta.resolve('@troupe/ddl/discovery.json'))),
      join(folder, 'node_modules/@troupe/ddl'),
    );
    writeFileSync(join(folder, 'probe.mjs'), agent);
    const config = join(folder, 'mcod.yaml');
    const given = {
      identity: 'one.lab',
      broker: { urls: ['mqtt://127.0.0.1:1'] },
      security: { mode: 'none' },
      agents: ['./probe.mjs'],
      state_dir: join(folder, 'state'),
    };
    writeFileSync(config, JSON.stringify(given));
    const env = { ...process.env, NODE_V8_COVERAGE: join(folder, 'coverage') };
    const { status, stderr } = spawnSync(process.execPath, [mcod, '-c', config], { encoding: 'utf8', env });
    expect(stderr).to.match(/mcod: .*: the error of a bad request is ours: true\n$/);
    expect(status).to.equal(1);
    const seen = readdirSync(join(folder, 'coverage')).map((file) =>
      readFileSync(join(folder, 'coverage', file), 'utf8'),
    );
    expect(seen.join()).to.include(pathToFileURL(join(core, 'dist/src/entry.js')).href);
    expect(seen.join()).not.to.include(pathToFileURL(join(core, 'dist/src/index.js')).href);
  });
});
