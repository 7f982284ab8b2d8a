import { createHash, randomUUID } from 'node:crypto';
import { fullNameOf } from '../node/full-name.js';
import type { ProvisionEvent } from './events.js';
import type { FailedResource, NodeReport } from './node-report.js';

/** A message to people about a node. */
export interface Notification {
  readonly identity: string;
  /** By which notifiers recognize a message that they have already accepted. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
  /** For the templates of a notifier. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The message about a node that is done or quarantined. */
export function notificationOf(report: NodeReport): Notification {
  const { identity, outcome, certname, master, reason, failure, failedResources } = report;
  const name = fullNameOf(identity, certname);
  const [first] = failedResources ?? [];
  const { resource, file, line } = first ?? placeIn(failure);
  const fields = { node: name, outcome, master, reason, failure, resource, file, line };
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { identity, id: notificationId(report), ...words(report, name), fields: Object.fromEntries(known) };
}

/** The message that a node waits for something that a person may have to do. */
export function waitingNotification(about: {
  readonly identity: string;
  /** By which two provisioners know that they report the same: see {@link eventId}. */
  readonly id: string;
  /** The state that `status` shows, such as `clock-wrong`. */
  readonly state: string;
  /** One line. */
  readonly reason: string;
  /** What to do about it; one or more lines. */
  readonly advice?: string;
}): Notification {
  const { identity, id, state, reason, advice } = about;
  return {
    identity,
    id,
    subject: state === 'waiting' ? `${identity} is waiting` : `${identity} is waiting: ${state}`,
    text: [
      `${identity} is not provisioned yet (${state}): ${reason}`,
      ...(advice === undefined ? [] : ['', advice]),
      '',
      `"mcprovision explain ${identity}" shows its history.`,
    ].join('\n'),
    fields: { node: identity, outcome: 'waiting', state, reason },
  };
}

/** The message that the provisioner on a host has lost its broker. */
export function brokerAwayNotification(host: string, since: Date): Notification {
  const time = since.toISOString();
  const reason = `no connection to a broker since ${time}`;
  return {
    identity: host,
    id: eventId('no-broker', host, time),
    subject: `mcprovision on ${host} has no connection to a broker`,
    text: [
      `mcprovision on ${host} has had no connection to a broker since ${time}: it sees no machines until it has one.`,
      '',
      'Check that the broker is running; the log of mcprovision has the reason.',
    ].join('\n'),
    fields: { node: host, outcome: 'no-broker', reason },
  };
}

/**
 * The id of a message about an event. Provisioners that report the same event must give the same parts, so these hold
 * nothing that only one of them knows, such as the time at which it noticed.
 */
export function eventId(kind: string, ...parts: readonly string[]): string {
  return `${kind}-${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)}`;
}

/** The message that a node got the name of another host, whose certificate was removed. */
export function replacementNotification(event: Extract<ProvisionEvent, { type: 'replaced' }>): Notification {
  const { identity, certname, masters, reason, request } = event;
  const known = masters.join(', ');
  return {
    identity,
    id: `replaced-${request}`,
    subject: `Replaced the certificate of ${certname}`,
    text: [
      `A new machine (${identity}) gets the name ${certname}. The certificate of the host that had this name was removed from ${known}.`,
      `Reason: ${reason}`,
      `Request: ${request}, in the audit logs of ${known}`,
      '',
      `If that host is not gone, revoke the enrolment token of the new machine, and remove the certificate of ${certname} again.`,
    ].join('\n'),
    fields: { node: identity, outcome: 'replaced', reason },
  };
}

// Of a manifest that does not compile, Puppet says: … (file: /etc/site.pp, line: 3, column: 7) on node web1.
function placeIn(failure = ''): Partial<FailedResource> {
  const [, file, line] = /\(file: ([^()]+?), line: (\d+)[,)]/.exec(failure) ?? [];
  return file === undefined ? {} : { file, line: Number(line) };
}

// A provisioner that repeats the notification of one that died uses the same id: each CSR has one end, and each
// quarantine one beginning.
function notificationId({ identity, outcome, csrFingerprintSigned, quarantinedSince }: NodeReport): string {
  if (quarantinedSince !== undefined) return eventId(outcome, identity, quarantinedSince);
  if (outcome !== 'done' || csrFingerprintSigned === undefined) return randomUUID();
  return eventId(outcome, csrFingerprintSigned);
}

function words(report: NodeReport, identity: string): Pick<Notification, 'subject' | 'text'> {
  const { outcome, master, reason } = report;
  const against = master === undefined ? '' : ` against ${master}`;
  const why = master === undefined || reason === undefined ? [] : [`Master: ${master} (${reason})`];
  if (outcome === 'done') {
    const { seconds, secondsOutsidePuppet, certificateFingerprint: certificate } = report;
    return {
      subject: `Provisioned ${identity}${against}`,
      text: [
        `Provisioned ${identity}${against} in ${seconds.toFixed(1)} s, of which ${secondsOutsidePuppet.toFixed(1)} s outside Puppet.`,
        ...why,
        ...(certificate === undefined ? [] : [`Certificate: ${certificate}`]),
        '',
        ...stepLines(report),
      ].join('\n'),
    };
  }
  return {
    subject: `Quarantined ${identity}`,
    text: [
      `${identity} could not be provisioned and is in quarantine: ${report.failure ?? 'reason unknown'}`,
      ...(report.failedResources ?? []).map(resourceLine),
      ...why,
      '',
      ...stepLines(report),
      '',
      `"mcprovision explain ${identity}" shows its history. When the cause is fixed, "mcprovision release ${identity}" ` +
        `continues at the step where it stopped, and "mcprovision retry ${identity}" starts again at the first step.`,
    ].join('\n'),
  };
}

function resourceLine({ resource, file, line }: FailedResource): string {
  const place = file === undefined ? '' : `, declared in ${file}${line === undefined ? '' : ` line ${line}`}`;
  return `Failed resource: ${resource}${place}`;
}

function stepLines({ steps }: NodeReport): readonly string[] {
  return steps.map(({ step, outcome, seconds, reason }) => {
    const words = reason === undefined ? '' : `: ${reason}`;
    return `${step} ${outcome} (${seconds.toFixed(1)} s)${words}`.slice(0, 500);
  });
}
