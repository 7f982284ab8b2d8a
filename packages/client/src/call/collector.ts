import { type Reply, Status } from '@troupe/core';
import { isStepUp } from '../discovery/match-answer.js';
import { type Result, resultWithoutReply, type State, stateOf } from './result.js';

// The schema of replies leaves additional keys unchecked.
function cutOf(said: unknown): Pick<Result, 'cut'> {
  if (typeof said !== 'object' || said === null) return {};
  const sizes = Object.entries(said).filter((entry): entry is [string, number] => Number.isFinite(entry[1]));
  return sizes.length > 0 ? { cut: Object.fromEntries(sizes.slice(0, 100)) } : {};
}

export interface CollectorOptions {
  /** Milliseconds that a node may stay silent before it counts as one that does not reply. */
  readonly answerWithin: number;
  /** Whether a node is online, as far as is known. */
  readonly isOnline: (identity: string) => boolean | undefined;
  /** When a node was last seen going offline, milliseconds as `Date.now()`; nothing where it was not. */
  readonly leftAt?: (identity: string) => number | undefined;
  /** Whether others are known to be or to have been here, and this node is not: most likely a slip in its name. */
  readonly isStranger?: (identity: string) => boolean;
  /** Whether this client itself can be reached now. */
  readonly isConnected?: () => boolean;
}

/** What is to be sent now. */
export interface Due {
  /** Nodes to ask again with the same request id. */
  readonly ask: readonly string[];
  /** Nodes to ask for what they keep after the given reply. */
  readonly attach: readonly { readonly identity: string; readonly after: number }[];
  readonly ended: readonly Result[];
}

interface Target {
  readonly identity: string;
  readonly since: number;
  /** Since when it is waited for, in its present DDL; later by the time in which this process did not run. */
  waitingSince: number;
  /** Whether it is not waited for, because this client is finding out how to ask it. */
  isHeld: boolean;
  rounds: number;
  lastAsked: number;
  lastHeard: number;
  /** The last reply up to which none is missing. */
  seq: number;
  /** Replies that came before one that is missing. */
  readonly early: Set<number>;
  /** Whether it has said that it runs the action; and until when it may take, if its reply that says so has arrived. */
  hasBegun: boolean;
  acceptedUntil: number | undefined;
  offlineSince: number | undefined;
  /** Milliseconds of silence after which one that is at work is asked for what it keeps; and when most have ended. */
  patience: number;
  tailPatience: number;
  /** What it said when it could not take the request, and when it cannot take it any more. */
  busy: string | undefined;
  /** Whether it is asked again later than it would have been, because others still answered. */
  isHeldBack: boolean;
  /** Whether it is asked again before it is given up: what it sent while this process did not run may be lost. */
  isOwedRound: boolean;
  skips: number;
  until: number;
}

const firstRetry = 1_000;
const lastRetry = 4_000;
/** While answers still come, no more than so many are asked again in a second: a slow fleet would only be made slower. */
const mostAgain = 100;
const attachEvery = 15_000;
/** The same, at first, for those that are left when most have ended: their results may have been lost. */
const attachFirst = 2_000;
/** The share of all targets that are left then, and a number of them that is few in any case. */
const tailShare = 0.2;
const tailSize = 10;
const resultGrace = 5_000;
/** A node that is known to be offline gets this long, in case it just came back. */
const offlineGrace = 1_000;
/** One that went offline after it was asked gets this long: a daemon that is started again is back within some seconds. */
const leftGrace = 3_000;
/** A name that nobody knows gets this long. */
const strangerGrace = 3_000;
/** A node that went offline with our action gets this long to come back. */
const vanishedGrace = 30_000;
/** The same for one whose time limit is unknown, because the reply that names it was lost: it is asked again meanwhile. */
const silenceGrace = 60_000;
/** How often one is asked again because this process did not run, so that a slow machine does not wait forever. */
const mostSkips = 10;
/** Replies of one node that came before one that is missing. */
const mostEarly = 10_000;
/** So long without a broker of its own, a client does not take the silence of those at work for theirs. */
const cutOffGrace = 60_000;

/**
 * When is a call over, and whom to ask again: the state of each target, without I/O. Nothing that a broker loses
 * is lost here: a node that is silent is asked again under the same request id, which it runs at most once.
 */
