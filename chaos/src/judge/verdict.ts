import type { Evidence, IssuedEvidence, NodeEvidence } from './evidence.js';
import { type Finding, finding } from './finding.js';
import { runFaults } from './puppet-runs.js';

/** What the reason of a node that is ill must speak of. */
const reasons = {
  'bootstrap-fails': /bootstrap.*the code is broken/is,
  'production-fails': /production.*the code is broken/is,
  planted: /that this node did not make/,
  stays: /did not come back/,
} as const;

/** Judges a run by what disks and CAs say. */
export function judge(evidence: Evidence): Finding[] {
  const { nodes, issued } = evidence;
  const healthy = nodes.filter(({ behaviour }) => behaviour === 'healthy');
  const ill = nodes.filter(({ behaviour }) => behaviour !== 'healthy');
  return [
    finding('every healthy node is provisioned', healthy, (node) => notProvisioned(node, issued)),
    finding('every failed node has its reason', ill, notExplained),
    finding('no run of Puppet was made twice for one attempt', nodes, runFaults),
    finding('no CSR was signed that the node had not reported', issued, (one) => signedAmiss(one, nodes)),
    finding('no attempt had two certificates signed', nodes, (node) => signedTwice(node, issued)),
    finding('no request was carried out twice', nodes, carriedOutTwice),
    { invariant: 'no lease is left', looked: nodes.length, violations: evidence.leasesLeft },
    {
      invariant: 'every certificate of the CAs was looked at',
      looked: issued.length,
      violations: evidence.unseen,
    },
    { invariant: 'no process ended by itself', looked: 0, violations: evidence.crashes },
  ];
}

function notProvisioned(node: NodeEvidence, issued: readonly IssuedEvidence[]): string[] {
  const { identity, record, answersWith } = node;
  if (record?.quarantine) return [`${identity}: in quarantine: ${record.quarantine.reason}`];
  if (!record?.done) {
    const { step, outcome, reason } = record?.history.at(-1) ?? { step: 'nothing', outcome: '', reason: '' };
    return [`${identity}: not done; at last ${step} ${outcome} ${reason ?? ''}`];
  }
  const certificate = issued.find(({ fingerprint }) => fingerprint === answersWith);
  if (answersWith === undefined) return [`${identity}: done, but it does not answer in the main collective`];
  if (!certificate) return [`${identity}: answers with a certificate that no CA issued: ${answersWith}`];
  if (certificate.isRevoked)
    return [`${identity}: its certificate ${certificate.serial} of ${certificate.master} is revoked`];
  return [];
}

function notExplained({ identity, behaviour, record, told, answersWith }: NodeEvidence): string[] {
  if (answersWith !== undefined) return [`${identity} (${behaviour}): is in the main collective`];
  if (behaviour === 'healthy') return [];
  // One that is gone cannot be told: the log of whoever worked on it has the reason.
  if (behaviour === 'vanishes')
    return told.length > 0 ? [] : [`${identity} (${behaviour}): no log says why it is not done`];
  if (!record?.quarantine) return [`${identity} (${behaviour}): is not in quarantine`];
  const { reason } = record.quarantine;
  return reasons[behaviour].test(reason) ? [] : [`${identity} (${behaviour}): another reason: ${reason}`];
}

function signedAmiss(one: IssuedEvidence, nodes: readonly NodeEvidence[]): string[] {
  const { certname, csr, serial, master } = one;
  const node = nodes.find(({ identity }) => identity === certname);
  if (!node) return [`${master} signed ${serial} for ${certname}, which is no node`];
  if (csr !== undefined && node.reported.includes(csr)) return [];
  return [`${master} signed ${serial} for ${certname}, made of ${csr ?? 'a CSR that nobody saw'}`];
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
    if (attempt === 0) return [`${identity}: ${count} certificates before any attempt`];
    return count > 1 ? [`${identity}: ${count} certificates in attempt ${attempt}`] : [];
  });
}

function carriedOutTwice({ identity, carriedOut }: NodeEvidence): string[] {
  const seen = new Set<string>();
  const twice = carriedOut.filter((id) => seen.has(id) || !seen.add(id));
  return twice.map((id) => `${identity}: request ${id}`);
}
