import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Agent, type AgentConfig, type Ddl, type Logger, messageOf } from '@troupe/core';
import { type Trial, type TrialResult, tryAgent } from '@troupe/daemon/agents';
import { Broken } from './broken.js';

type Input = Readonly<Record<string, unknown>>;
type Data = Readonly<Record<string, unknown>>;

/** The caller in a test: not the owner of any lease, as a provisioner's certificate is not. */
const caller = 'tester.mcollective';

/** An agent under test, with a state of its own that outlives its restarts. */
export class Subject {
  /** How often the agent made the daemon read its configuration. */
  reloads = 0;
  /** The receipts that it gave to the daemon. */
  readonly receipts: string[] = [];
  readonly #agent: () => Promise<Agent>;
  readonly #config: AgentConfig;
  readonly #log: Logger;
  readonly #stateDir: string;
  readonly #actions: ReadonlySet<string>;
  #trial: Trial | undefined;

  private constructor(options: SubjectOptions, stateDir: string) {
    this.#agent = options.agent;
    this.#config = options.config;
    this.#log = options.log;
    this.#stateDir = stateDir;
    this.#actions = new Set(options.ddl.actions.map(({ action }) => action));
  }

  /** Loads an agent with an empty state. Throws what a daemon would refuse it for. */
  static async load(options: SubjectOptions): Promise<Subject> {
    const subject = new Subject(options, await mkdtemp(join(options.folder, 'state-')));
    await subject.start();
    return subject;
  }

  /** Loads the agent, as after a restart of the daemon. */
  async start(): Promise<void> {
    this.#trial = await tryAgent(await this.#agent(), {
      config: this.#config,
      stateDir: this.#stateDir,
      caller,
      log: this.#log,
      host: {
        reload: () => {
          this.reloads += 1;
        },
        acceptReceipt: async (receipt) => void this.receipts.push(receipt),
      },
    });
  }

  /** Whether the agent declares an action. */
  has(action: string): boolean {
    return this.#actions.has(action);
  }

  /** Whether the agent would be loaded now. */
  async applies(): Promise<boolean> {
    try {
      await this.start();
      return true;
    } catch (error) {
      if (messageOf(error).endsWith('does not apply to this host')) return false;
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#trial?.close();
    this.#trial = undefined;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Stops the agent and removes its state. */
  async close(): Promise<void> {
    await this.stop();
    await rm(this.#stateDir, { recursive: true, force: true, maxRetries: 10 });
  }

  async call(action: string, input: Input = {}, signal?: AbortSignal): Promise<TrialResult> {
    if (!this.#trial) throw new Error('the agent is not loaded');
    return this.#trial.call(action, input, signal && { signal });
  }

  /** The outputs of an action that must succeed. */
  async ok(action: string, input: Input = {}): Promise<Data> {
    const result = await this.call(action, input);
    if (result.statuscode === 0) return result.data;
    throw new Broken(`${action} ${shown(input)} failed: ${result.statusmsg}`);
  }

  /** The result of an action that must fail, with a reason. */
  async refused(action: string, input: Input, why: string): Promise<TrialResult> {
    const result = await this.call(action, input);
    if (result.statuscode === 0) throw new Broken(`${action} ${shown(input)} succeeded, ${why}`);
    if (result.statusmsg.trim() === '' || result.statusmsg.includes('\n'))
      throw new Broken(
        `${action} ${shown(input)} failed without a reason in one line: ${shown(result.statusmsg)}`,
      );
    return result;
  }

  /** Takes the lease; its token. */
  async lock(owner = 'provisioner/1', seconds = 300): Promise<number> {
    const { token } = await this.ok('lock_deploy', { owner, seconds });
    if (typeof token === 'number' && Number.isInteger(token)) return token;
    throw new Broken(`lock_deploy returned the token ${shown(token)}, which is not an integer`);
  }

  status(): Promise<Data> {
    return this.ok('status');
  }

  /** A step in the record. */
  async step(name: string): Promise<Data> {
    const { steps } = await this.status();
    const found = (Array.isArray(steps) ? (steps as Data[]) : []).find(({ step }) => step === name);
    if (found) return found;
    throw new Broken(`status has no step "${name}" in steps: ${shown(steps)}`);
  }
}

export interface SubjectOptions {
  /** Makes the agent, again for each start. */
  readonly agent: () => Promise<Agent>;
  readonly ddl: Ddl;
  readonly config: AgentConfig;
  readonly log: Logger;
  /** Where its state is kept. */
  readonly folder: string;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
