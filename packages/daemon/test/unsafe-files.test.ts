import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TroupeError } from '@troupe/core';
import { unsafeFilesVariable } from '@troupe/core/trusted-path';
import { skip } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { checkDaemon, checkLines } from '../src/check.js';
import { loadDaemonConfig } from '../src/config.js';
import { unsafeFaults } from '../src/unsafe-files.js';
import { ddlOf } from './agents/external/actor.js';

describe('the files of a daemon', () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'unsafe-'));
    for (const name of ['state/agents/puppetd', 'policies', 'facts.d', 'agents', 'log'])
      mkdirSync(at(name), { recursive: true, mode: 0o755 });
    for (const name of [
      'state/requests.jsonl',
      'state/agents/puppetd/lock',
      'facts.d/a.json',
      'agents/one.mjs',
    ])
      writeFileSync(at(name), '{}', { mode: 0o644 });
    const ddl = JSON.stringify(ddlOf('one', {}));
    writeFileSync(at('agents/one.mjs'), `export default { ddl: ${ddl}, setup: async () => ({}) };`);
    writeFileSync(at('policies/default.policy'), 'policy default deny\n', { mode: 0o644 });
    writeFileSync(at('policies/groups'), '', { mode: 0o644 });
    writeFileSync(
      at('mcod.yaml'),
      `{ identity: web1.lab, security: { mode: none }, broker: { urls: ['mqtt://127.0.0.1'] }, state_dir: ${at('state')}, agents: [./agents/one.mjs],
         facts: { paths: [${at('facts.d')}] }, authorization: { policies: ${at('policies')} },
         audit: { file: ${at('log/audit.jsonl')} } }`,
      { mode: 0o644 },
    );
  });
  afterEach(() => {
    delete process.env[unsafeFilesVariable];
    rmSync(folder, { recursive: true });
  });

  const start = () => {
    for (const fault of unsafeFaults(loadDaemonConfig(at('mcod.yaml')), at('mcod.yaml'))) throw fault;
  };
  const check = () => checkDaemon(at('mcod.yaml'));

  it('are accepted if nobody else can write them', async () => {
    start();
    expect(await check()).to.deep.equal({ fatal: [], without: [], warnings: [] });
  });

  for (const [key, name, mode] of [
    ['the configuration', 'mcod.yaml', 0o666],
    ['state_dir', 'state', 0o777],
    ['state_dir', 'state', 0o1777],
    ['state_dir', 'state/requests.jsonl', 0o666],
    ['state_dir', 'state/agents', 0o777],
    ['state_dir', 'state/agents/puppetd', 0o777],
    ['authorization.policies', 'policies', 0o777],
    ['authorization.policies', 'policies', 0o1777],
    ['authorization.policies', 'policies/default.policy', 0o666],
    ['authorization.policies', 'policies/groups', 0o666],
  ] as const) {
    it(`stop the start if any user can write ${name} (${mode.toString(8)}), and the check says the same`, async () => {
      chmodSync(at(name), mode);
      const words = `${key}: any user can write ${at(name)} (mode ${mode.toString(8).padStart(4, '0')}, owner `;
      expect(start).to.throw(TroupeError, words).with.property('code', 'FILE_UNSAFE');
      expect(start).to.throw(new RegExp(`: chmod g?o-w ${at(name)}$`));
      const [error] = (await check()).fatal;
      expect(error).to.have.property('code', 'FILE_UNSAFE');
      expect(error).to.have.property('message').that.includes(words);
      process.env[unsafeFilesVariable] = 'allow';
      start();
    });
  }

  it('stop the start of a daemon of root if they belong to another user, or a group can write them', function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can give a file away');
    chownSync(at('mcod.yaml'), 65_534, 0);
    chownSync(at('state'), 0, 65_534);
    chmodSync(at('state'), 0o770);
    const faults = unsafeFaults(loadDaemonConfig(at('mcod.yaml')), at('mcod.yaml'));
    const messages = faults.map(({ message }) => message).join('\n');
    expect(messages).to.match(/^the configuration: the user \S+ can write .*: chown root: .*mcod\.yaml$/m);
    expect(messages).to.match(/^state_dir: the group \S+ can write .*: chmod g-w .*state$/m);
  });

  it('are named by the check if they are left out, or are written where others can interfere', async () => {
    chmodSync(at('agents/one.mjs'), 0o666);
    chmodSync(at('facts.d'), 0o777);
    chmodSync(at('log'), 0o777);
    start();
    const lines = checkLines(await check());
    expect(
      lines.filter((line) => line.includes('any user')).map((line) => line.split(' (')[0]),
    ).to.deep.equal([
      `starts without facts of ${at('facts.d')}: facts.paths: any user can write ${at('facts.d')}`,
      `starts without the agent ./agents/one.mjs: agents: "./agents/one.mjs" is not loaded: any user can write ${at('agents/one.mjs')}`,
      `warning: audit.file: any user can write ${at('log')}`,
    ]);
  });
});
