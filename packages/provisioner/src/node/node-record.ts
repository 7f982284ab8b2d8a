import { oneLine } from '@troupe/core/internal';
import type { Peers } from '../rpc/peers.js';

type Status = Awaited<ReturnType<ReturnType<Peers['provision']['status']>['one']>>['data'];

/** One step as the node remembers it. */
export interface RecordedStep {
  readonly step: string;
  readonly attempts: number;
  readonly outcome: string;
  readonly reason: string | null;
  readonly since: string;
  readonly seconds: number | null;
  readonly owner: string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** One line of the node's history. */
export interface HistoryLine {
  readonly time: string;
  readonly step: string;
  readonly attempt: number | null;
  readonly outcome: string;
  readonly reason: string | null;
  readonly seconds: number | null;
  readonly owner: string | null;
}

/** What a node reports about its provisioning. */
export interface NodeRecord {
  /** The version of the contract that the node's provision agent fulfils. */
  readonly contract: number;
  /** The name that Puppet uses for the node, as far as the node knows it by now. */
  readonly certname: string | undefined;
  readonly step: string | null;
  readonly isDisabled: boolean;
  readonly isDone: boolean;
  readonly doneSince: string | undefined;
  /** It is done or in quarantine, and the notification is still pending. */
  readonly isOwed: boolean;
  readonly lease:
    | { readonly owner: string; readonly token: number; readonly seconds: number; readonly expires: string }
    | undefined;
  readonly quarantine: { readonly reason: string; readonly since: string } | undefined;
  readonly master:
    | { readonly identity: string | null; readonly address: string | null; readonly reason: string | null }
    | undefined;
  readonly run:
    | { readonly id: string; readonly stage: string; readonly since: string; readonly running: boolean }
    | undefined;
  readonly damaged: { readonly file: string; readonly reason: string } | undefined;
  readonly steps: readonly RecordedStep[];
  readonly history: readonly HistoryLine[];
}

/** Details of the certificate that are found out on the way, by this provisioner or by one before it. */
export interface CertificateDetails {
  /** The name that Puppet uses for the node. */
  certname?: string;
  csrReported?: string;
  csrSigned?: string;
  /** Fingerprint of the certificate. */
  certificate?: string;
}

/** Reads the answer of the provision agent's `status`. */
export function readRecord(status: Status): NodeRecord {
  const hash = <T>(value: Record<string, unknown> | null) => (value ?? undefined) as T | undefined;
  const steps = (status.steps ?? []) as RecordedStep[];
  return {
    // Agents from before the first version of the contract do not state one, and fulfil it.
    contract: status.contract ?? 1,
    certname: nameOf(status.certname ?? hash<{ certname?: unknown }>(status.csr)?.certname),
    step: status.step,
    isDisabled: status.disabled === true,
    isDone: status.done === true,
    isOwed:
      (status.done === true || status.quarantined === true) &&
      steps.some(({ step, outcome }) => step === 'notify' && outcome === 'started'),
    doneSince: hash<{ since: string }>(status.finished)?.since,
    lease: hash<NonNullable<NodeRecord['lease']>>(status.lease),
    quarantine: hash<NonNullable<NodeRecord['quarantine']>>(status.quarantine),
    master: hash<NonNullable<NodeRecord['master']>>(status.master),
    run: hash<NonNullable<NodeRecord['run']>>(status.run),
    damaged: hash<NonNullable<NodeRecord['damaged']>>(status.damaged),
    steps,
    history: (status.history ?? []) as HistoryLine[],
  };
}

// A node can say anything.
function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? oneLine(value, 253) : undefined;
}

/** Whether a step succeeded or was skipped. */
export function isOver({ outcome }: { readonly outcome: string }): boolean {
  return outcome === 'ok' || outcome === 'skipped';
}

/** How often a step has failed since it last succeeded or the node was released. */
export function failuresOf({ history }: Pick<NodeRecord, 'history'>, step: string): number {
  let failures = 0;
  for (const line of history) {
    if (line.outcome === 'released' || (line.step === step && isOver(line))) failures = 0;
    else if (line.step === step && line.outcome === 'failed') failures += 1;
  }
  return failures;
}

/** When the node was released last, milliseconds since 1970 by its clock; 0 if it never was. */
export function releasedAt({ history }: Pick<NodeRecord, 'history'>): number {
  const line = history.findLast(({ outcome }) => outcome === 'released');
  return line === undefined ? 0 : Date.parse(line.time);
}

/** What earlier provisioners have recorded on the node. */
export function certificateDetailsOf(record: NodeRecord): CertificateDetails {
  const data = (step: string) => record.steps.find((each) => each.step === step && isOver(each))?.data ?? {};
  const csr = data('send_node_csr');
  const signed = data('sign_node_csr');
  const text = (key: keyof CertificateDetails, value: unknown) =>
    typeof value === 'string' ? { [key]: oneLine(value) } : {};
  return {
    ...text('certname', csr.certname),
    ...text('csrReported', csr.csr_fingerprint),
    ...text('csrSigned', signed.csr_fingerprint),
    ...text('certificate', signed.certificate),
  };
}
