import type { NodeReport } from '@troupe/provisioner';
import Table from 'cli-table3';
import { isEmulated } from './screen.js';

export interface StepRow {
  readonly step: string;
  readonly outcome: string;
  readonly seconds: number;
  /** Only in an emulated demo: whether this step was emulated. */
  readonly emulated?: boolean;
}

export interface NodeRow {
  readonly identity: string;
  readonly master: string | null;
  readonly reason: string | null;
  readonly csr_fingerprint_reported: string | null;
  readonly csr_fingerprint_signed: string | null;
  readonly outcome: string;
  readonly seconds: number;
  readonly seconds_outside_puppet: number;
  readonly steps: readonly StepRow[];
}

export interface NotificationRow {
  readonly protocol: string;
  readonly recipient: string;
  readonly subject: string;
  readonly delivered: boolean;
}

/** The results: the document that `--json` prints. */
export interface Report {
  readonly emulated: boolean;
  readonly masters: readonly {
    readonly identity: string;
    readonly facts: Readonly<Record<string, string>>;
  }[];
  readonly nodes: readonly NodeRow[];
  readonly notifications: readonly NotificationRow[];
}

const round = (seconds: number) => Math.round(seconds * 1000) / 1000;

export function nodeRow(report: NodeReport, emulated: boolean): NodeRow {
  return {
    identity: report.identity,
    master: report.master ?? null,
    reason: report.reason ?? null,
    csr_fingerprint_reported: report.csrFingerprintReported ?? null,
    csr_fingerprint_signed: report.csrFingerprintSigned ?? null,
    outcome: report.outcome === 'done' ? 'provisioned' : `${report.outcome}: ${report.failure ?? ''}`,
    seconds: round(report.seconds),
    seconds_outside_puppet: round(report.secondsOutsidePuppet),
    steps: report.steps.map(({ step, outcome, seconds }) => ({
      step,
      outcome,
      seconds: round(seconds),
      ...(emulated ? { emulated: isEmulated(step) } : {}),
    })),
  };
}

/** The results as a table. */
export function table(report: Report): string {
  const rows = new Table({
    head: ['host', 'master', 'reason', 'signed CSR = own CSR', 'outcome', 'seconds', 'outside Puppet'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [14, 16, 36, 24, 16, 10, 10],
  });
  for (const node of report.nodes) {
    const isSame =
      node.csr_fingerprint_signed !== null && node.csr_fingerprint_signed === node.csr_fingerprint_reported;
    const fingerprint = node.csr_fingerprint_signed?.slice(0, 11) ?? 'not signed';
    rows.push([
      node.identity,
      node.master ?? '',
      node.reason ?? '',
      `${isSame ? 'yes' : 'NO'} (${fingerprint}…)`,
      node.outcome,
      node.seconds.toFixed(1),
      node.seconds_outside_puppet.toFixed(1),
    ]);
  }
  return rows.toString();
}
