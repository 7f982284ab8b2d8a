import { createHash, randomUUID } from 'node:crypto';
import type { NodeReport } from './node-report.js';

/** What people are told of a node. */
export interface Notification {
  readonly identity: string;
  /** By which notifiers know a message that they have had already. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
  /** For the templates of a notifier. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What people are told of a node that has ended. */
export function notificationOf(report: NodeReport): Notification {
  const { identity, outcome, master, reason, failure } = report;
  const fields = { node: identity, outcome, master, reason, failure };
  const known = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
  return { identity, id: notificationId(report), ...words(report), fields: Object.fromEntries(known) };
}

// Whoever tells of the same end again, after another died over it, says the same id: of each CSR there is one end,
// and of each quarantine one beginning.
function notificationId({ identity, outcome, csrFingerprintSigned, quarantinedSince }: NodeReport): string {
  if (quarantinedSince !== undefined) {
    const digest = createHash('sha256').update(`${identity} ${quarantinedSince}`).digest('hex');
    return `${outcome}-${digest}`;
  }
  if (outcome !== 'done' || csrFingerprintSigned === undefined) return randomUUID();
  return `${outcome}-${csrFingerprintSigned.replaceAll(':', '')}`;
}

function words(report: NodeReport): Pick<Notification, 'subject' | 'text'> {
  const { identity, outcome, master, reason } = report;
  const against = master === undefined ? '' : ` against ${master}`;
  const why = master === undefined || reason === undefined ? [] : [`Master: ${master} (${reason})`];
  if (outcome === 'done') {
    const { seconds, secondsOutsidePuppet, certificateFingerprint: certificate } = report;
    return {
      subject: `Provisioned ${identity}${against}`,
      text: [
        `Provisioned ${identity}${against} in ${seconds.toFixed(1)} s, ${secondsOutsidePuppet.toFixed(1)} s of them outside Puppet.`,
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
      `${identity} could not be provisioned and is in quarantine: ${report.failure ?? 'no reason is known'}`,
      ...why,
      '',
      ...stepLines(report),
      '',
      `"mcprovision explain ${identity}" tells its story; when the cause is gone, "mcprovision release ${identity}" goes on ` +
        `where it stopped and "mcprovision retry ${identity}" begins anew.`,
    ].join('\n'),
  };
}

function stepLines({ steps }: NodeReport): readonly string[] {
  return steps.map(({ step, outcome, seconds, reason }) => {
    const words = reason === undefined ? '' : `: ${reason}`;
    return `${step} ${outcome} (${seconds.toFixed(1)} s)${words}`.slice(0, 500);
  });
}
