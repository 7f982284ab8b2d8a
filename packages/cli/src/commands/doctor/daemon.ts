import { wordsOfPause } from '@troupe/core/internal';
import type { DaemonStatus } from '@troupe/daemon';
import { plainLine } from '../../output/plain.js';
import { counted, span } from '../../output/wording.js';
import { about, type Finding } from './finding.js';
import { validityFinding } from './validity.js';

/** What a status is compared with: the clock and the processes of this host. */
export interface Host {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Whether a process with this id exists. */
  readonly isAlive: (pid: number) => boolean;
  /** The begin of a certificate that ends at this time, if it is in a file of the daemon. */
  readonly begins?: (expires: number) => number | undefined;
}

/** The life of a certificate whose begin is not known, in milliseconds. */
const usualLife = 365 * 86_400_000;

/** Seconds of clock skew to callers from which on there is a warning; at 60 requests are refused. */
const mostSkew = 5;
const refusedSkew = 60;

/** Checks the health of a daemon on this machine by its status file. */
export function daemonFindings(status: DaemonStatus, host: Host): readonly Finding[] {
  const { now, isAlive } = host;
  return [
    ...processFindings(status, now, isAlive),
    ...brokerFindings(status, now),
    ...twinFindings(status, now),
    ...(status.pause
      ? [
          about('pause').warn(
            `${status.identity} is ${plainLine(wordsOfPause(status.pause))}; it runs only actions that do not change it`,
          ),
        ]
      : []),
    ...(status.certificateExpires === undefined ? [] : [expiryFinding(status.certificateExpires, host)]),
    ...skewFindings(status),
    ...lossFindings(status),
    ...factFindings(status),
    workFinding(status, now),
  ];
}

function processFindings(status: DaemonStatus, now: number, isAlive: Host['isAlive']): readonly Finding[] {
  const report = about('daemon');
  const { identity, pid, state, time, interval, version, since } = status;
  const written = `${ago(time, now)} ago`;
  if (state === 'ended') return [report.fault(`${identity} stopped ${written}: start the daemon again`)];
  if (!isAlive(pid))
    return [
      report.fault(
        `${identity} is not running: process ${pid} does not exist, and the status file was last written ${written}`,
      ),
    ];
  // Twice the interval and a little: a busy machine is not a fault.
  if (now - time > (2 * interval + 10) * 1000)
    return [
      report.fault(
        `process ${pid} has not written its status file for ${ago(time, now)}: the daemon hangs, or the disk is full`,
      ),
    ];
  if (state === 'ending')
    return [
      report.warn(
        `${identity} is shutting down or restarting: it waits for running actions and starts no new ones`,
      ),
    ];
  return [
    report.ok(`${identity} has been running for ${ago(since, now)}, version ${version}, process ${pid}`),
  ];
}

function brokerFindings({ broker }: DaemonStatus, now: number): readonly Finding[] {
  const report = about('broker');
  const since = broker.since === undefined ? '' : ` for ${ago(broker.since, now)}`;
  const where = broker.url === undefined ? '' : ` ${broker.url}`;
  if (broker.connected) return [report.ok(`connected to${where}${since}`)];
  const why = broker.reason === undefined ? '' : `: ${plainLine(broker.reason)}`;
  return [
    report.fault(`not connected to a broker${since}${where === '' ? '' : ` (last broker:${where})`}${why}`),
  ];
}

function twinFindings({ identity, broker, twin }: DaemonStatus, now: number): readonly Finding[] {
  if (!twin) return [];
  const [here, there] = [broker.address ?? 'unknown', twin.address ?? 'unknown'].map(plainLine);
  return [
    about('identity').fault(
      `two machines use the identity ${identity}: this one (${here}) and one at ${there}, last seen ${ago(twin.seen, now)} ago; give each machine its own identity and certificate`,
    ),
  ];
}

function expiryFinding(expires: number, { now, begins }: Host): Finding {
  const from = begins?.(expires) ?? Math.min(now, expires - usualLife);
  const what = 'the certificate of the daemon';
  return validityFinding('certificate', { kind: 'certificate', what, from, to: expires }, now);
}

function skewFindings({ clockSkew }: DaemonStatus): readonly Finding[] {
  const report = about('clock');
  if (clockSkew === undefined) return [];
  const seconds = Math.abs(clockSkew);
  const words = `this machine's clock is ${Math.round(seconds)} s ${clockSkew < 0 ? 'behind' : 'ahead of'} the clocks of callers`;
  if (seconds >= refusedSkew) return [report.fault(`${words}: requests are refused; check NTP`)];
  if (seconds > mostSkew) return [report.warn(`${words}: check NTP`)];
  return [report.ok(`this machine's clock is within ${mostSkew} s of the clocks of callers`)];
}

// Facts have findings of their own.
function lossFindings({ without }: DaemonStatus): readonly Finding[] {
  return without
    .filter(({ what }) => !what.startsWith('facts of '))
    .map(({ what, reason }) =>
      about('daemon').fault(`it runs without ${plainLine(what)}: ${plainLine(reason)}`),
    );
}

function factFindings({ facts }: DaemonStatus): readonly Finding[] {
  const report = about('facts');
  return facts.faults.map(({ source, reason }) =>
    report.warn(
      `cannot read facts from ${plainLine(source)}: ${plainLine(reason)}; the last valid facts stay in use`,
    ),
  );
}

function workFinding({ lastRequest, counts, agents }: DaemonStatus, now: number): Finding {
  const report = about('work');
  const last = lastRequest === undefined ? 'no request yet' : `last request ${ago(lastRequest, now)} ago`;
  const line = `${last}; ${counts.running} running, ${counts.queued} queued; ${counted(Object.keys(agents).length, 'agent')}`;
  return counts.queued > 0 && counts.running === 0 ? report.warn(line) : report.ok(line);
}

function ago(time: number, now: number): string {
  const seconds = Math.max(0, (now - time) / 1000);
  if (seconds < 3600) return span(seconds);
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
