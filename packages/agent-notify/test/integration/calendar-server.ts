import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type RunningProcess, startProcess } from '@troupe/testkit';
import type { PemFiles } from '../pem-files.js';

const program = '/usr/bin/radicale';

/** Why the calendar server cannot run here, or undefined. */
export function calendarServerMissing(): string | undefined {
  return existsSync(program) ? undefined : 'the Debian package radicale is not installed';
}

/** A running radicale with one calendar, `/ops/alerts/`, of the user `ops`. */
export class CalendarServer {
  readonly url: string;
  readonly #collection: string;
  readonly #process: RunningProcess;

  private constructor(process: RunningProcess, url: string, collection: string) {
    this.#process = process;
    this.url = url;
    this.#collection = collection;
  }

  static async start(folder: string, password: string, pem: PemFiles): Promise<CalendarServer> {
    const collection = join(folder, 'storage/collection-root/ops/alerts');
    mkdirSync(collection, { recursive: true });
    writeFileSync(join(collection, '.Radicale.props'), '{"tag": "VCALENDAR", "D:displayname": "Alerts"}');
    writeFileSync(join(folder, 'users'), `ops:${password}\n`);
    const port = await freePort();
    const file = join(folder, 'config');
    writeFileSync(file, configuration(folder, port, pem));
    const process = startProcess(program, ['--config', file]);
    await process.waitForLine(/Listening on/i);
    return new CalendarServer(process, `https://127.0.0.1:${port}/ops/alerts/`, collection);
  }

  /** The files of the events that it has stored, each on unfolded lines. */
  get events(): readonly string[] {
    const names = readdirSync(this.#collection).filter((name) => name.endsWith('.ics'));
    return names.map((name) => readFileSync(join(this.#collection, name), 'utf8').replace(/\r?\n[ \t]/g, ''));
  }

  /** Changes what it has stored, as a person would who edits the event. */
  edit(change: (event: string) => string): void {
    for (const name of readdirSync(this.#collection).filter((one) => one.endsWith('.ics'))) {
      const file = join(this.#collection, name);
      writeFileSync(file, change(readFileSync(file, 'utf8')));
    }
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}

function configuration(folder: string, port: number, pem: PemFiles): string {
  return `[server]
hosts = 127.0.0.1:${port}
ssl = True
certificate = ${pem.certificate}
key = ${pem.key}
[auth]
type = htpasswd
htpasswd_filename = ${folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = ${folder}/storage
[logging]
level = info
`;
}
