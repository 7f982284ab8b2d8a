import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunningProcess, startProcess, waitFor } from '@troupe/testkit';

// Compiled tests are in dist/test/integration; Python's file stays where it is.
const script = join(dirname(fileURLToPath(import.meta.url)), '../../../test/fixtures/smtp-server.py');
// Debian's own Python, which has Debian's modules; another one may come first in PATH.
const python = '/usr/bin/python3';

/** A mail as the server took it, decoded by Python. */
export interface ReceivedMail {
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  readonly body: string;
}

/** Why the mail server cannot run here, or undefined. */
export function smtpServerMissing(): string | undefined {
  const there = existsSync(python) && existsSync('/usr/lib/python3/dist-packages/aiosmtpd');
  return there ? undefined : 'the Debian package python3-aiosmtpd is not installed';
}

/** A running mail server of Debian's. */
export class SmtpServer {
  readonly port: number;
  readonly maildir: string;
  readonly #process: RunningProcess;

  private constructor(process: RunningProcess, port: number, maildir: string) {
    this.#process = process;
    this.port = port;
    this.maildir = maildir;
  }

  static async start(maildir: string, args: readonly string[] = []): Promise<SmtpServer> {
    const process = startProcess(python, [script, '--maildir', maildir, ...args]);
    const line = await process.waitForLine(/^listening /);
    return new SmtpServer(process, Number(line.split(' ')[1]), maildir);
  }

  /** How many mails it has taken: it stores each one before it says so. */
  get count(): number {
    return readdirSync(join(this.maildir, 'new')).length;
  }

  /** The mails that it has taken so far; what it prints may arrive after what it answers. */
  async mails(): Promise<ReceivedMail[]> {
    const { count } = this;
    const read = () => this.#process.output.split('\n').filter((line) => line.startsWith('{'));
    await waitFor(`${count} mails`, () => read().length === count);
    return read().map((line) => JSON.parse(line) as ReceivedMail);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