export class Collector {
  readonly #options: CollectorOptions;
  // bound: replies of a node that came before one that is missing | nodes that were called | {mostEarly} numbers for
  // each target | 8 bytes each | those that are missing are given up
  readonly #open = new Map<string, Target>();
  #expected = 0;
  #cutOffSince: number | undefined;
  #lastAnswer = Number.NEGATIVE_INFINITY;
  /** Since when the silent are counted that were asked again, and their number. */
  #again = { since: Number.NEGATIVE_INFINITY, count: 0 };

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  get isComplete(): boolean {
    return this.#open.size === 0;
  }

  /** Targets that have not ended. */
  open(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Whether a node is counted on and has not ended. */
  isOpen(identity: string): boolean {
    return this.#open.has(identity);
  }

  /** Those of them that said that they are at work. */
  running(): readonly string[] {
    return [...this.#open.values()].filter(({ hasBegun }) => hasBegun).map(({ identity }) => identity);
  }

  /** Counts on a node from now on, which may begin until then: milliseconds, as `Date.now()`. */
  expect(identity: string, now: number, until = Number.POSITIVE_INFINITY): void {
    this.#expected += 1;
    this.#open.set(identity, {
      identity,
      since: now,
      waitingSince: now,
      isHeld: false,
      rounds: 1,
      lastAsked: now,
      lastHeard: now,
      seq: 0,
      early: new Set(),
      hasBegun: false,
      acceptedUntil: undefined,
      offlineSince: undefined,
      patience: attachEvery,
      tailPatience: attachFirst,
      busy: undefined,
      isHeldBack: false,
      isOwedRound: false,
      skips: 0,
      until,
    });
  }

  /** Waits for a node no longer until it is released: it must be asked in another way first. */
  hold(identity: string): void {
    const target = this.#open.get(identity);
    if (target) target.isHeld = true;
  }

  /** Waits for a node again, which is asked now. */
  release(identity: string, now: number): void {
    const target = this.#open.get(identity);
    if (!target) return;
    Object.assign(target, {
      isHeld: false,
      waitingSince: now,
      lastAsked: now,
      rounds: 1,
      seq: 0,
      busy: undefined,
    });
    target.early.clear();
  }

  /** Ends a node that cannot be asked. */
  end(identity: string, state: State, words: string, now: number): Result | undefined {
    const target = this.#open.get(identity);
    return target && this.#end(target, [state, words], now);
  }

  /**
   * Does not count these milliseconds as waited: this process did not run, or its clock was set. Whoever has not ended is
   * asked again before it is given up.
   */
  skip(milliseconds: number, now: number): void {
    for (const target of this.#open.values()) {
      target.waitingSince += milliseconds;
      target.until += milliseconds;
      if (target.acceptedUntil !== undefined) target.acceptedUntil += milliseconds;
      if (target.offlineSince !== undefined) target.offlineSince += milliseconds;
      target.lastAsked = now - lastRetry;
      target.lastHeard = now;
      target.patience = firstRetry;
      target.isHeldBack = true;
      target.skips += 1;
      target.isOwedRound = target.skips <= mostSkips;
    }
    if (this.#cutOffSince !== undefined) this.#cutOffSince += milliseconds;
    this.#lastAnswer = Number.NEGATIVE_INFINITY;
    this.#again = { since: Number.NEGATIVE_INFINITY, count: 0 };
  }

  /** Ends the targets that have not ended, because nobody waits for them any more; one that was busy has run nothing. */
  leave(seconds: number): readonly Result[] {
    const words = 'this client stopped waiting';
    return [...this.#open.values()].map(({ identity, busy }) => {
      if (busy === undefined) return resultWithoutReply(identity, 'no-reply', words, seconds);
      this.#open.delete(identity);
      return failedWithoutReply(identity, `${busy} (${words})`, seconds);
    });
  }

