import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stop } from 'esbuild';
import { after, before, beforeEach, describe, it } from 'mocha';
import { bundleProgram, programs } from '../bundle/program.mjs';
import { root } from '../setup.mjs';

// What it throws says what it knows: the class of a CSR's fault is the one that it imports itself.
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

describe('the programs of a release', function () {
  this.timeout(60_000);
  let target;
  let place;

  before(async () => {
    target = mkdtempSync(join(tmpdir(), 'troupe-bundles-'));
    for (const program of programs) await bundleProgram(program, { root, target });
  });
  after(async () => {
    // The process that esbuild keeps would keep mocha.
    await stop();
    rmSync(target, { recursive: true, force: true });
  });
  beforeEach(() => {
    place = mkdtempSync(join(target, 'place-'));
  });

  const file = (name) => join(target, name, 'bin', `${name}.js`);
  const runs = (name, words, env = {}) =>
    spawnSync(process.execPath, [file(name), ...words], {
      encoding: 'utf8',
      cwd: place,
      timeout: 60_000,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
    });
  const { version } = JSON.parse(readFileSync(join(root, 'packages/core/package.json'), 'utf8'));

  for (const { name } of programs) {
    it(`start with nothing beside them and say who they are: ${name}`, () => {
      const { status, stdout, stderr } = runs(name, ['--version']);
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
      expect(stdout).to.match(new RegExp(`^${name} ${version}\\n`));
    });
  }

  it('have what ajv makes of their schemas, and never wait for it', () => {
    const config = join(place, 'mcod.yaml');
    writeFileSync(
      config,
      'identity: one.lab\nbroker: { urls: ["mqtt://127.0.0.1:1"] }\nsecurity: { mode: none }\n',
    );
    const { status, stdout } = runs('mcod', ['--check', '-c', config], { NODE_V8_COVERAGE: place });
    expect({ status, stdout }).to.deep.equal({ status: 0, stdout: `${config}: configuration OK\n` });
    const called = execFileSync(
      'grep',
      ['-rhoE', '"functionName":"(validate[0-9]+|Ajv)","ranges":\\[\\{[^}]*"count":[0-9]+', place],
      { encoding: 'utf8' },
    );
    expect(called).to.match(/validate\d+"[^\n]*"count":1\b/);
    expect(called).not.to.match(/"Ajv"[^\n]*"count":[1-9]/);
  });

  it('give an agent from outside their own library, with nothing installed beside it', () => {
    writeFileSync(join(place, 'probe.mjs'), agent);
    const config = join(place, 'mcod.yaml');
    const given = {
      identity: 'one.lab',
      broker: { urls: ['mqtt://127.0.0.1:1'] },
      security: { mode: 'none' },
      agents: ['./probe.mjs'],
      state_dir: join(place, 'state'),
    };
    writeFileSync(config, JSON.stringify(given));
    const { status, stdout, stderr } = runs('mcod', ['--check', '-c', config]);
    expect(stdout + stderr).to.match(/starts without .*: the error of a bad request is ours: true/);
    expect(status).to.equal(1);
  });

  it('give an application of mco from outside their own libraries likewise', () => {
    writeFileSync(join(place, 'client.yaml'), JSON.stringify({ applications: ['./probe.mjs'] }));
    writeFileSync(join(place, 'probe.mjs'), application);
    const { stdout, stderr } = runs('mco', ['-c', 'client.yaml', 'probe']);
    expect(stdout, stderr).to.equal('{"isOurs":true,"connect":"function"}');
  });

  it('bring their DDLs, their completion, and the licences of what is in them', () => {
    expect(runs('mco', ['plugin', 'doc', 'puppetca']).stdout).to.match(/puppetca/);
    expect(runs('mco', ['completion', 'bash']).stdout).to.match(/complete /);
    expect(readFileSync(join(target, 'mco/LICENSES.txt'), 'utf8')).to.match(/^mqtt \d.*\(MIT\)/m);
  });
});
