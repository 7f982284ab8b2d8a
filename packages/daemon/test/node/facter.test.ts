import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@troupe/core';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Facter } from '../../src/node/facter.js';
import { FactSource } from '../../src/node/facts.js';
import { keptLog } from '../agents/external/actor.js';

describe('Facter', () => {
  let folder: string;
  let opened: Facter[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'facter-'));
    opened = [];
  });
  afterEach(async () => {
    for (const facter of opened) await facter.close();
    rmSync(folder, { recursive: true });
  });

  const run = (script: string, options: { timeout?: number; interval?: number } = {}): Facter => {
    const program = join(folder, 'facter');
    writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const { timeout = 20, interval = 3600 } = options;
    const cache = join(folder, 'cache.json');
    const facter = new Facter({ command: [program, '--json'], interval, timeout, cache, log: silentLogger });
    opened.push(facter);
    return facter;
  };
  const ended = (facter: Facter) =>
    until(
      'facter has ended',
      () => facter.status().readAt !== undefined || facter.status().reason !== undefined,
    );

  it('reads what it prints, between the built-in facts and those of files', async () => {
    writeFileSync(join(folder, 'own.yaml'), 'stage: prod\n');
    const facter = run(
      `[ "$1" = --json ] && echo '{"os": {"family": "Debian"}, "stage": "dev", "kernel": "Linux"}'`,
    );
    const facts = new FactSource([join(folder, 'own.yaml')], silentLogger, facter);
    await ended(facter);
    expect(facts.read()).to.include({ stage: 'prod', kernel: 'Linux' });
    expect(facts.read().os).to.deep.equal({ family: 'Debian' });
    expect(facts.read()).to.have.property('architecture');
    expect(facts.status().facter).to.have.keys('readAt');
  });

  it('comes without the environment of the daemon, and runs no shell', async () => {
    process.env.TROUPE_TEST_SECRET = 'abc';
    const facter = run('printf \'{"secret": "%s"}\' "$TROUPE_TEST_SECRET"');
    await ended(facter);
    delete process.env.TROUPE_TEST_SECRET;
    expect(facter.facts).to.deep.equal({ secret: '' });
  });

  for (const [what, script, reason] of [
    ['fails', 'echo oh >&2; exit 3', 'it exited with code 3; see its output in the log'],
    ['hangs', 'sleep 60', 'timeout: it was still running after 1 s'],
    ['floods', 'exec cat /dev/zero', 'it printed more than 4194304 bytes'],
    ['prints garbage', 'echo "{"', /JSON/],
    ['prints a list', 'echo "[1]"', 'it is not a map of names and values'],
    ['is killed', 'kill -9 $$', 'it was killed by SIGKILL'],
  ] as const) {
    it(`keeps its last good facts when it ${what}, over a restart too`, async () => {
      writeFileSync(join(folder, 'cache.json'), '{"good": 1}');
      utimesSync(join(folder, 'cache.json'), 1000, 1000);
      const facter = run(script, { timeout: what === 'hangs' ? 1 : 20 });
      await until('it has failed', () => facter.status().reason !== undefined);
      if (typeof reason === 'string') expect(facter.status().reason).to.equal(reason);
      else expect(facter.status().reason).to.match(reason);
      expect(facter.facts).to.deep.equal({ good: 1 });
      expect(facter.status().readAt).to.equal(1_000_000);
      expect(readFileSync(join(folder, 'cache.json'), 'utf8')).to.equal('{"good": 1}');
    });
  }

  it('says that the program is not there', async () => {
    const facter = new Facter({
      command: [join(folder, 'none')],
      interval: 3600,
      timeout: 5,
      cache: join(folder, 'cache.json'),
      log: silentLogger,
    });
    opened.push(facter);
    await ended(facter);
    expect(facter.status().reason).to.include('ENOENT');
  });

  it('runs again after its interval, and keeps what it read for the next start', async () => {
    const facter = run(`echo x >> ${folder}/runs; echo "{\\"runs\\": $(wc -l < ${folder}/runs)}"`, {
      interval: 0.05,
    });
    await until('it ran three times', () => Number(facter.facts.runs) >= 3);
    await facter.close();
    expect(JSON.parse(readFileSync(join(folder, 'cache.json'), 'utf8'))).to.have.property('runs');
    expect(statSync(join(folder, 'cache.json')).mode & 0o777).to.equal(0o600);
  });

  it('notifies listeners of new facts, and has the facts read again', async () => {
    const facter = run('echo \'{"a": 1}\'');
    const facts = new FactSource([], silentLogger, facter);
    facts.read(0);
    let told = 0;
    facter.onFacts(() => (told += 1));
    await ended(facter);
    expect(told).to.equal(1);
    expect(facts.status().readAt).to.equal(undefined);
    expect(facts.read(1)).to.include({ a: 1 });
  });

  it('reports when it succeeded, and no longer why it failed', async () => {
    const before = Date.now();
    const facter = run(`if [ -e ${folder}/good ]; then echo '{"a": 1}'; else exit 1; fi`, { interval: 0.05 });
    await until('it has failed', () => facter.status().reason !== undefined);
    expect(facter.status()).to.have.keys('reason');
    writeFileSync(join(folder, 'good'), '');
    await until('it has succeeded', () => facter.status().readAt !== undefined);
    expect(facter.status()).to.have.keys('readAt');
    expect(facter.status().readAt).to.be.within(before, Date.now());
  });

  for (const [what, script, interval, seconds] of [
    ['after its interval', 'echo "{}"', 3600, 3600],
    ['a minute after it failed', 'exit 1', 3600, 60],
    ['after its interval if it failed and that is shorter than a minute', 'exit 1', 20, 20],
  ] as const) {
    it(`runs again ${what}`, async () => {
      const timers: number[] = [];
      const { setTimeout: real } = globalThis;
      globalThis.setTimeout = ((work: () => void, milliseconds: number) => {
        timers.push(milliseconds);
        return real(work, milliseconds);
      }) as typeof setTimeout;
      try {
        const facter = run(script, { interval });
        await ended(facter);
        await until('it waits', () => timers.includes(seconds * 1000));
        await facter.close();
      } finally {
        globalThis.setTimeout = real;
      }
    });
  }

  it('logs no failure if it is stopped', async () => {
    const { log, lines } = keptLog();
    const facter = new Facter({
      command: ['/bin/sleep', '600'],
      interval: 3600,
      timeout: 600,
      cache: join(folder, 'cache.json'),
      log,
    });
    await facter.close();
    expect(facter.status()).to.deep.equal({});
    expect(lines.filter(({ level }) => level >= 40)).to.deep.equal([]);
  });

  it('logs why it failed, and that its facts cannot be cached', async () => {
    const { log, lines } = keptLog();
    const program = join(folder, 'facter');
    writeFileSync(program, '#!/bin/sh\necho "{\\"a\\": 1}"\n', { mode: 0o755 });
    const cache = join(folder, 'none/cache.json');
    const kept = new Facter({ command: [program], interval: 3600, timeout: 20, cache, log });
    opened.push(kept);
    await until('it is kept', () => lines.length > 1);
    expect(kept.facts).to.deep.equal({ a: 1 });
    expect(lines.map(({ level, msg, file }) => [level, msg, file])).to.deep.equal([
      [20, 'no saved facts of facter', cache],
      [40, 'cannot save the facts of facter for the next start', cache],
    ]);
    lines.splice(0);
    writeFileSync(program, '#!/bin/sh\necho nonsense\n', { mode: 0o755 });
    const failed = new Facter({ command: [program], interval: 3600, timeout: 20, cache, log });
    opened.push(failed);
    await ended(failed);
    const { level, msg, command, reason } = lines.at(-1) ?? { level: 0, msg: '' };
    expect([level, msg, command, reason]).to.deep.equal([
      40,
      'facter failed: its last known facts stay in use',
      program,
      failed.status().reason,
    ]);
  });

  it('is ended with its daemon', async () => {
    const facter = run(`echo $$ > ${folder}/pid; exec sleep 60`);
    await until('it runs', () => {
      try {
        return readFileSync(join(folder, 'pid'), 'utf8').endsWith('\n');
      } catch {
        return false;
      }
    });
    await facter.close();
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    expect(() => process.kill(pid, 0)).to.throw('ESRCH');
  });
});
