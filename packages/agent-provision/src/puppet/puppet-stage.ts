import { randomUUID } from 'node:crypto';
import type { Puppet, PuppetRun, PuppetVerdict, RunOptions } from '@troupe/agent-puppetd/puppet';
import { Serial } from '@troupe/core/async';
import { type Clock, isoTime } from '../clock.js';
import { ProvisionError } from '../provision-error.js';
import type { ProvisionRecord, Recorded } from '../record/record.js';
import { openStep } from '../record/steps.js';
import { OutputTail } from './output-tail.js';

export interface StageOptions {
  /** Names the run in the record: `bootstrap`, `production`. */
  readonly stage: string;
  readonly environment?: string | undefined;
  /** The fencing token of the caller; none when a person calls by hand. */
  readonly token?: number | undefined;
  /** Starts another run although the outcome of the last one was not noted. */
  readonly fresh: boolean;
  /** Further options of the run. */
  readonly options: Pick<
    RunOptions,
    'closeConnections' | 'connectTimeoutSeconds' | 'runTimeoutSeconds' | 'waitForLockSeconds'
  >;
  /** Called before the run is on record; throws if the server cannot be reached: Puppet would try for minutes. */
  readonly checkServer: () => Promise<void>;
  /** Called before the run starts; throws if the caller may no longer continue. */
  readonly confirm: () => void;
  readonly onOutput: (lines: readonly string[]) => void;
  /** Ends the waiting, not the run. */
  readonly signal: AbortSignal;
}

export interface StageResult {
  readonly id: string;
  /** Whether the run had begun before it was asked for. */
  readonly attached: boolean;
  readonly verdict: PuppetVerdict;
  /** The end of what Puppet printed. */
  readonly output: string;
  /** Null if the run had ended before it was asked for. */
  readonly seconds: number | null;
}

const tailLimit = 32 * 1024;

/** Runs Puppet once for each stage of the provisioning, however often it is asked and whatever dies meanwhile. */
export class PuppetStages {
  readonly #puppet: Puppet;
  readonly #record: ProvisionRecord;
  readonly #clock: Clock;
  readonly #starts = new Serial();

  constructor(options: { puppet: Puppet; record: ProvisionRecord; clock: Clock }) {
    this.#puppet = options.puppet;
    this.#record = options.record;
    this.#clock = options.clock;
  }

  /** The run in progress, if any. */
  async running(): Promise<Recorded['run'] | undefined> {
    const known = this.#record.state.run;
    const run = known && (await this.#puppet.attach(known.id));
    return (await run?.isRunning()) ? known : undefined;
  }

  /** Throws while a run is in progress. */
  async checkIdle(): Promise<void> {
    const running = await this.running();
    if (running) throw busyWith(running);
  }

  /**
   * Runs Puppet and waits for the verdict. If a run of this stage is in progress, it is attached to; if one has ended
   * and its outcome is not noted yet, its verdict is returned.
   */
  async run(options: StageOptions): Promise<StageResult> {
    const { run, attached, wasOver } = await this.#starts.run(() => this.#obtain(options));
    const tail = new OutputTail(tailLimit);
    const verdict = await run.follow({
      maxOutput: Number.POSITIVE_INFINITY,
      signal: options.signal,
      onOutput: (lines) => {
        tail.add(lines);
        options.onOutput(lines);
      },
    });
    const seconds = wasOver ? null : (this.#clock.now() - run.record.startedAt) / 1000;
    await this.#judged(run.id, verdict, seconds);
    return { id: run.id, attached, verdict, output: tail.text, seconds };
  }

  async #obtain(options: StageOptions): Promise<{ run: PuppetRun; attached: boolean; wasOver: boolean }> {
    const known = this.#record.state.run;
    const run = known && (await this.#puppet.attach(known.id));
    if (known && run) {
      const isRunning = await run.isRunning();
      const isSame = known.stage === options.stage && known.environment === (options.environment ?? null);
      if (isRunning && !isSame) throw busyWith(known);
      if (isSame && (isRunning || isUnrecorded(known, options)))
        return { run, attached: true, wasOver: !isRunning };
    }
    return { run: await this.#start(options), attached: false, wasOver: false };
  }

  async #start({
    stage,
    environment,
    token,
    options,
    checkServer,
    confirm,
  }: StageOptions): Promise<PuppetRun> {
    const id = `${stage}-${randomUUID()}`;
    // Whatever stands in the way shows before the run is on record.
    const { settings } = await this.#puppet.assumedSettings();
    await checkServer();
    await this.#record.update((draft) => {
      confirm();
      draft.run = {
        id,
        stage,
        environment: environment ?? null,
        since: isoTime(this.#clock.now()),
        token: token ?? null,
        step: openStep(draft.steps)?.step ?? null,
        verdict: null,
        noted: false,
      };
    });
    const run = { ...options, id, ...(environment === undefined ? {} : { environment }) };
    return await this.#puppet.start(run, Promise.resolve(settings));
  }

  async #judged(id: string, verdict: PuppetVerdict, seconds: number | null): Promise<void> {
    await this.#record.update(({ run }) => {
      if (run?.id !== id || run.verdict) return;
      run.verdict = {
        ok: verdict.ok,
        outcome: verdict.outcome,
        reason: verdict.reason,
        exitcode: verdict.exitCode,
        seconds,
        finished: isoTime(this.#clock.now()),
      };
    });
  }
}

// A run of a provisioning whose outcome is not recorded: the provisioner that started it may have died.
function isUnrecorded(run: NonNullable<Recorded['run']>, { token, fresh }: StageOptions): boolean {
  return run.token !== null && !run.noted && !fresh && (run.verdict === null || token !== undefined);
}

function busyWith(run: {
  readonly id: string;
  readonly stage: string;
  readonly since: string;
}): ProvisionError {
  return new ProvisionError(
    `a Puppet run is in progress (${run.stage}, started at ${run.since}, ${run.id}): try again when it has ended`,
  );
}
