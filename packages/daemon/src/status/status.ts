import { statSync } from 'node:fs';
import { TroupeError } from '@troupe/core';
import type { Link, Pause } from '@troupe/core/internal';
import { systemReasonOf } from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';
import type { Loss } from '../loss.js';
import type { FactsStatus } from '../node/facts.js';
import type { Twin } from '../node/twin-watch.js';
import type { ActionCount } from '../request/action-counts.js';
import type { Stats } from '../request/stats.js';

/** The status of a daemon, as its status file contains it. All times are milliseconds since 1970. */
export interface DaemonStatus {
  readonly v: 1;
  /** `ending`: it begins nothing new and waits for what runs, to end or to start again. */
  readonly state: 'running' | 'ending' | 'ended';
  /** When this was written. */
  readonly time: number;
  /** Seconds after which it is written again at the latest: a file that is much older is of a daemon that hangs or is gone. */
  readonly interval: number;
  readonly pid: number;
  readonly version: string;
  readonly identity: string;
  readonly collectives: readonly string[];
  readonly config: string;
  /** When the daemon began to serve with this configuration. */
  readonly since: number;
  readonly broker: Link;
  /** When the last authenticated message arrived; absent before the first one. */
  readonly lastRequest?: number;
  readonly counts: Stats & {
    /** Actions at work. */
    readonly running: number;
    /** Requests that wait for their turn. */
    readonly queued: number;
    /** Ended requests whose replies are kept, and their bytes. */
    readonly kept: number;
    readonly keptBytes: number;
    /** Connections to the broker that were established. */
    readonly connects: number;
  };
  /** The actions that have ended, by agent. */
  readonly actions: Readonly<Record<string, ActionCount>>;
  /** The version of each agent's DDL, by name. */
  readonly agents: Readonly<Record<string, string>>;
  /** When our certificate or enrolment token is over, where we have one. */
  readonly certificateExpires?: number;
  /** What the daemon runs without although its configuration has it, such as an agent that cannot be loaded. */
  readonly without: readonly Loss[];
  readonly facts: FactsStatus;
  /**
   * Seconds that our clock is ahead of the callers' clocks (negative: behind), the way of a message included: the one
   * nearest to zero of the last requests. Absent where none has come.
   */
  readonly clockSkew?: number;
  /** Another machine that uses the identity of this node, if one was seen within the last hour. */
  readonly twin?: Twin;
  /** Who paused the node, when (ISO 8601) and why, if it is paused. */
  readonly pause?: Pause;
  /** Resident memory of the process in bytes. */
  readonly memory: number;
}

const mostBytes = 1024 * 1024;

/** Reads a status file. Throws FILE_UNREADABLE. */
export function readStatusFile(file: string): DaemonStatus {
  try {
    const { size } = statSync(file);
    if (size > mostBytes) throw new Error(`its ${size} bytes exceed the limit of ${mostBytes}`);
    const status = JSON.parse(readRegularFileSync(file).toString('utf8')) as Partial<DaemonStatus> | null;
    if (status?.v !== 1 || typeof status.pid !== 'number' || typeof status.time !== 'number')
      throw new Error('it is not a status file, or it is from another version of Troupe');
    // One of an earlier version does not say it.
    return { without: [], ...status } as DaemonStatus;
  } catch (cause) {
    throw new TroupeError(
      'FILE_UNREADABLE',
      `cannot read the status file ${file}: ${systemReasonOf(cause)}`,
      {
        cause,
      },
    );
  }
}
