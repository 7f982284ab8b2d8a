import type { Evidence, IssuedEvidence, NodeEvidence } from './evidence.js';
import { checkEach, type InvariantResult } from './invariant.js';
import { runFaults } from './puppet-runs.js';

/** What the reason of a faulty node must match. */
const reasons = {
  'bootstrap-fails': /bootstrap.*the code is broken/is,
  'production-fails': /production.*the code is broken/is,
  planted: /that this node did not make/,
  stays: /did not come back/,
} as const;

/** Checks the invariants of a run against the disks and the CAs. */
export function judge(evidence: Evidence): InvariantResult[] {
  const { nodes, issued } = evidence;
  const healthy = nodes.filter(({ behaviour }) => behaviour === 'healthy');
  const ill = nodes.filter(({ behaviour }) => behaviour !== 'healthy');
  return [
    checkEach('every healthy node is provisioned', healthy, (node) => notProvisioned(node, issued)),
    checkEach('every node that was not provisioned has a reason', ill, notExplained),
    checkEach('no attempt started Puppet more than once', nodes, runFaults),
    checkEach('every signed CSR was reported by its node', issued, (one) => wronglySigned(one, nodes)),
    checkEach('no attempt had more than one certificate signed', nodes, (node) => signedTwice(node, issued)),
    checkEach('no mutating request was run more than once', nodes, carriedOutTwice),
    checkEach('people were notified of every node that finished', nodes.filter(hasEnded), notNotified),
    { invariant: 'every lease was released', looked: nodes.length, violations: evidence.leasesLeft },
    {
      invariant: 'every certificate in the inventories of the CAs was checked',
      looked: issued.length,
      violations: evidence.unseen,
    },
    { invariant: 'no process exited unexpectedly', looked: 0, violations: evidence.crashes },
  ];
}

function notProvisioned(node: NodeEvidence, issued: readonly IssuedEvidence[]): string[] {
  const { identity, record, answersWith } = node;
  if (record?.quarantine) return [`${identity}: quarantined: ${record.quarantine.reason}`];
  if (!record?.done) {
    const { step, outcome, reason } = record?.history.at(-1) ?? { step: 'nothing', outcome: '', reason: '' };
    return [`${identity}: not provisioned; last step: ${step} ${outcome} ${reason ?? ''}`];
  }
  const certificate = issued.find(({ fingerprint }) => fingerprint === answersWith);
  if (answersWith === undefined) return [`${identity}: provisioned, but no reply in the main collective`];
  if (!certificate) return [`${identity}: replies with a certificate that no CA issued: ${answersWith}`];
  if (certificate.isRevoked)
    return [`${identity}: its certificate ${certificate.serial} from ${certificate.master} is revoked`];
  return [];
}

function notExplained({ identity, behaviour, record, told, answersWith }: NodeEvidence): string[] {
  if (answersWith !== undefined) return [`${identity} (${behaviour}): unexpectedly in the main collective`];
  if (behaviour === 'healthy') return [];
  // A node that is gone has no record; the log of its provisioner has the reason.
  if (behaviour === 'vanishes')
    return told.length > 0 ? [] : [`${identity} (${behaviour}): not provisioned, and no log has a reason`];
  if (!record?.quarantine) return [`${identity} (${behaviour}): not quarantined`];
  const { reason } = record.quarantine;
  return reasons[behaviour].test(reason) ? [] : [`${identity} (${behaviour}): unexpected reason: ${reason}`];
}

function wronglySigned(one: IssuedEvidence, nodes: readonly NodeEvidence[]): string[] {
  const { certname, csr, serial, master } = one;
  const node = nodes.find(({ identity }) => identity === certname);
  if (!node) return [`${master} signed ${serial} for ${certname}, which is not a node`];
  if (csr !== undefined && node.reported.includes(csr)) return [];
  return [`${master} signed ${serial} for ${certname}, from ${csr ?? 'an unknown CSR'}`];
}

function signedTwice({ identity, record }: NodeEvidence, issued: readonly IssuedEvidence[]): string[] {
  const begun = (record?.history ?? []).filter(
    ({ step, outcome }) => step === 'sign_node_csr' && outcome === 'started',
  );
  const perAttempt = new Map<number, number>();
  for (const { certname, time } of issued) {
    if (certname !== identity) continue;
    const attempt = begun.filter((line) => Date.parse(line.time) <= time).length;
    perAttempt.set(attempt, (perAttempt.get(attempt) ?? 0) + 1);
  }
  return [...perAttempt].flatMap(([attempt, count]) => {
    if (attempt === 0) return [`${identity}: ${count} certificates before the first attempt`];
    return count > 1 ? [`${identity}: ${count} certificates in attempt ${attempt}`] : [];
  });
}

/** Whether its record says how its provisioning ended. */
export function hasEnded({ record }: Pick<NodeEvidence, 'record'>): boolean {
  return Boolean(record?.quarantine ?? record?.done);
}

/** What people should have been notified of and were not. */
export function notNotified({
  identity,
  record,
  notified,
}: Pick<NodeEvidence, 'identity' | 'record' | 'notified'>): string[] {
  const outcome = record?.quarantine ? 'quarantined' : 'done';
  return notified.includes(outcome) ? [] : [`${identity}: no notification that it is ${outcome}`];
}

function carriedOutTwice({ identity, carriedOut }: NodeEvidence): string[] {
  const seen = new Set<string>();
  const twice = carriedOut.filter((id) => seen.has(id) || !seen.add(id));
  return twice.map((id) => `${identity}: request ${id}`);
}
