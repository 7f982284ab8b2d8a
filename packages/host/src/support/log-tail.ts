import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { CapturedOutput } from '../process/output.js';
import { runProgram } from '../process/run.js';

/** Bytes of a log that are read, from its end. */
const mostBytes = 256 * 1024;

/** Milliseconds for the journal to answer. */
const patience = 10_000;

/** The last lines of a log file. Throws the system's error. */
export async function logTail(file: string, lines: number): Promise<string> {
  // Without O_NONBLOCK, opening a FIFO waits until a program writes to it.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error(`${file} is not a regular file`);
    const start = Math.max(0, stat.size - mostBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(stat.size - start), { position: start });
    const read = buffer.subarray(0, bytesRead).toString('utf8');
    // The first line is cut where the reading began.
    return lastLines(start === 0 ? read : read.slice(read.indexOf('\n') + 1), lines);
  } finally {
    await handle.close();
  }
}

/** The last lines that the systemd journal has of a process. Throws if there is no journal. */
export async function journalTail(pid: number, lines: number): Promise<string> {
  const output = new CapturedOutput(mostBytes);
  const errors = new CapturedOutput(2048);
  const { code } = await runProgram({
    command: 'journalctl',
    args: [`_PID=${pid}`, '-n', String(lines), '--no-pager', '-o', 'short-iso'],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    stdout: output,
    stderr: errors,
    timeLimit: patience,
  });
  if (code !== 0) throw new Error(`journalctl failed (exit code ${code}): ${errors.text.trim()}`);
  return lastLines(output.text, lines);
}

function lastLines(text: string, lines: number): string {
  const all = text.replace(/\n$/, '').split('\n');
  return `${all.slice(-lines).join('\n')}\n`;
}