  /** Takes a reply in; says whether it is new, and how the target ended if it did. */
  receive(reply: Reply, key: string, now: number): { readonly isNew: boolean; readonly result?: Result } {
    const target = this.#open.get(reply.sender);
    if (!target) return { isNew: false };
    this.#lastAnswer = now;
    target.lastHeard = now;
    target.offlineSince = undefined;
    target.patience = attachEvery;
    if (reply.kind === 'progress') target.tailPatience = attachFirst;
    if (reply.kind === 'result' && reply.outcome === 'busy') {
      defer(target, reply.statusmsg, now);
      return { isNew: false };
    }
    if (isStepUp(reply)) {
      target.lastAsked = Number.NEGATIVE_INFINITY;
      return { isNew: false };
    }
    target.busy = undefined;
    const isNew = count(target, reply.seq);
    if (reply.kind === 'accepted')
      target.acceptedUntil = Math.max(target.acceptedUntil ?? 0, now + reply.timeout * 1000);
    if (reply.kind !== 'result') {
      target.hasBegun = true;
      return { isNew };
    }
    this.#open.delete(reply.sender);
    const { statusmsg, data, ddl, withheld } = reply;
    const state = stateOf(reply.outcome);
    const isUnmatched = reply.outcome === 'unmatched';
    const statuscode = isUnmatched ? Status.aborted : reply.statuscode;
    const seconds = (now - target.since) / 1000;
    const result = {
      sender: reply.sender,
      state,
      ok: state === 'ok',
      statuscode,
      statusmsg,
      data,
      ...(isUnmatched && { isUnmatched }),
      seconds,
      clockOffset: reply.time - now,
      key,
      ...(ddl && { ddl: ddl.version }),
      ...(ddl?.hash !== undefined && { ddlHash: ddl.hash }),
      ...(withheld && { withheld }),
      ...cutOf(reply['x-cut']),
    };
    return { isNew, result };
  }

  /** What time has made due. */
  tick(now: number): Due {
    this.#noticeConnection(now);
    const ask: string[] = [];
    const attach: { identity: string; after: number }[] = [];
    const ended: Result[] = [];
    for (const target of this.#open.values()) {
      if (target.isHeld) continue;
      const end = this.#endOf(target, now);
      if (end) ended.push(this.#end(target, end, now));
      else if (!target.hasBegun) {
        if (this.#isAskDue(target, now)) ask.push(target.identity);
      } else if (this.#isAttachDue(target, now))
        attach.push({ identity: target.identity, after: target.seq });
    }
    return { ask, attach, ended };
  }

  // What was said while this client had no broker is lost: as soon as it has one, it asks for it, more and more
  // rarely, for the nodes may come back later.
  #noticeConnection(now: number): void {
    const isConnected = this.#options.isConnected?.() ?? true;
    if (!isConnected) this.#cutOffSince ??= now;
    else if (this.#cutOffSince !== undefined) {
      this.#cutOffSince = undefined;
      for (const target of this.#open.values()) {
        target.lastHeard = now;
        target.patience = firstRetry;
      }
    }
  }

  #endOf(target: Target, now: number): readonly [State, string] | undefined {
    if (target.hasBegun) return this.#vanishing(target, now);
    return target.busy === undefined ? this.#silence(target, now) : this.#deferral(target, target.busy, now);
  }

  // One that said that it is busy has run nothing: it is asked until the request is too old to begin.
  #deferral(target: Target, words: string, now: number): readonly [State, string] | undefined {
    if (this.#hasLeft(target, now))
      return ['offline', `the node went offline before it accepted the request; its last reply: ${words}`];
    if (now < target.until) return undefined;
    return [
      'failed',
      `${words} (request sent ${times(target.rounds)} in ${Math.round((now - target.waitingSince) / 1000)} s)`,
    ];
  }

  #hasLeft(target: Target, now: number): boolean {
    if (this.#options.isOnline(target.identity) !== false) {
      target.offlineSince = undefined;
      return false;
    }
    target.offlineSince ??= now;
    return now - target.offlineSince >= vanishedGrace;
  }

  #silence(target: Target, now: number): readonly [State, string] | undefined {
    const { answerWithin, isOnline, isStranger } = this.#options;
    const { identity, rounds } = target;
    const waited = now - target.waitingSince;
    const online = isOnline(identity);
    const left = this.#leftWith(target);
    if (online === false && left !== undefined) {
      if (now - left < Math.min(leftGrace, answerWithin)) return undefined;
      return [
        'offline',
        'the node went offline after the request was sent: whether the action started is unknown',
      ];
    }
    if (online === false && waited >= Math.min(offlineGrace, answerWithin)) {
      return ['offline', 'the node is offline'];
    }
    const called = `called ${times(rounds)} in ${Math.round(waited / 1000)} s`;
    if (isStranger?.(identity) && waited >= Math.min(strangerGrace, answerWithin)) {
      return ['no-reply', `unknown node, ${called}; mco find lists the nodes`];
    }
    if (waited < answerWithin || this.#isOwedTime(target, now)) return undefined;
    return ['no-reply', `${online ? 'online, ' : ''}${called}`];
  }

