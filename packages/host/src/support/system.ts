import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, hostname, loadavg, release, totalmem, uptime } from 'node:os';
import { messageOf, version } from '@troupe/core';
import { CapturedOutput } from '../process/output.js';
import { runProgram } from '../process/run.js';

/** Versions of what runs here, and what the machine has. Memory in bytes, uptime in seconds. */
export async function systemReport(program: string): Promise<object> {
  return {
    program,
    troupe: version,
    node: process.version,
    openssl: process.versions.openssl,
    platform: `${process.platform} ${process.arch}`,
    kernel: release(),
    distribution: await distribution(),
    hostname: hostname(),
    user_id: process.getuid?.(),
    cpus: availableParallelism(),
    load: loadavg(),
    memory: { total: totalmem(), free: freemem() },
    uptime: Math.round(uptime()),
  };
}

async function distribution(): Promise<string | undefined> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(text)?.[1];
}

/** This machine's clock, and whether its time service says that it is synchronized (systemd's `timedatectl`). */
export async function clockReport(now: Date): Promise<object> {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return { time: now.toISOString(), time_zone: timeZone, ntp: await synchronization() };
}

async function synchronization(): Promise<string> {
  const output = new CapturedOutput(2048);
  try {
    const { code } = await runProgram({
      command: 'timedatectl',
      args: ['show', '-p', 'NTP', '-p', 'NTPSynchronized'],
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      stdout: output,
      timeLimit: 5_000,
    });
    if (code !== 0) return `unknown: timedatectl failed (exit code ${code})`;
  } catch (error) {
    return `unknown: ${messageOf(error)}`;
  }
  return output.text.trim().replaceAll('\n', ', ');
}

/** Free space below each folder in bytes, and inodes: a full disk explains a lot. */
export async function diskReport(folders: readonly string[]): Promise<object> {
  const rows = [...new Set(folders)].map(async (folder) => [folder, await spaceOf(folder)] as const);
  return Object.fromEntries(await Promise.all(rows));
}

async function spaceOf(folder: string): Promise<object> {
  try {
    const { bsize, blocks, bavail, files, ffree } = await statfs(folder);
    return { size: blocks * bsize, available: bavail * bsize, inodes: files, free_inodes: ffree };
  } catch (error) {
    return { failure: messageOf(error) };
  }
}
