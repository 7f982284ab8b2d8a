import { setTimeout as delay } from 'node:timers/promises';
import { type Call, type Client, type State, stateOf } from '@troupe/client';
import type { RunningProcess } from '@troupe/testkit';
import type { Asker } from './asker.js';
import type { Answer, RequestEvidence, RoundEvidence } from './evidence.js';
import { marksDdl } from './marks-agent.js';
import { type Moment, momentWords, type RequestPlan, type RoundPlan, startWords } from './plan.js';
import { identity, type Site, type StartOptions } from './site.js';

/** Seconds that a start may take, and a request until it has ended. */
const patience = 60;
/** Seconds until a daemon that is to be killed at a point which does not come is killed all the same. */
const pointPatience = 15;

export interface LoopParts {
  readonly site: Site;
  readonly client: Client;
  readonly asker: Asker;
  readonly signal: AbortSignal;
}

type Ending = { readonly state?: State | undefined; readonly statusmsg: string };

// Where everybody was asked, one that did not say whether it is meant is no target. It is named as silent, or as offline
// where it was not asked, which says that it did not run.
function silenceOf({ discovery }: Call): Ending {
  if (discovery?.silent.includes(identity)) return { state: 'no-reply', statusmsg: 'named as silent' };
  if (discovery?.offline.includes(identity)) return { state: 'offline', statusmsg: 'the node is offline' };
  return { statusmsg: 'neither a target, nor silent, nor offline' };
}

/** Resolves when the daemon can be asked; false where it ended before. */
export async function isUp(daemon: RunningProcess): Promise<boolean> {
  return daemon.waitForLine('connected to the broker', { timeoutSeconds: patience }).then(
    () => true,
    () => false,
  );
}

export function startOptionsOf({ moment, noteFirst }: RoundPlan): StartOptions {
  return { noteFirst, point: 'point' in moment ? moment.point : undefined };
}

/**
 * Asks a daemon that is up, kills it in the middle, starts it again for the round after this one, and asks again.
 * The result's daemon is nothing where it did not come up.
 */
export class Round {
  readonly #parts: LoopParts;
  readonly #number: number;
  readonly #plan: RoundPlan;
  readonly #requests: { id: string; plan: RequestPlan; answers: Answer[]; ended: Promise<unknown> }[] = [];
  readonly #journaled = new Set<string>();
  readonly #begun = new Set<string>();
  #isKilled = false;

  constructor(parts: LoopParts, number: number, plan: RoundPlan) {
    this.#parts = parts;
    this.#number = number;
    this.#plan = plan;
  }

