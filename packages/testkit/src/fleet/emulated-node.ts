import type { MemoryTransport } from '@troupe/core';
import type { Daemon } from '@troupe/daemon';
import type { Faults } from './faults.js';
import type { Link } from './link.js';

/** A daemon of a fleet, and what a test may do to it. */
export interface EmulatedNode {
  readonly identity: string;
  readonly daemon: Daemon;
  readonly isConnected: boolean;
  /** How often it has connected and heard the broker confirm its subscriptions. */
  readonly connections: number;
  /** What goes wrong on its way to the broker from now on; nothing unless set. Throws RangeError where the fleet was not told that this node may have faults. */
  faults: Faults;
  /** Breaks its connection as a pulled cable would: the broker publishes its will. It tries to come back, in vain until `mend`. */
  cut(): void;
  mend(): void;
  /** Ends it in order; it does not come back. */
  stop(): Promise<void>;
}

/** What stands between a node and its broker. */
export interface Wire {
  readonly isConnected: () => boolean;
  readonly connections: () => number;
  readonly faults: { now: Faults } | undefined;
  readonly link: Link | undefined;
  readonly memory: MemoryTransport | undefined;
}

/** Makes the handle of a node that runs. */
export function emulatedNode(identity: string, daemon: Daemon, wire: Wire): EmulatedNode {
  const { faults, link, memory } = wire;
  let stopped: Promise<void> | undefined;
  return {
    identity,
    daemon,
    get isConnected() {
      return wire.isConnected();
    },
    get connections() {
      return wire.connections();
    },
    get faults() {
      return faults?.now ?? {};
    },
    set faults(wanted) {
      if (!faults)
        throw new RangeError(`${identity} has no faulty connection: set the option faults of the fleet`);
      faults.now = wanted;
    },
    cut: () => {
      if (memory) memory.drop();
      else if (link) link.cut();
      else throw new RangeError(`${identity} has no faulty connection: set the option faults of the fleet`);
    },
    mend: () => {
      if (memory) throw new RangeError('a node cannot reconnect to an in-memory broker');
      link?.mend();
    },
    stop: async () => {
      stopped ??= daemon.close().then(() => link?.close());
      await stopped;
    },
  };
}
