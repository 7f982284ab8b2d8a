import { type Clock, isoTime } from '../clock.js';
import { ProvisionError } from '../provision-error.js';
import type { ProvisionRecord } from './record.js';
import type { LeaseState } from './state.js';

export const defaultLeaseSeconds = 300;
export const maximumLeaseSeconds = 86_400;

/** A lease as its holder gets it. */
export interface Grant {
  readonly owner: string;
  /** To be sent with every action that changes something. */
  readonly token: number;
  readonly seconds: number;
  /** ISO 8601 */
  readonly expires: string;
}

/** Who calls, and with which token if any. */
export interface Claim {
  readonly caller: string;
  readonly token?: number | undefined;
}

/** Decides who works on the node: one owner at a time, until the lease ends, each with a separate token. */
export class Lease {
  readonly #record: ProvisionRecord;
  readonly #clock: Clock;
  // A clock that is set forward or back must neither end a lease nor make it last: once seen, it is timed evenly.
  #seen: { lease: string; ends: number } | undefined;

  constructor(record: ProvisionRecord, clock: Clock) {
    this.#record = record;
    this.#clock = clock;
  }

  /** The lease in force, if any. */
  get holder(): Grant | undefined {
    return this.#inForce(this.#record.state.lease);
  }

  /** Takes the lease, or takes it again with a new token; throws while another owner holds it. */
  acquire(owner: string, seconds: number = defaultLeaseSeconds): Promise<Grant> {
    checkSeconds(seconds);
    return this.#record.update((draft) => {
      const holder = this.#inForce(draft.lease);
      if (holder && holder.owner !== owner) throw new ProvisionError(heldBy(holder));
      draft.token += 1;
      draft.lease = { owner, token: draft.token, seconds, expires: this.#after(seconds) };
      return { ...draft.lease };
    });
  }

  /** Makes the lease last `seconds` from now; throws if `claim` does not hold it. */
  renew(claim: Claim, seconds?: number): Promise<Grant> {
    if (seconds !== undefined) checkSeconds(seconds);
    return this.#record.update((draft) => {
      const holder = this.#inForce(draft.lease);
      this.#check(claim, holder);
      if (!holder) throw new ProvisionError('there is no lease to renew: take one with lock_deploy');
      const lasting = seconds ?? holder.seconds;
      draft.lease = {
        owner: holder.owner,
        token: holder.token,
        seconds: lasting,
        expires: this.#after(lasting),
      };
      return { ...draft.lease };
    });
  }

  /** Ends the lease; does nothing if none is in force. */
  release(claim: Claim): Promise<void> {
    return this.#record.update((draft) => {
      const holder = this.#inForce(draft.lease);
      if (!holder) {
        draft.lease = null;
        return;
      }
      this.#check(claim, holder);
      draft.lease = null;
    });
  }

  /** Throws unless `claim` may change something now: it holds the lease, or there is none and it shows no token. */
  check(claim: Claim): void {
    this.#check(claim, this.holder);
  }

  #check({ caller, token }: Claim, holder: Grant | undefined): void {
    if (token === undefined) {
      if (holder && holder.owner !== caller) throw new ProvisionError(heldBy(holder));
      return;
    }
    if (!holder) {
      throw new ProvisionError(
        `token ${token} is stale: its lease has expired; take a new lease with lock_deploy`,
      );
    }
    if (holder.token !== token) throw new ProvisionError(`token ${token} is stale: ${heldBy(holder)}`);
  }

  #inForce(lease: LeaseState | null): Grant | undefined {
    if (!lease) return undefined;
    const elapsed = this.#clock.elapsed();
    const key = `${lease.token} ${lease.expires}`;
    if (this.#seen?.lease !== key) {
      const left = Date.parse(lease.expires) - this.#clock.now();
      this.#seen = { lease: key, ends: elapsed + Math.min(left, lease.seconds * 1000) };
    }
    const left = this.#seen.ends - elapsed;
    if (left <= 0) return undefined;
    const ends = this.#clock.now() + left;
    // Only a clock that was set makes it another time of day than the one that was promised.
    const isMoved = Math.abs(ends - Date.parse(lease.expires)) > 1000;
    return { ...lease, expires: isMoved ? isoTime(ends) : lease.expires };
  }

  #after(seconds: number): string {
    return isoTime(this.#clock.now() + seconds * 1000);
  }
}

function checkSeconds(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= maximumLeaseSeconds) return;
  throw new ProvisionError(
    `invalid duration of a lease: ${seconds} seconds; the minimum is 1, the maximum ${maximumLeaseSeconds}`,
  );
}

function heldBy(holder: Grant): string {
  return `${holder.owner} holds the lease of this node until ${holder.expires}`;
}
