import { BoundedMap } from '@troupe/core/internal';

/** Milliseconds in which a machine that was pushed off must come back to prove that it is still running. */
const memory = 30 * 60_000;

/** Connections from one address under one name within `window` that are more than restarts. */
const mostAtOneAddress = 4;
const window = 5 * 60_000;

/** Names that are remembered. */
const mostNames = 10_000;

/** Addresses that are remembered of one name. */
const mostAddresses = 8;

/** Milliseconds between two reports about one name. */
const reportEvery = 10 * 60_000;

interface Rivalry {
  /** The address that had the connection first. */
  readonly first: string;
  /** When each address lost its connection to another one, milliseconds. */
  // no peer fills this: it has {mostAddresses} entries at most
  readonly pushedOff: Map<string, number>;
  /** When a connection was taken over from the same address, milliseconds. */
  sameAddress: number[];
  reportedAt: number;
}

/** What becomes of a connection under a client id that is in use. */
export interface RivalVerdict {
  /** Whether it gets the connection, which ends the other one. */
  readonly isAdmitted: boolean;
  /** Both addresses, if two machines use the name and it is time to report it. */
  readonly report?: readonly [holder: string, challenger: string];
}

/**
 * Recognizes two machines with one identity, such as a cloned virtual machine: MQTT gives a client id to the latest
 * connection, so each would end the connection of the other forever. A machine that comes back with a new address is
 * admitted; if the one that it pushed off comes back, both are running. Then the one that was there first keeps the
 * name, and the other is refused while the first is connected.
 */
export class Twins {
  // bound: names under which connections end each other | nodes, each under its own name | {mostNames} | 1 KiB each |
  // the name that was used the longest time ago is forgotten
  readonly #rivalries: BoundedMap<string, Rivalry>;

  constructor(most = mostNames) {
    this.#rivalries = new BoundedMap({ most });
  }

  /** Judges a connection for a client id whose holder is connected from `holder`; both are IP addresses. */
  judge(clientId: string, holder: string, challenger: string, now: number): RivalVerdict {
    const rivalry = this.#rivalryOf(clientId, holder, now);
    const isSame = holder === challenger;
    if (isSame) rivalry.sameAddress.push(now);
    rivalry.sameAddress = rivalry.sameAddress.filter((time) => now - time < window).slice(-mostAtOneAddress);
    const wasPushedOff = now - (rivalry.pushedOff.get(challenger) ?? Number.NEGATIVE_INFINITY) < memory;
    const areTwo = isSame ? rivalry.sameAddress.length >= mostAtOneAddress : wasPushedOff;
    const isAdmitted = !areTwo || (!isSame && challenger === rivalry.first);
    if (isAdmitted && !isSame) {
      rivalry.pushedOff.delete(holder);
      rivalry.pushedOff.set(holder, now);
      const [oldest] = rivalry.pushedOff.keys();
      if (rivalry.pushedOff.size > mostAddresses && oldest !== undefined) rivalry.pushedOff.delete(oldest);
    }
    if (!areTwo || now - rivalry.reportedAt < reportEvery) return { isAdmitted };
    rivalry.reportedAt = now;
    return { isAdmitted, report: [holder, challenger] };
  }

  #rivalryOf(clientId: string, holder: string, now: number): Rivalry {
    const known = this.#rivalries.get(clientId);
    if (known) {
      for (const [address, time] of known.pushedOff)
        if (now - time >= memory) known.pushedOff.delete(address);
      const isOver = known.pushedOff.size === 0 && known.sameAddress.every((time) => now - time >= window);
      if (!isOver) return known;
    }
    const rivalry = {
      first: holder,
      pushedOff: new Map<string, number>(),
      sameAddress: [],
      reportedAt: Number.NEGATIVE_INFINITY,
    };
    this.#rivalries.set(clientId, rivalry);
    return rivalry;
  }
}
