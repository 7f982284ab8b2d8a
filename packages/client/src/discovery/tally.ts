import { cut } from '@troupe/core/internal';
import type { MatchAnswer } from './match-answer.js';

/** What an expectation of answers begins with. */
export interface TallyOptions {
  /** Nodes that are known to be there. */
  readonly expected: Iterable<string>;
  /** Whether those that do not match say so. */
  readonly answerUnmatched: boolean;
  /** Picks nodes to ask where there are too many to ask each. */
  readonly sample: (names: readonly string[], count: number) => readonly string[];
}

/** What is to be done now. */
export interface DueQuestions {
  /** Nodes to ask the same question again, each for itself. */
  readonly ask: readonly string[];
  readonly isOver: boolean;
}

/** Milliseconds of silence that end the waiting where it is not known who is to answer. */
const leastSilence = 500;
/** The same where somebody who is known to be there has said nothing. */
const leastPatience = 2_000;
const mostPatience = 10_000;
/** How often the silent are asked again before the patience is over, and in all. */
const mostRounds = 3;
const mostRoundsInAll = 12;
/** How many of them at a time: a fleet that is slow would only be made slower; and where it was the connection that broke. */
const mostAgain = 100;
const mostAgainAfterCut = 1_000;
/** Milliseconds without a connection after which nobody is waited for. */
const mostCutOff = 60_000;
/** Nodes of a large fleet that are asked whether they match, to find out whether answers are still to come. */
const sampleSize = 100;
/** Nodes of which nothing was known that answer; and characters of a reason. */
const mostStrangers = 200_000;
const mostWords = 2_000;
/** The most that one look at the clock counts as silence: this process was busy itself meanwhile. */
const mostStep = 100;

/**
 * When is a discovery over: who has answered and who is to be asked again, without I/O. A pause is not taken for the
 * end while nodes that are known to be online have not been heard from: they are asked again first, and waited for.
 */
export class Tally {
  // bound: nodes that reply to a discovery, their names and reasons | nodes; with an enrolment token, under any name
  // | all that are known to be online, and {mostStrangers} others, until the discovery ends | 300 bytes each; a
  // reason has at most {mostWords} characters | further nodes are ignored
  readonly answered = new Set<string>();
  // no peer fills this: it holds nodes that are in the first set
  readonly matched = new Set<string>();
  // no peer fills this: it holds nodes that are in the first set
  readonly refused = new Map<string, string>();
  readonly #options: TallyOptions;
  /** Those of whom it is known that they are there, and who have not answered. */
  // no peer fills this: the presence view bounds it
  readonly #missing = new Set<string>();
  /** Those that answered, and of whom it was not known that they are there. */
  // no peer fills this: it holds nodes that are in the first set
  readonly #strangers = new Set<string>();
  // no peer fills this: it is bounded like the first set
  readonly #busy = new Map<string, string>();
  #isAnybodyKnown = false;
  /** Milliseconds without a connection, in all. */
  #cutOff = 0;
  #lastLook: number;
  /** Milliseconds of waiting in all, up to the last answer, and since. */
  #waited = 0;
  #waitedAtLast = 0;
  #quiet = 0;
  #longestGap = 0;
  #rounds = 0;
  #roundsInAll = 0;
  #quietAtAsking = 0;
  // no peer fills this: it holds a sample of known nodes
  #probed: ReadonlySet<string> = new Set();
  #probesMatched = false;

  constructor(options: TallyOptions, now: number) {
    this.#options = options;
    this.#lastLook = now;
    this.expect(options.expected);
  }

  /** Learns of nodes that are there, too. */
  expect(identities: Iterable<string>): void {
    for (const identity of identities) {
      this.#isAnybodyKnown = true;
      this.#strangers.delete(identity);
      if (!this.answered.has(identity)) this.#missing.add(identity);
    }
  }

