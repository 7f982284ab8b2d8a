import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import {
  commandLine,
  familyOf,
  hasProcess,
  identify,
  isAlive,
  isOtherBoot,
  type ProcessIdentity,
  signalGroup,
  signalProcess,
} from '../../src/index.js';

describe('the identity of a process', () => {
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const { pid } of started.splice(0))
      if (pid !== undefined && hasProcess(-pid)) process.kill(-pid, 'SIGKILL');
  });

  /** A shell that leads a process group, once it has printed a line. */
  async function shell(
    script: string,
  ): Promise<{ child: ChildProcess; identity: ProcessIdentity; line: string }> {
    const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    started.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const identity = identify(child.pid ?? 0);
    if (!identity) throw new Error('the shell has ended');
    return { child, identity, line: line.toString().trim() };
  }
  const own = identify(process.pid) as ProcessIdentity;
  /** The process that had this number before. */
  const before = (process: ProcessIdentity) => ({ ...process, startTicks: (process.startTicks ?? 0) - 1 });

  it('identifies a running process', () => {
    expect(own.pid).to.equal(process.pid);
    expect([isAlive(own), isOtherBoot(own), hasProcess(process.pid)]).to.deep.equal([true, false, true]);
  });

  it('exists for a process of another user that cannot be signalled', () => {
    const { kill } = process;
    process.kill = () => {
      throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
    };
    try {
      expect(hasProcess(1)).to.equal(true);
    } finally {
      process.kill = kill;
    }
  });

  it('is undefined for a process that has ended', () => {
    const { pid } = spawnSync('true');
    expect([identify(pid), hasProcess(pid), commandLine(pid)]).to.deep.equal([undefined, false, []]);
  });

  it('is not taken over by the next process with the same number', () => {
    expect(isAlive(before(own))).to.equal(false);
  });

  it('does not survive a boot', () => {
    const old = { ...own, bootId: '00000000-0000-0000-0000-000000000000' };
    expect([isOtherBoot(old), isAlive(old)]).to.deep.equal([true, false]);
  });

  it('is judged by the number alone if no more was known', () => {
    expect(isAlive({ pid: process.pid, startTicks: null, bootId: null })).to.equal(true);
    expect(isAlive({ pid: spawnSync('true').pid, startTicks: null, bootId: null })).to.equal(false);
  });

  it('ends with the process, although a zombie of it stays', async () => {
    const { identity, line } = await shell('sleep 0.3 & echo $!; exec sleep 600');
    const zombie = Number(line);
    await until('the child has ended', () => identify(zombie) === undefined);
    expect([hasProcess(zombie), isAlive(identity), commandLine(zombie)]).to.deep.equal([true, true, []]);
  });

  it('has the command line of the process', async () => {
    const { identity } = await shell("echo ready; exec sh -c 'sleep 600; :' ''");
    await until('the other shell runs', () => commandLine(identity.pid)?.[0] === 'sh');
    expect(commandLine(identity.pid)).to.deep.equal(['sh', '-c', 'sleep 600; :', '']);
  });

  it('has a family: its process group, and descendants in other sessions', async () => {
    const { identity, line } = await shell('sleep 600 & setsid sh -c "echo \\$\\$; exec sleep 600" & wait');
    const family = familyOf(identity);
    const other = family.find(({ pid }) => pid === Number(line));
    expect(family).to.have.length(3);
    expect(other).to.include({ group: Number(line) });
    expect(familyOf(before(identity))).to.deep.equal([]);
    if (other) signalProcess(other, 'SIGKILL');
  });

  it('is what a signal goes to, not its number', async () => {
    const { child, identity } = await shell('echo ready; exec sleep 600');
    signalProcess(before(identity), 'SIGTERM');
    signalGroup(before(identity), 'SIGTERM');
    const ended = once(child, 'exit');
    expect(isAlive(identity)).to.equal(true);
    signalGroup(identity, 'SIGINT');
    expect(await ended).to.deep.equal([null, 'SIGINT']);
    signalGroup(identity, 'SIGINT');
    signalProcess(identity, 'SIGINT');
  });
});
