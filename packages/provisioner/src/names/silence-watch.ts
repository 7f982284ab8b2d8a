import type { Peers } from '../rpc/peers.js';

/** Names that are watched at the same time. */
const mostNames = 1000;
/** Pings in the time that has to be silent, at least. */
const pings = 10;
/** Seconds between two pings, at most. */
const longestGap = 60;
/** Seconds to wait for the reply to a ping. */
const patience = 2;

interface Watched {
  /** The enrolment key of the machine that waits for the name: its own replies do not count. */
  readonly key: string | undefined;
  /** Since when nobody has replied. */
  since: number;
  pingedAt: number;
  askedAt: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Watches whether hosts with certain names reply in the main collective, by signed pings: presence is not signed and
 * proves nothing. Whenever this provisioner was not connected, the silence begins again.
 */
export class SilenceWatch {
  readonly #peers: Peers;
  readonly #seconds: number;
  readonly #now: () => number;
  // bound: names whose hosts are watched before a replacement | machines whose token permits a replacement |
  // {mostNames} | 500 bytes each | further machines wait
  readonly #names = new Map<string, Watched>();
  #isStopped = false;

  /** `seconds`: the silence that is wanted; `now`: milliseconds on a clock that nobody sets. */
  constructor(peers: Peers, seconds: number, now: () => number = () => performance.now()) {
    this.#peers = peers;
    this.#seconds = seconds;
    this.#now = now;
    peers.client.onConnect(() => this.#beginAgain());
  }

  /** Seconds between two pings of a name. */
  get gap(): number {
    return Math.min(longestGap, this.#seconds / pings);
  }

  /** For how many seconds nobody has replied under a name, which is watched from now on; undefined if too many are watched. */
  silence(name: string, key: string | undefined): number | undefined {
    const now = this.#now();
    const known = this.#names.get(name);
    if (known && known.key === key) {
      known.askedAt = now;
      // A ping that is late, for example because this machine was suspended: nobody knows what happened meanwhile.
      if (now - known.pingedAt > 3 * (this.gap + patience) * 1000) known.since = now;
      return this.#peers.client.isConnected ? (now - known.since) / 1000 : 0;
    }
    this.#forget(name);
    this.#dropUnasked(now);
    if (this.#names.size >= mostNames) return undefined;
    const watched: Watched = { key, since: now, pingedAt: now, askedAt: now, timer: undefined };
    this.#names.set(name, watched);
    void this.#ping(name, watched);
    return 0;
  }

  stop(): void {
    this.#isStopped = true;
    for (const name of [...this.#names.keys()]) this.#forget(name);
  }

  async #ping(name: string, watched: Watched): Promise<void> {
    const { rpcutil, main: collective } = this.#peers;
    const isSilent = await rpcutil
      .ping({}, { targets: [name], collective, answerWithin: patience })
      .one()
      .then(
        ({ state, key }) =>
          state === 'offline' || state === 'no-reply' || (key !== undefined && key === watched.key),
        // It was not sent.
        () => false,
      );
    const now = this.#now();
    watched.pingedAt = now;
    if (!isSilent) watched.since = now;
    if (this.#isStopped || this.#names.get(name) !== watched) return;
    watched.timer = setTimeout(() => void this.#ping(name, watched), this.gap * 1000);
  }

  #beginAgain(): void {
    const now = this.#now();
    for (const watched of this.#names.values()) watched.since = now;
  }

  // Machines that waited and went away.
  #dropUnasked(now: number): void {
    const patience = Math.max(2 * this.#seconds, 60) * 1000;
    for (const [name, { askedAt }] of this.#names) if (now - askedAt > patience) this.#forget(name);
  }

  #forget(name: string): void {
    clearTimeout(this.#names.get(name)?.timer);
    this.#names.delete(name);
  }
}
