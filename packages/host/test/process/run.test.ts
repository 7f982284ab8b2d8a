import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  CapturedOutput,
  identify,
  NotStartedError,
  type ProgramOptions,
  runProgram,
} from '../../src/index.js';

describe('running a program', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'process-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (script: string, options: Partial<ProgramOptions> = {}) =>
    runProgram({
      command: '/bin/sh',
      args: ['-c', script],
      cwd: folder,
      env: { PATH: process.env.PATH ?? '' },
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
  const isAlive = (pid: number) => identify(pid) !== undefined;

  it('returns the exit code', async () => {
    expect(await run('exit 3')).to.deep.equal({ code: 3, signal: null, exceeded: undefined });
  });

  it('returns the signal that ended the program', async () => {
    expect(await run('kill -KILL $$')).to.deep.equal({
      code: null,
      signal: 'SIGKILL',
      exceeded: undefined,
    });
  });

  it('passes standard output and standard error on, and says when nothing more comes', async () => {
    const [stdout, stderr] = [new CapturedOutput(), new CapturedOutput()];
    let ends = 0;
    await run('echo out; echo err >&2', {
      stdout,
      stderr: { write: (bytes) => stderr.write(bytes), end: () => (ends += 1) },
    });
    expect([stdout.text, stderr.text, ends]).to.deep.equal(['out\n', 'err\n', 1]);
  });

  it('gives it pipes, which it can open by their names, as in a shell', async () => {
    const [out, err, more] = [new CapturedOutput(), new CapturedOutput(), new CapturedOutput()];
    const script = 'cat /dev/stdin > /dev/stdout; echo warning > /dev/stderr; echo progress > /dev/fd/3';
    const end = await run(script, {
      input: 'question',
      stdout: out,
      stderr: err,
      channel: (stream) => {
        stream.on('data', (chunk: Buffer) => more.write(chunk));
        return () => {};
      },
    });
    expect({ code: end.code, out: out.text, err: err.text, more: more.text }).to.deep.equal({
      code: 0,
      out: 'question',
      err: 'warning\n',
      more: 'progress\n',
    });
  });

  it('runs it where no pipes can be made, too', async () => {
    const out = new CapturedOutput();
    const end = await run('cat', { input: 'question', stdout: out, pipes: async () => undefined });
    expect(end.code).to.equal(0);
    expect(out.text).to.equal('question');
  });

  it('passes both on to one sink in the order in which they come', async () => {
    const all = new CapturedOutput();
    await run('echo 1; sleep 0.1; echo 2 >&2; sleep 0.1; echo 3', { stdout: all, stderr: all });
    expect(all.text).to.equal('1\n2\n3\n');
  });

  it('does not pass on its own environment', async () => {
    const stdout = new CapturedOutput();
    process.env.TROUPE_TEST_SECRET = 'geheim';
    try {
      await run('env', { stdout });
    } finally {
      delete process.env.TROUPE_TEST_SECRET;
    }
    expect(stdout.text).to.not.include('geheim');
  });

  it('gives it its input, which it need not read', async () => {
    const stdout = new CapturedOutput();
    await run('cat', { input: 'to read', stdout });
    expect(stdout.text).to.equal('to read');
    expect((await run('exec <&-', { input: 'x'.repeat(1024 * 1024) })).code).to.equal(0);
    expect((await run('read -r line')).code).to.equal(1);
  });

  it('writes its output to a file that is open, which what it leaves running keeps', async () => {
    const file = await open(join(folder, 'out'), 'w');
    const { code } = await run('(echo early; until [ -e go ]; do sleep 0.02; done; echo late) & exit 0', {
      stdout: file.fd,
    });
    await file.close();
    expect([code, read('out').includes('late')]).to.deep.equal([0, false]);
    writeFileSync(join(folder, 'go'), '');
    await until('it has gone on', () => read('out') === 'early\nlate\n');
  });

  for (const [bytes, exceeded] of [
    [1000, undefined],
    [1001, 'output'],
  ] as const) {
    it(`${exceeded ? 'stops' : 'does not stop'} a program that writes ${bytes} bytes with a limit of 1000`, async () => {
      const stdout = new CapturedOutput();
      const end = await run(`head -c ${bytes} /dev/zero; ${exceeded ? 'exec sleep 600' : ':'}`, {
        mostOutput: 1000,
        stdout,
      });
      expect(end.exceeded).to.equal(exceeded);
      expect(stdout.text).to.have.length(1000);
    });
  }

  it('says that a program wrote too much also if it ended at once', async () => {
    const end = await run('head -c 1001 /dev/zero', { mostOutput: 1000, stdout: new CapturedOutput() });
    expect(end.exceeded).to.equal('output');
  });

  it('stops a program that floods standard error', async () => {
    const end = await run('head -c 2000 /dev/zero >&2; exec sleep 600', {
      mostOutput: 1000,
      stderr: new CapturedOutput(),
    });
    expect(end).to.include({ exceeded: 'output', signal: 'SIGTERM' });
  });

  it('stops a program that takes too long', async () => {
    const end = await run('exec sleep 600', { timeLimit: 100 });
    expect(end).to.deep.equal({ code: null, signal: 'SIGTERM', exceeded: 'time' });
  });

  it('kills a program at once if it gets no time to end', async () => {
    const end = await run("trap '' TERM; sleep 600 & echo $! > child; wait", {
      timeLimit: 100,
      killGrace: 0,
    });
    expect(end).to.deep.equal({ code: null, signal: 'SIGKILL', exceeded: 'time' });
    const child = await pidIn('child');
    await until('the child is gone', () => !isAlive(child));
  });

  it('reads what it writes to descriptor 3, which is otherwise closed', async () => {
    const written = new CapturedOutput();
    let isOver = false;
    await run('echo 1 >&3', {
      channel: (stream) => {
        stream.on('data', (bytes: Buffer) => written.write(bytes));
        return () => {
          isOver = true;
        };
      },
    });
    expect([written.text, isOver]).to.deep.equal(['1\n', true]);
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
    const command = join(folder, 'none');
    const error = await failure(run('', { command, input: 'to read', stdout: new CapturedOutput() }));
    expect(error).to.be.instanceOf(NotStartedError);
    expect(error).to.include({ code: 'ENOENT', message: `cannot start ${command}: ENOENT` });
  });

  it('says that the folder is missing, and not the program', async () => {
    const cwd = join(folder, 'gone');
    const error = await failure(run('true', { cwd }));
    expect(error).to.be.instanceOf(NotStartedError);
    expect(error)
      .to.have.property('message')
      .that.matches(/^cannot start .*: the folder .*gone does not exist$/);
  });

  it('throws the same where Node does at once: more words than the system takes', async () => {
    const error = await failure(run('true', { command: 'true', args: ['x'.repeat(300_000)] }));
    expect(error).to.be.instanceOf(NotStartedError).and.have.property('code', 'E2BIG');
  });

  it('takes a limit of time that no timer of Node has', async () => {
    for (const timeLimit of [2 ** 31, Number.POSITIVE_INFINITY])
      expect(await run('sleep 0.05', { timeLimit })).to.include({ code: 0, exceeded: undefined });
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
