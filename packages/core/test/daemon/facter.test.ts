import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Facter } from '../../src/daemon/facter.js';
import { FactSource } from '../../src/daemon/facts.js';
import { silentLogger } from '../../src/log.js';
import { until } from '../until.js';

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
    ['fails', 'echo oh >&2; exit 3', 'it ended with exit code 3; the log has what it said'],
    ['hangs', 'sleep 60', 'it did not end within 1 s'],
    ['floods', 'exec cat /dev/zero', 'it printed more than 4194304 bytes'],
    ['prints garbage', 'echo "{"', /JSON/],
    ['prints a list', 'echo "[1]"', 'it does not hold names and values'],
    ['is killed', 'kill -9 $$', 'it was ended by SIGKILL'],
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
