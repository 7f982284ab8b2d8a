import type { NodeEvidence } from './judge/evidence.js';
import type { ChaosResult } from './run.js';
import { invariantRows, table, violationLines } from './table.js';

type Row = readonly [what: string, count: number];

/** The faults by what was done to what. */
export function faultRows({ faults, mishaps }: Pick<ChaosResult, 'faults' | 'mishaps'>): Row[] {
  const counts = new Map<string, number>();
  for (const { deed, target } of faults) {
    const what = `${deedWords[deed]} ${target.replace(/ \d+$/, '')}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const messages = Object.entries(mishaps).map(([what, count]): Row => [`messages ${what}`, count]);
  return [...[...counts].sort(), ...messages];
}

const deedWords = {
  kill: 'killed (SIGKILL):',
  pause: 'paused:',
  cut: 'switched off, with Puppet runs:',
  spoil: 'degraded:',
} as const;

/** The results of the nodes, by their fault. */
export function nodeRows(nodes: readonly NodeEvidence[]): readonly (readonly [string, number, string])[] {
  const kinds = new Map<string, string[]>();
  for (const node of nodes) kinds.set(node.behaviour, [...(kinds.get(node.behaviour) ?? []), endOf(node)]);
  return [...kinds].map(([kind, ends]) => {
    const counts = [...new Set(ends)].map((end) => `${ends.filter((one) => one === end).length} ${end}`);
    return [kind, ends.length, counts.join(', ')];
  });
}

function endOf({ record, answersWith }: NodeEvidence): string {
  if (record?.quarantine) return 'quarantined';
  if (record?.done) return answersWith === undefined ? 'provisioned, no reply' : 'provisioned';
  return 'not provisioned';
}

/** How often work was repeated or continued. */
export function workRows({ nodes, issued, notifications }: ChaosResult['evidence']): Row[] {
  const runs = nodes.flatMap((node) => node.runs);
  const begun = (environment: string) =>
    runs.filter((run) => run.event === 'begin' && run.environment === environment).length;
  const cutOff = runs.filter(
    ({ event, id }) => event === 'begin' && !runs.some((run) => run.event === 'end' && run.id === id),
  ).length;
  const attached = nodes.flatMap(({ record }) =>
    (record?.history ?? []).filter(({ reason }) => reason?.startsWith('attached to a run')),
  ).length;
  const abandoned = nodes.flatMap(({ record }) =>
    (record?.history ?? []).filter(({ outcome }) => outcome === 'abandoned'),
  ).length;
  const owners = nodes.map(
    ({ record }) => new Set((record?.history ?? []).flatMap(({ owner }) => owner ?? [])).size,
  );
  return [
    ['Puppet runs in the environment bootstrap', begun('bootstrap')],
    ['Puppet runs in the environment production', begun('production')],
    ['Puppet runs that ended when their machine was switched off', cutOff],
    ['Puppet runs to which another provisioner or daemon attached', attached],
    ['certificates signed', issued.length],
    ['certificates revoked', issued.filter(({ isRevoked }) => isRevoked).length],
    ['steps started by one provisioner and continued by another', abandoned],
    [
      'requests refused because the provisioner had lost its lease',
      nodes.reduce((sum, { fencedOff }) => sum + fencedOff, 0),
    ],
    ['nodes that were handled by more than one provisioner', owners.filter((count) => count > 1).length],
    ['notifications that arrived', notifications.all],
    ['notifications that arrived more than once', notifications.repeated],
  ];
}

/** The results as tables. */
export function tables(outcome: ChaosResult): string {
  const { size, evidence, findings, seconds } = outcome;
  const { seed, nodes, masters, provisioners, groups } = size;
  const head = `seed ${seed}: ${nodes} nodes in ${groups} processes, ${masters} masters, ${provisioners} provisioners; faults for ${seconds.broken.toFixed(0)} s, all nodes finished ${seconds.settling.toFixed(0)} s later`;
  const parts = [
    head,
    table(['fault', 'count'], faultRows(outcome)),
    table(['nodes', 'count', 'result'], nodeRows(evidence.nodes)),
    table(['event', 'count'], workRows(evidence)),
    table(['holds', 'invariant', 'checked', 'violations'], invariantRows(findings)),
    ...violationLines(findings),
  ];
  return `${parts.join('\n')}\n`;
}
