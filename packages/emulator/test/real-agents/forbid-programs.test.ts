import { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { forbidPrograms } from '../../src/real-agents/forbid-programs.js';

describe('programs of agents that nobody has permitted to act', () => {
  let permit: () => void;
  beforeEach(() => {
    permit = forbidPrograms();
  });
  afterEach(() => permit());

  for (const [name, start] of [
    ['spawn', () => spawn('true')],
    ['exec', () => exec('true')],
    ['execFile', () => execFile('true')],
    ['fork', () => fork('true')],
    ['spawnSync', () => spawnSync('true')],
    ['execSync', () => execSync('true')],
    ['execFileSync', () => execFileSync('true')],
  ] as const)
    it(`are not started by ${name}`, () => {
      expect(start).to.throw(/^cannot run .*: emulated nodes run programs only with --real-agents$/);
    });

  it('are started again after that is permitted', () => {
    permit();
    expect(spawnSync(process.execPath, ['--version']).status).to.equal(0);
    expect(execFileSync(process.execPath, ['--version']).toString()).to.match(/^v/);
  });
});