  async run(
    daemon: RunningProcess,
    next: StartOptions,
  ): Promise<{ daemon: RunningProcess | undefined; evidence: RoundEvidence }> {
    const { moment, start } = this.#plan;
    const isHit = await this.#askAndKill(daemon);
    if (start) await this.#killStart();
    const began = performance.now();
    const again = this.#parts.site.start(next);
    const isBack = await isUp(again);
    const upAfter = isBack ? (performance.now() - began) / 1000 : undefined;
    if (isBack) await this.#askAgain();
    else await again.stop({ signal: 'SIGKILL' });
    const evidence: RoundEvidence = {
      round: this.#number,
      moment: momentWords(moment),
      isHit,
      ...(start && { startMoment: startWords(start) }),
      upAfter,
      leftOvers: await this.#parts.site.leftOvers(),
      requests: this.#requests.map(({ id, plan, answers }): RequestEvidence => {
        const isJournaled = this.#journaled.has(id);
        const isNotedFirst = this.#plan.noteFirst && this.#begun.has(id);
        return { id, round: this.#number, way: plan.way, isJournaled, isNotedFirst, answers };
      }),
    };
    return { daemon: isBack ? again : undefined, evidence };
  }

  async #askAndKill(daemon: RunningProcess): Promise<boolean> {
    const { moment, requests } = this.#plan;
    const before = this.#parts.site.marks().length;
    if ('point' in moment) {
      daemon.kill('SIGUSR2');
      await daemon.waitForLine('kill point armed');
    }
    const sent = Promise.all(requests.map((request) => this.#send(request)));
    const isHit = await this.#untilDue(moment, daemon, before);
    daemon.kill('SIGKILL');
    await daemon.exited;
    this.#isKilled = true;
    this.#noteDisk();
    await sent;
    return isHit;
  }

  async #send(plan: RequestPlan): Promise<void> {
    const { client, signal } = this.#parts;
    await delay(plan.at, undefined, { signal });
    const input = { takes: plan.takes };
    if (plan.way === 'send') {
      // Without a broker for a moment, or its node gone already, nothing is sent: there is no request then.
      const sent = await client
        .send(marksDdl, 'mark', input, { targets: [identity], signal })
        .catch(() => undefined);
      if (sent) this.#requests.push({ id: sent.id, plan, answers: [], ended: Promise.resolve() });
      return;
    }
    const targets = plan.way === 'call' ? { targets: [identity] } : {};
    const call = client.call(marksDdl, 'mark', input, { ...targets, signal });
    const answers: Answer[] = [];
    const ended = call.all().then(
      ([result]) => {
        answers.push(this.#answer('call', call.id, result ?? silenceOf(call)));
      },
      (error: unknown) => answers.push(this.#answer('call', call.id, { statusmsg: String(error) })),
    );
    this.#requests.push({ id: call.id, plan, answers, ended });
  }

  // False where the moment did not come before all had ended, or in time.
  async #untilDue(moment: Moment, daemon: RunningProcess, before: number): Promise<boolean> {
    const { signal, site } = this.#parts;
    if (moment.kind === 'in flight') {
      await delay(moment.milliseconds, undefined, { signal });
      return true;
    }
    const deadline = performance.now() + pointPatience * 1000;
    while (daemon.isRunning && performance.now() < deadline) {
      if (moment.kind === 'in the handler') {
        const begun = site.marks().filter(({ what }, index) => index >= before && what === 'begin').length;
        if (begun >= moment.begun) {
          await delay(moment.milliseconds, undefined, { signal });
          return true;
        }
      }
      await delay(1, undefined, { signal });
    }
    return !daemon.isRunning;
  }

  async #killStart(): Promise<void> {
    const { start, noteFirst } = this.#plan;
    const { site, signal } = this.#parts;
    if (!start) return;
    const point = start.kind === 'point' ? start.point : undefined;
    const daemon = site.start({ noteFirst, point, isArmed: true });
    if (start.kind === 'clock') await delay(start.milliseconds, undefined, { signal });
    else await Promise.race([daemon.exited, delay(pointPatience * 1000, undefined, { signal, ref: false })]);
    daemon.kill('SIGKILL');
    await daemon.exited;
    this.#noteDisk();
  }

  // What the disk says when a daemon has been killed.
  #noteDisk(): void {
    for (const id of this.#parts.site.journal()) this.#journaled.add(id);
    for (const { id } of this.#parts.site.marks()) this.#begun.add(id);
  }

  // First the client recovers by itself; then each is sent again, and what is kept of it is asked for.
  async #askAgain(): Promise<void> {
    const { asker, client, signal } = this.#parts;
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(patience * 1000)]);
    const over = new Promise((resolve) => timeout.addEventListener('abort', resolve, { once: true }));
    await Promise.race([Promise.all(this.#requests.map(({ ended }) => ended)), over]);
    await Promise.all(
      this.#requests.map(async ({ id, plan, answers }) => {
        const again = await asker.ask(id, { takes: plan.takes }, timeout).catch(() => undefined);
        if (again) {
          const { outcome, statusmsg } = again;
          answers.push({ by: 'again', state: stateOf(outcome), statusmsg, ...this.#known(id) });
        }
        const attached = client.attach(id, { targets: [identity], signal: timeout });
        answers.push(this.#answer('attach', id, await attached.one()));
      }),
    );
    signal.throwIfAborted();
  }

  #answer(by: Answer['by'], id: string, { state, statusmsg }: Ending): Answer {
    return { by, state, statusmsg, ...this.#known(id) };
  }

  #known(id: string): Pick<Answer, 'isBeforeKill' | 'begun' | 'ended'> {
    const own = this.#parts.site.marks().filter((mark) => mark.id === id);
    const begun = own.filter(({ what }) => what === 'begin').length;
    return { isBeforeKill: !this.#isKilled, begun, ended: own.length - begun };
  }
}