  /** Nodes that are known to be there and have not answered. */
  missing(): readonly string[] {
    return [...this.#missing];
  }

  /** How those that have not answered said that they are busy. */
  busy(): ReadonlyMap<string, string> {
    return this.#busy;
  }

  /** Takes an answer in; says whether it is of another node that matches. */
  take(sender: string, match: MatchAnswer, words: string): boolean {
    if (this.answered.has(sender)) return false;
    const isStranger = !this.#missing.has(sender);
    if (isStranger && Math.max(this.#strangers.size, this.#busy.size) >= mostStrangers) return false;
    if (match === 'busy') {
      this.#busy.set(sender, cut(words, mostWords));
      return false;
    }
    this.#busy.delete(sender);
    if (this.answered.size > 0) this.#longestGap = Math.max(this.#longestGap, this.#quiet);
    this.#waitedAtLast = this.#waited;
    this.#beginSilence();
    this.answered.add(sender);
    if (!this.#missing.delete(sender)) this.#strangers.add(sender);
    if (match === 'refused') this.refused.set(sender, cut(words, mostWords));
    if (match !== 'matched') return false;
    this.matched.add(sender);
    if (this.#probed.has(sender)) this.#probesMatched = true;
    return true;
  }

  /** What time has made due: milliseconds, as `Date.now()`. */
  tick(now: number, isConnected = true): DueQuestions {
    const step = Math.min(mostStep, Math.max(0, now - this.#lastLook));
    this.#lastLook = now;
    if (!isConnected) {
      // What was said meanwhile is lost, and those that lost their broker too need a while to come back.
      this.#cutOff += step;
      this.#beginSilence();
      this.#roundsInAll = 0;
      return { ask: [], isOver: this.#cutOff >= mostCutOff };
    }
    this.#quiet += step;
    this.#waited += step;
    if (!this.#isAnybodyKnown) return { ask: [], isOver: this.#quiet >= this.#silence() };
    return this.#options.answerUnmatched ? this.#insist(this.#missing) : this.#untilSampled();
  }

  // Only those that match answer: when they have fallen silent, a sample of the others says whether all of them have.
  #untilSampled(): DueQuestions {
    const open = new Set([...this.#probed].filter((identity) => !this.answered.has(identity)));
    if (open.size > 0) return this.#insist(open);
    const isDone = this.#probed.size > 0 && !this.#probesMatched;
    if (isDone || this.#missing.size === 0) return { ask: [], isOver: true };
    const silence = this.answered.size === 0 ? leastSilence : this.#silence();
    if (this.#quiet < silence) return { ask: [], isOver: false };
    const ask = this.#options.sample(this.missing(), sampleSize);
    this.#probed = new Set(ask);
    this.#probesMatched = false;
    this.#beginSilence();
    return { ask, isOver: false };
  }

  // The broker may have lost questions and answers, so nobody is given up who was not asked again.
  #insist(missing: ReadonlySet<string>): DueQuestions {
    // Where some answered of whom nobody knew, others may: what is known is not all.
    if (missing.size === 0 && this.#strangers.size > 0)
      return { ask: [], isOver: this.#quiet >= this.#silence() };
    const patience = this.#cutOff > 0 ? mostPatience : Math.max(leastPatience, this.#silence());
    if (missing.size === 0 || this.#quiet >= patience) return { ask: [], isOver: true };
    const pause = patience / (mostRounds + 1);
    const isEnough = this.#rounds >= mostRounds || this.#roundsInAll >= mostRoundsInAll;
    if (isEnough || this.#quiet - this.#quietAtAsking < pause) return { ask: [], isOver: false };
    this.#rounds += 1;
    this.#roundsInAll += 1;
    this.#quietAtAsking = this.#quiet;
    const names = [...missing];
    const most = this.#cutOff > 0 ? mostAgainAfterCut : mostAgain;
    return { ask: names.length > most ? this.#options.sample(names, most) : names, isOver: false };
  }

  // A fleet, a network or a machine that is slow takes its time between answers too.
  #silence(): number {
    if (this.answered.size === 0) return leastPatience;
    return Math.min(mostPatience, Math.max(leastSilence, 3 * this.#longestGap, this.#waitedAtLast / 2));
  }

  #beginSilence(): void {
    this.#rounds = 0;
    this.#quiet = 0;
    this.#quietAtAsking = 0;
  }
}