  // It may have begun before it went, and may be back in a moment: then it says itself what became of it.
  #leftWith({ identity, since }: Target): number | undefined {
    const left = this.#options.leftAt?.(identity);
    return left !== undefined && left >= since ? left : undefined;
  }

  #vanishing(target: Target, now: number): readonly [State, string] | undefined {
    if (this.#hasLeft(target, now))
      return ['offline', 'the node went offline while the action was running: its outcome is unknown'];
    if (target.offlineSince !== undefined) return undefined;
    if (this.#cutOffSince !== undefined && now - this.#cutOffSince < cutOffGrace) return undefined;
    const silent = now - target.lastHeard;
    if (target.acceptedUntil === undefined) {
      if (silent < silenceGrace) return undefined;
      const seconds = silenceGrace / 1000;
      return [
        'no-reply',
        `the node started the action, but has sent nothing for ${seconds} s: its outcome is unknown`,
      ];
    }
    if (now < target.acceptedUntil + resultGrace || silent < attachEvery + resultGrace) return undefined;
    return ['no-reply', 'the node started the action, but no result arrived within its time limit'];
  }

  // One that was held back is not given up before it was asked again and had time to answer that.
  #isOwedTime({ isHeldBack, isOwedRound, rounds, lastAsked, until }: Target, now: number): boolean {
    if (!isHeldBack || now >= until) return false;
    return isOwedRound || rounds === 1 || now - lastAsked < firstRetry;
  }

  #isAskDue(target: Target, now: number): boolean {
    if (now >= target.until) return false;
    if (now - target.lastAsked < Math.min(lastRetry, firstRetry * 2 ** (target.rounds - 1))) return false;
    if (!this.#mayAsk(now)) {
      target.isHeldBack = true;
      return false;
    }
    target.rounds += 1;
    target.lastAsked = now;
    target.isOwedRound = false;
    return true;
  }

  #mayAsk(now: number): boolean {
    if (now - this.#again.since >= firstRetry) this.#again = { since: now, count: 0 };
    if (this.#again.count >= mostAgain && now - this.#lastAnswer < firstRetry) return false;
    this.#again.count += 1;
    return true;
  }

  #isAttachDue(target: Target, now: number): boolean {
    const isTail = this.#open.size <= Math.max(tailSize, tailShare * this.#expected);
    const usual = isTail ? Math.min(target.patience, target.tailPatience) : target.patience;
    const patience = target.early.size > 0 ? firstRetry : usual;
    if (now - Math.max(target.lastHeard, target.lastAsked) < patience) return false;
    target.lastAsked = now;
    target.patience = Math.min(attachEvery, target.patience * 2);
    target.tailPatience = Math.min(attachEvery, target.tailPatience * 2);
    return true;
  }

  #end(target: Target, [state, statusmsg]: readonly [State, string], now: number): Result {
    this.#open.delete(target.identity);
    const seconds = (now - target.since) / 1000;
    return state === 'failed'
      ? failedWithoutReply(target.identity, statusmsg, seconds)
      : resultWithoutReply(target.identity, state, statusmsg, seconds);
  }
}

function failedWithoutReply(identity: string, statusmsg: string, seconds: number): Result {
  return { ...resultWithoutReply(identity, 'failed', statusmsg, seconds), statuscode: Status.aborted };
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

// It keeps nothing of the request, and numbers its replies from 1 when it takes it.
function defer(target: Target, words: string, now: number): void {
  target.busy = words;
  target.lastAsked = now;
  target.seq = 0;
  target.early.clear();
}

function count(target: Target, seq: number): boolean {
  if (seq <= target.seq || target.early.has(seq)) return false;
  target.early.add(seq);
  // Nobody keeps track of a node that sends ever new numbers.
  if (target.early.size > mostEarly) {
    target.seq = seq;
    target.early.clear();
    return true;
  }
  while (target.early.delete(target.seq + 1)) target.seq += 1;
  return true;
}
