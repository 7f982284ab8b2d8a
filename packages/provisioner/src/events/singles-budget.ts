/** Milliseconds for which a message that was sent singly counts. */
const hour = 3_600_000;

interface Claim {
  /** When it was made, milliseconds since 1970. */
  readonly time: number;
  /** Whether a recipient got the message. */
  readonly isUsed: boolean;
  /** Attempts that are being made. */
  readonly attempts: number;
}

/** How many messages may be sent singly within an hour; the others go into a digest. */
export class SinglesBudget {
  readonly #most: number;
  // no peer fills this: it holds as many as the budget
  readonly #claims = new Map<string, Claim>();

  /** `sent`: when messages were sent singly before, milliseconds since 1970. */
  constructor(most: number, sent: Iterable<readonly [id: string, time: number]> = []) {
    this.#most = most;
    for (const [id, time] of sent) this.#claims.set(id, { time, isUsed: true, attempts: 0 });
  }

  /** Whether this message may be sent singly now; one that was sent to a recipient may be sent to the others. */
  claim(id: string, now: number): boolean {
    for (const [known, { time, attempts }] of this.#claims) {
      // A clock that was set back must not close the budget for longer than an hour.
      if (attempts === 0 && (time <= now - hour || time > now + hour)) this.#claims.delete(known);
    }
    const claim = this.#claims.get(id);
    if (!claim && this.#claims.size >= this.#most) return false;
    const { time = now, isUsed = false, attempts = 0 } = claim ?? {};
    this.#claims.set(id, { time, isUsed, attempts: attempts + 1 });
    return true;
  }

  /** The attempt for which the message was claimed has ended; if no recipient got it, another one may be sent instead. */
  end(id: string, isSent: boolean): void {
    const claim = this.#claims.get(id);
    if (!claim) return;
    const isUsed = claim.isUsed || isSent;
    const attempts = claim.attempts - 1;
    if (isUsed || attempts > 0) this.#claims.set(id, { ...claim, isUsed, attempts });
    else this.#claims.delete(id);
  }
}
