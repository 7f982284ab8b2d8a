import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ClientConfig, clientSchema } from '@troupe/client';
import { checkConfig } from '@troupe/core';
import {
  createTestPki,
  type RunningProcess,
  startProcess,
  type TestBroker,
  testBrokers,
  writePolicies,
} from '@troupe/testkit';
import type { Mark } from './marks-agent.js';
import type { KillPoint } from './plan.js';

const mcod = fileURLToPath(import.meta.resolve('@troupe/daemon/mcod'));
const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export const brokers = { embedded: testBrokers.embedded, mosquitto: testBrokers.mosquitto } as const;
export type BrokerName = keyof typeof brokers;

export const identity = 'node-1.loop';
const caller = 'loop.mcollective';

export interface StartOptions {
  readonly noteFirst: boolean;
  readonly point?: KillPoint | undefined;
  /** Whether the point counts from the start on. */
  readonly isArmed?: boolean;
}

/** One daemon with its certificate, broker and disk, and what the disk says. */
export class Site {
  readonly clientConfig: ClientConfig;
  readonly #folder: string;
  readonly #broker: TestBroker;
  readonly #config: Readonly<Record<string, unknown>>;

  private constructor(folder: string, broker: TestBroker, configs: { node: object; client: ClientConfig }) {
    this.#folder = folder;
    this.#broker = broker;
    this.#config = { ...configs.node };
    this.clientConfig = configs.client;
  }

  static async make(folder: string, name: BrokerName): Promise<Site> {
    const missing = brokers[name].missing();
    if (missing !== undefined) throw new Error(missing);
    const pki = await createTestPki(join(folder, 'pki'));
    const [own, callers] = [await pki.issue(identity), await pki.issue(caller)];
    const broker = await brokers[name].start({ pki, folder, callers: [caller], nodes: [identity] });
    const network = { topics: { escape: broker.escape } };
    const node = {
      ...network,
      broker: { urls: broker.nodeUrls },
      security: { ca: pki.caCertificate, ...own },
      state_dir: join(folder, 'state'),
      agents: [beside('./marks-agent.js')],
      plugins: { marks: { file: join(folder, 'marks.jsonl') } },
      facts: { paths: [] },
      authorization: { policies: writePolicies(folder, [caller]) },
      // Fewer than come at once, so that some are noted and wait for their turn.
      limits: { concurrency: 3 },
    };
    const client = {
      ...network,
      broker: { urls: broker.callerUrls },
      security: { ca: pki.caCertificate, ...callers },
    };
    const checked = checkConfig(client, clientSchema, 'the client of the loop');
    return new Site(folder, broker, { node, client: checked });
  }

  get audit(): string {
    return join(this.#folder, 'audit.jsonl');
  }

  get log(): string {
    return join(this.#folder, 'logs', 'mcod.log');
  }

  /** Starts the daemon, without waiting for it. */
  start({ noteFirst, point, isArmed = false }: StartOptions): RunningProcess {
    mkdirSync(join(this.#folder, 'logs'), { recursive: true });
    const file = join(this.#folder, 'mcod.yaml');
    const audit = { file: this.audit, on_failure: noteFirst ? 'refuse' : 'warn' };
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ ...this.#config, audit }));
    const child = startProcess(
      process.execPath,
      ['--import', beside('./kill-point.js'), mcod, '--config', file],
      {
        env: {
          ...(point && { TROUPE_KILL_POINT: JSON.stringify(point) }),
          ...(isArmed && { TROUPE_KILL_ARMED: '1' }),
        },
      },
    );
    child.onLine((line) => appendFileSync(this.log, `${line}\n`));
    return child;
  }

  /** The lines that the agent has written. */
  marks(): Mark[] {
    return linesIn(join(this.#folder, 'marks.jsonl')) as Mark[];
  }

  /** The ids that the journal holds; a line that is torn is none. */
  journal(): string[] {
    const lines = linesIn(join(this.#folder, 'state', 'requests.jsonl')) as { id: string }[];
    return lines.map(({ id }) => id);
  }

  /** Files in the daemon's state folder that a replacement left behind; those that are gone a moment later are at work. */
  async leftOvers(): Promise<string[]> {
    const temporary = () =>
      (readdirSync(join(this.#folder, 'state'), { recursive: true }) as string[]).filter((name) =>
        name.endsWith('.tmp'),
      );
    const first = temporary();
    if (first.length === 0) return [];
    await delay(1000);
    const still = new Set(temporary());
    return first.filter((name) => still.has(name));
  }

  async stop(): Promise<void> {
    await this.#broker.stop();
  }
}

function linesIn(file: string): unknown[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line)];
      } catch {
        return [];
      }
    });
}
