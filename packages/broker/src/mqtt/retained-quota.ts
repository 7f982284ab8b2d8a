import type { Permission } from '../authorization/permissions.js';
import type { Limits } from '../config.js';

type RetainedLimits = Pick<Limits, 'retained_bytes' | 'retained_per_name' | 'retained_total_bytes'>;

/** What machines that enrol may take of all: whoever has a token can have many names. */
const enrollingShare = 0.25;

/** Keeps count of what the broker keeps for others, so that no client can fill its memory. */
export class RetainedQuota {
  readonly #limits: RetainedLimits;
  // bound: retained messages (presence only) | nodes, machines with an enrolment token | [limits.retained_per_name]
  // for each name | [bytes limits.retained_bytes] each, [bytes limits.retained_total_bytes] in all, a quarter of
  // them for machines with tokens | the message is refused and its client disconnected
  readonly #sizes = new Map<string, number>();
  // no peer fills this: it holds the same messages by name
  readonly #topics = new Map<string, Set<string>>();
  // no peer fills this: it holds the same messages once more
  readonly #enrolling = new Set<string>();
  #total = 0;
  #enrollingTotal = 0;

  constructor(limits: RetainedLimits) {
    this.#limits = limits;
  }

  get messages(): number {
    return this.#sizes.size;
  }

  get bytes(): number {
    return this.#total;
  }

  /** Counts a message that is about to be kept; an empty one removes what was kept. */
  keep(name: string, topic: string, bytes: number, isEnrolling = false): Permission {
    const {
      retained_bytes: messageBytes,
      retained_total_bytes: totalBytes,
      retained_per_name: topicsPerName,
    } = this.#limits;
    const topics = this.#topics.get(name) ?? new Set();
    const before = this.#sizes.get(topic) ?? 0;
    const total = this.#total - before + bytes;
    const enrollingTotal =
      this.#enrollingTotal - (this.#enrolling.has(topic) ? before : 0) + (isEnrolling ? bytes : 0);
    if (bytes > messageBytes)
      return over(`a retained message of ${bytes} bytes exceeds`, 'retained_bytes', messageBytes);
    if (bytes > 0 && total > totalBytes)
      return over(`${total} bytes of retained messages exceed`, 'retained_total_bytes', totalBytes);
    if (bytes > 0 && isEnrolling && enrollingTotal > enrollingShare * totalBytes)
      return over(
        `${enrollingTotal} bytes of retained messages of enrolling machines exceed their quarter of`,
        'retained_total_bytes',
        totalBytes,
      );
    if (bytes > 0 && !topics.has(topic) && topics.size >= topicsPerName) {
      return over(
        `retained messages on ${topics.size + 1} topics exceed`,
        'retained_per_name',
        topicsPerName,
      );
    }
    this.#total = total;
    this.#enrollingTotal = enrollingTotal;
    if (bytes > 0 && isEnrolling) this.#enrolling.add(topic);
    else this.#enrolling.delete(topic);
    if (bytes > 0) {
      this.#sizes.set(topic, bytes);
      this.#topics.set(name, topics.add(topic));
    } else {
      this.#sizes.delete(topic);
      topics.delete(topic);
      if (topics.size === 0) this.#topics.delete(name);
    }
    return { allowed: true };
  }
}

function over(what: string, key: keyof RetainedLimits, limit: number): Permission {
  return { allowed: false, reason: `${what} the limit of ${limit} (limits.${key})` };
}
