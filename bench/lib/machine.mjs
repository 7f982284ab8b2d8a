import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures were taken on. */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: round(totalmem() / 2 ** 30, 1),
    kernel: release(),
    node: process.version,
    commit: commit(),
    files: openFileLimit(),
    time: new Date().toISOString(),
  };
}

/** The load averages of now, rounded: what the figures of a case are to be read with. */
export function load() {
  return loadavg().map((value) => round(value, 2));
}

/** How many files this process may have open: one for each connection. */
export function openFileLimit() {
  const line = readFileSync('/proc/self/limits', 'utf8').match(/^Max open files\s+(\d+)/m);
  return Number(line?.[1] ?? 1024);
}

/** MiB that programs can still have. */
export function freeMiB() {
  const line = readFileSync('/proc/meminfo', 'utf8').match(/^MemAvailable:\s+(\d+)/m);
  return Number(line?.[1] ?? 0) / 1024;
}

/** What a process has used so far: milliseconds of CPU, MiB resident, MiB of its own. */
export function usageOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = (name) =>
    [...rollup.matchAll(new RegExp(`^${name}:\\s+(\\d+)`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  return {
    // In ticks of 10 ms, which Linux has everywhere.
    cpuMs: (Number(fields[11]) + Number(fields[12])) * 10,
    residentMiB: kib('Rss') / 1024,
    privateMiB: (kib('Private_Clean') + kib('Private_Dirty')) / 1024,
  };
}

/** Milliseconds of CPU that the children of this process which have ended used, in ticks of 10 ms. */
export function childrenCpuMs() {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

export function round(value, digits = 2) {
  return Number(value.toFixed(digits));
}

function commit() {
  try {
    const git = (...words) => execFileSync('git', words, { encoding: 'utf8' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' with changes');
  } catch {
    return 'unknown';
  }
}
