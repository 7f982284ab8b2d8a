import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@troupe/core';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type ProcessOptions, runProcess } from '../../../src/agents/external/process.js';
import { keptLog } from './actor.js';

describe('runProcess', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'process-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (script: string, options: Partial<ProcessOptions> = {}) =>
    runProcess({
      command: '/bin/sh',
      args: ['-c', script],
      cwd: folder,
      env: { PATH: process.env.PATH ?? '' },
      signal: new AbortController().signal,
      log: silentLogger,
      ...options,
    });
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );
  const read = (name: string) => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return '';
    }
  };
  const pidIn = async (name: string) => {
    await until(`there is ${name}`, () => read(name).endsWith('\n'));
    return Number(read(name));
  };
  const isAlive = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  it('returns the exit code', async () => {
    expect(await run('exit 3')).to.deep.equal({ code: 3, signal: null, flooded: false });
  });

  it('returns the signal that ended the program', async () => {
    expect(await run('kill -KILL $$')).to.deep.equal({ code: null, signal: 'SIGKILL', flooded: false });
  });

  it('passes standard output on and logs standard error', async () => {
    const { log, lines } = keptLog();
    const chunks: Buffer[] = [];
    await run('echo out; echo err >&2', { log, output: (bytes) => chunks.push(bytes) });
    expect(Buffer.concat(chunks).toString()).to.equal('out\n');
    expect(lines.map(({ level, msg }) => [level, msg])).to.deep.equal([[50, 'err']]);
  });

  it('logs standard output if it is not passed on', async () => {
    const { log, lines } = keptLog();
    await run('echo out', { log });
    expect(lines.map(({ level, msg }) => [level, msg])).to.deep.equal([[30, 'out']]);
  });

  for (const [bytes, flooded] of [
    [1000, false],
    [1001, true],
  ] as const) {
    it(`${flooded ? 'stops' : 'does not stop'} a program that writes ${bytes} bytes with a limit of 1000`, async () => {
      let length = 0;
      const end = await run(`head -c ${bytes} /dev/zero; ${flooded ? 'exec sleep 600' : ':'}`, {
        mostOutput: 1000,
        output: (chunk) => (length += chunk.length),
      });
      expect(end.flooded).to.equal(flooded);
      expect(length).to.be.at.most(1000);
    });
  }

  it('stops a program that floods standard error', async () => {
    const end = await run('head -c 2000 /dev/zero >&2; exec sleep 600', { mostOutput: 1000 });
    expect(end).to.include({ flooded: true, signal: 'SIGTERM' });
  });

  it('reads progress from descriptor 3, which is otherwise closed', async () => {
    const progress: unknown[] = [];
    await run('echo 1 >&3', { progress: (data) => progress.push(data) });
    expect(progress).to.deep.equal([1]);
    expect((await run('{ true >&3; } 2>/dev/null')).code).to.not.equal(0);
  });

  it('starts nothing if its signal has already fired', async () => {
    const reason = new Error('too late');
    expect(await failure(run(`touch ${folder}/started`, { signal: AbortSignal.abort(reason) }))).to.equal(
      reason,
    );
    expect(await failure(run('true', { command: '/none', signal: AbortSignal.abort(reason) }))).to.equal(
      reason,
    );
  });

  it('throws the reason if a program cannot be started', async () => {
    expect(await failure(run('', { command: join(folder, 'none') }))).to.include({ code: 'ENOENT' });
  });

  it('sends SIGTERM to the whole process group when aborted, and throws the reason', async () => {
    const controller = new AbortController();
    const script = `(trap 'echo child >> ends; exit' TERM; echo ready > child; while :; do sleep 0.02; done) &
      trap 'echo parent >> ends; wait; exit 0' TERM; echo ready > parent; while :; do sleep 0.02; done`;
    const ended = failure(run(script, { signal: controller.signal }));
    await pidIn('parent');
    await pidIn('child');
    const reason = new Error('cancelled');
    controller.abort(reason);
    expect(await ended).to.equal(reason);
    expect(read('ends').split('\n').sort()).to.deep.equal(['', 'child', 'parent']);
  });

  it('kills a program that ignores SIGTERM', async () => {
    const controller = new AbortController();
    const ended = failure(
      run("trap '' TERM; echo $$ > pid; while :; do sleep 0.02; done", { signal: controller.signal }),
    );
    const pid = await pidIn('pid');
    controller.abort(new Error('cancelled'));
    await ended;
    expect(isAlive(pid)).to.equal(false);
  });

  it('kills children that outlive an aborted program', async () => {
    const controller = new AbortController();
    const script = '(trap "" TERM; while :; do sleep 0.02; done) & echo $! > child; echo $$ > pid; wait';
    const ended = failure(run(script, { signal: controller.signal }));
    const child = await pidIn('child');
    await pidIn('pid');
    controller.abort(new Error('cancelled'));
    await ended;
    await until('the child is gone', () => !isAlive(child));
  });

  it('leaves children of a program that exits by itself running, and does not wait for their pipes', async () => {
    const controller = new AbortController();
    const { code } = await run('sleep 600 & echo $! > child', { signal: controller.signal });
    const child = await pidIn('child');
    controller.abort();
    expect([code, isAlive(child)]).to.deep.equal([0, true]);
    process.kill(child);
  });

  it('removes its abort listener after the program has ended', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const counting = new Proxy(signal, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (key === 'addEventListener') listeners += 1;
        if (key === 'removeEventListener') listeners -= 1;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await run('true', { signal: counting });
    expect(listeners).to.equal(0);
  });
});
