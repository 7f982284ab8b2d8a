import type { DaemonStatus } from '@troupe/daemon';
import { plainLine } from '../../output/plain.js';
import { counted, span } from '../../output/wording.js';
import { about, type Finding } from './finding.js';
import { validityOf } from './validity.js';

/** How a status is judged: what the caller knows beside it. */
export interface Host {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Whether a process of this id is there. */
  readonly isAlive: (pid: number) => boolean;
}

/** Seconds by which the clocks of callers may differ before it is worth a word; at 60 requests are refused. */
const mostSkew = 5;
const refusedSkew = 60;

/** What the status file of a daemon on this machine says of its health. */
export function daemonFindings(status: DaemonStatus, { now, isAlive }: Host): readonly Finding[] {
  return [
    ...processFindings(status, now, isAlive),
    ...brokerFindings(status, now),
    ...(status.certificateExpires === undefined ? [] : [expiryFinding(status.certificateExpires, now)]),
    ...skewFindings(status),
    ...factFindings(status),
    workFinding(status, now),
  ];
}

function processFindings(status: DaemonStatus, now: number, isAlive: Host['isAlive']): readonly Finding[] {
  const say = about('daemon');
  const { identity, pid, state, time, interval, version, since } = status;
  const written = `${ago(time, now)} ago`;
  if (state === 'ended') return [say.fault(`${identity} ended ${written}: start it again`)];
  if (!isAlive(pid))
    return [
      say.fault(`${identity} is gone: there is no process ${pid}, and its status was written ${written}`),
    ];
  // Twice the interval and a little: a busy machine is no fault.
  if (now - time > (2 * interval + 10) * 1000)
    return [
      say.fault(
        `process ${pid} has not written its status for ${ago(time, now)}: it hangs, or its disk is full`,
      ),
    ];
  if (state === 'ending')
    return [say.warn(`${identity} begins nothing new: it waits for what runs, to end or to start again`)];
  return [say.ok(`${identity}, version ${version}, process ${pid}, serves for ${ago(since, now)}`)];
}

function brokerFindings({ broker }: DaemonStatus, now: number): readonly Finding[] {
  const say = about('broker');
  const since = broker.since === undefined ? '' : ` for ${ago(broker.since, now)}`;
  const where = broker.url === undefined ? '' : ` ${broker.url}`;
  if (broker.connected) return [say.ok(`connected to${where}${since}`)];
  const why = broker.reason === undefined ? '' : `: ${plainLine(broker.reason)}`;
  return [say.fault(`not connected${since}${where === '' ? '' : `, last to${where}`}${why}`)];
}

function expiryFinding(expires: number, now: number): Finding {
  const validTo = new Date(expires).toUTCString();
  const validFrom = new Date(0).toUTCString();
  return validityOf('certificate', 'that of the daemon', { validFrom, validTo }, now);
}

function skewFindings({ clockSkew }: DaemonStatus): readonly Finding[] {
  const say = about('clock');
  if (clockSkew === undefined) return [];
  const seconds = Math.abs(clockSkew);
  const words = `${Math.round(seconds)} s ${clockSkew < 0 ? 'behind' : 'ahead of'} the clocks of callers`;
  if (seconds >= refusedSkew) return [say.fault(`${words}: requests are refused; see to the time service`)];
  if (seconds > mostSkew) return [say.warn(`${words}: see to the time service`)];
  return [say.ok(`differs from the clocks of callers by no more than ${mostSkew} s`)];
}

function factFindings({ facts }: DaemonStatus): readonly Finding[] {
  const say = about('facts');
  return facts.faults.map(({ source, reason }) =>
    say.warn(`${plainLine(source)}: ${plainLine(reason)}; the last good ones are kept`),
  );
}

function workFinding({ lastRequest, counts, agents }: DaemonStatus, now: number): Finding {
  const say = about('work');
  const last = lastRequest === undefined ? 'no request yet' : `last request ${ago(lastRequest, now)} ago`;
  const line = `${last}; ${counts.running} at work, ${counts.queued} waiting; ${counted(Object.keys(agents).length, 'agent')}`;
  return counts.queued > 0 && counts.running === 0 ? say.warn(line) : say.ok(line);
}

function ago(time: number, now: number): string {
  const seconds = Math.max(0, (now - time) / 1000);
  if (seconds < 3600) return span(seconds);
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
