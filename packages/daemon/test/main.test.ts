import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '@troupe/core';
import { createCa, createCrl } from '@troupe/core/pki';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));

describe('the command line of mcod', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-main-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  const configure = (more = '') => {
    const file = join(folder, 'mcod.yaml');
    writeFileSync(
      file,
      `{ identity: web1.lab, security: { mode: none }, broker: { urls: ['mqtt://127.0.0.1:1883'] }, state_dir: ${folder}/state ${more} }`,
    );
    return file;
  };
  const policy = (name: string, text: string) => {
    mkdirSync(join(folder, 'policies'), { recursive: true });
    writeFileSync(join(folder, 'policies', name), text);
  };

  it('prints its version', () => {
    expect(run('--version')).to.deep.equal({ status: 0, stdout: `mcod ${version}\n`, stderr: '' });
  });

  it('prints its usage', () => {
    const { status, stdout, stderr } = run('-h');
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/^Usage: mcod \[options\]\n/);
  });

  it('rejects an unknown option', () => {
    const { status, stdout, stderr } = run('--none');
    expect([status, stdout]).to.deep.equal([2, '']);
    expect(stderr).to.match(/^mcod: unknown option --none \(see mcod --help\) \[USAGE_INVALID\]\n$/);
  });

  it('reports a valid configuration, and warnings about its policies', () => {
    expect(run('--check', '-c', configure())).to.deep.equal({
      status: 0,
      stdout: `${folder}/mcod.yaml: configuration OK\n`,
      stderr: '',
    });
    policy('default.policy', 'policy default deny\n');
    policy('default.policy.rpmsave', 'policy default allow\n');
    policy('old.rpmsave', '');
    const { status, stdout, stderr } = run(
      '--check',
      '-c',
      configure(`, authorization: { policies: ${folder}/policies }`),
    );
    expect([status, stdout]).to.deep.equal([0, `${folder}/mcod.yaml: configuration OK\n`]);
    expect(stderr).to.equal(
      `mcod: warning: ${folder}/policies/default.policy.rpmsave looks like a policy, but is not read: default.policy is used instead; delete ${folder}/policies/default.policy.rpmsave or move it out of the folder\n` +
        `mcod: warning: ${folder}/policies/old.rpmsave: ignored: it is neither AGENT.policy nor groups\n`,
    );
  });

  it('warns of a revocation list that has expired when it checks', async () => {
    const ca = await createCa({ commonName: 'a CA' });
    const caFile = join(folder, 'ca.pem');
    const crl = join(folder, 'crl.pem');
    writeFileSync(caFile, ca.certificatePem);
    writeFileSync(crl, createCrl({ ca, number: 1, revoked: [], days: -1 }));
    const file = join(folder, 'mcod.yaml');
    writeFileSync(file, JSON.stringify({ identity: 'web1.lab', security: { ca: caFile, crl } }));
    expect(run('--check', '-c', file).stderr).to.match(
      /^mcod: warning: the revocation list \(CRL\) of a CA expired on .* and stays in use/m,
    );
  });

  it('reports one fault of its policies per line', () => {
    policy('default.policy', 'policy default deny\n');
    policy('a.policy', 'nonsense\n');
    policy('b.policy', 'nonsense\n');
    const { status, stdout, stderr } = run(
      '--check',
      '-c',
      configure(`, authorization: { policies: ${folder}/policies }`),
    );
    expect([status, stdout]).to.deep.equal([1, '']);
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/:1: .*/, '')),
    ).to.deep.equal(
      ['a', 'b'].map((name) => `mcod: starts without a policy: ${folder}/policies/${name}.policy`),
    );
    expect(stderr).to.match(/^(.* \[POLICY_INVALID\]\n){2}$/);
  });

  for (const args of [['--check'], []] as const) {
    it(`exits with code 1 and one line if the configuration is invalid, with "${args.join()}"`, () => {
      const { status, stdout, stderr } = run(...args, '-c', configure(', nonsense: true'));
      expect([status, stdout]).to.deep.equal([1, '']);
      expect(stderr).to.match(/^mcod: .*nonsense.* \[CONFIG_INVALID\]\n$/);
    });
  }
});
