import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { familyOf, isAlive, isOtherBoot, type Member, signalGroup, signalProcess } from '@troupe/host';
import { parseFailedResources } from './failed-resource.js';
import { createFile, readIfPresent } from './file.js';
import { OutputHints } from './hint.js';
import { OutputReader } from './output.js';
import { type RunRecord, readVerdict, runFiles, writeVerdict } from './record.js';
import { parseReport } from './report.js';
import { readDisabledLock } from './state.js';
import { parseSummary } from './summary.js';
import { judge, type PuppetVerdict } from './verdict.js';

/** How to follow a run. */
export interface FollowOptions {
  /** Gets the output as it comes, lines without their ends. */
  readonly onOutput?: (lines: readonly string[]) => void;
  /** How many characters of output to hand on; the rest stays in the run's file. Default: 1 MiB. */
  readonly maxOutput?: number;
  /** Ends the following, not the run: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** True where following alone must not keep the process alive. */
  readonly isBackground?: boolean;
}

// How often a run is looked at; one look is a read of what is new and a look into /proc.
const lookEveryMs = 100;

/** A run of Puppet, going on or over, started by this process or by one that is gone. */
export class PuppetRun {
  readonly record: RunRecord;

  constructor(record: RunRecord) {
    this.record = record;
  }

  get id(): string {
    return this.record.id;
  }

  /** Whether it goes on. */
  async isRunning(): Promise<boolean> {
    return (await this.#exitCode()) === undefined && isAlive(this.record.process);
  }

  /** Hands on the output from the beginning, waits for the end, and judges. Any number may follow one run. */
  async follow(options: FollowOptions = {}): Promise<PuppetVerdict> {
    const { signal } = options;
    const output = new OutputReader(join(this.record.folder, runFiles.output));
    const hints = new OutputHints();
    const hand = handOn(options, this.record.folder);
    for (;;) {
      signal?.throwIfAborted();
      // Looked at before the output is read, so that nothing can be written after the last read.
      const isOver = !(await this.isRunning());
      for await (const lines of output.read()) {
        for (const line of lines) hints.add(line);
        hand(lines);
      }
      if (isOver) break;
      const pause = sleep(lookEveryMs, undefined, { ref: !options.isBackground, ...(signal && { signal }) });
      await pause.catch(() => signal?.throwIfAborted());
    }
    const rest = output.rest();
    for (const line of rest) hints.add(line);
    hand(rest);
    return (await readVerdict(this.record)) ?? (await this.#judge(hints));
  }

  /**
   * Ends the run with everything that it started, first by SIGTERM, what is left after `graceSeconds` by SIGKILL;
   * then judges it. `why` becomes the verdict's reason, unless the run had ended before.
   */
  async abort(why: string, options: { graceSeconds?: number } = {}): Promise<PuppetVerdict> {
    const leader = this.record.process;
    if (!(await this.isRunning()) && familyOf(leader).length === 0) return this.follow();
    await createFile(join(this.record.folder, runFiles.aborted), why, 0o600);
    const family = new Map<number, Member>();
    const grow = () => {
      for (const member of familyOf(leader)) family.set(member.pid, member);
    };
    const signalAll = (name: NodeJS.Signals) => {
      // Those outside the group first: their parent, once ended, no longer leads to them.
      grow();
      for (const member of family.values()) {
        if (member.group !== leader.pid) signalProcess(member, name);
      }
      signalGroup(leader, name);
    };
    const isGone = () => ![leader, ...family.values()].some(isAlive);
    signalAll('SIGTERM');
    const deadline = Date.now() + (options.graceSeconds ?? 10) * 1000;
    while (!isGone() && Date.now() < deadline) {
      await sleep(lookEveryMs);
      grow();
    }
    // A process that the kernel holds does not go even then; the run is over without it.
    for (let tries = 0; !isGone() && tries < 20; tries += 1) {
      signalAll('SIGKILL');
      await sleep(lookEveryMs);
    }
    return this.follow();
  }

  async #judge(hints: OutputHints): Promise<PuppetVerdict> {
    const { id, folder, environment, startedAt } = this.record;
    const read = (name: string) => readIfPresent(join(folder, name));
    const report = parseReport(
      (await read(runFiles.reportHead)) ?? '',
      (await read(runFiles.reportTail)) ?? '',
    );
    const verdict = judge({
      id,
      startedAt,
      exitCode: (await this.#exitCode()) ?? null,
      endedAt: await timeOf(join(folder, runFiles.exitCode)),
      report,
      failedResources: parseFailedResources((await read(runFiles.reportErrors)) ?? ''),
      resources: parseSummary((await read(runFiles.summary)) ?? '')?.resources,
      hints,
      environment: environment ?? undefined,
      aborted: await read(runFiles.aborted),
      isOtherBoot: isOtherBoot(this.record.process),
      disabledMessage: await readDisabledLock(this.record.disabledLockfile),
    });
    await writeVerdict(this.record, verdict);
    return verdict;
  }

  async #exitCode(): Promise<number | undefined> {
    const text = await readIfPresent(join(this.record.folder, runFiles.exitCode));
    return text === undefined ? undefined : Number(text);
  }
}

function timeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

function handOn({ onOutput, maxOutput = 1024 * 1024 }: FollowOptions, folder: string) {
  let left = maxOutput;
  return (lines: readonly string[]): void => {
    if (!onOutput || left <= 0 || lines.length === 0) return;
    const fitting: string[] = [];
    for (const line of lines) {
      left -= line.length + 1;
      if (left <= 0) {
        fitting.push(`… output truncated; the rest is on the node in ${join(folder, runFiles.output)}`);
        break;
      }
      fitting.push(line);
    }
    onOutput(fitting);
  };
}
