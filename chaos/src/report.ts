import type { NodeEvidence } from './judge/evidence.js';
import type { Outcome } from './run.js';
import { findingRows, table, violationLines } from './table.js';

type Row = readonly [what: string, count: number];

/** The faults by what was done to what. */
export function faultRows({ faults, mishaps }: Pick<Outcome, 'faults' | 'mishaps'>): Row[] {
  const counts = new Map<string, number>();
  for (const { deed, target } of faults) {
    const what = `${deedWords[deed]} ${target.replace(/ \d+$/, '')}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const messages = Object.entries(mishaps).map(([what, count]): Row => [`messages ${what}`, count]);
  return [...[...counts].sort(), ...messages];
}

const deedWords = {
  kill: 'killed with -9:',
  pause: 'paused:',
  cut: 'switched off, Puppet runs too:',
  spoil: 'made worse:',
} as const;

/** What became of the nodes, by what was wrong with them. */
export function nodeRows(nodes: readonly NodeEvidence[]): readonly (readonly [string, number, string])[] {
  const kinds = new Map<string, string[]>();
  for (const node of nodes) kinds.set(node.behaviour, [...(kinds.get(node.behaviour) ?? []), endOf(node)]);
  return [...kinds].map(([kind, ends]) => {
    const counts = [...new Set(ends)].map((end) => `${ends.filter((one) => one === end).length} ${end}`);
    return [kind, ends.length, counts.join(', ')];
  });
}

function endOf({ record, answersWith }: NodeEvidence): string {
  if (record?.quarantine) return 'in quarantine';
  if (record?.done) return answersWith === undefined ? 'done, silent' : 'provisioned';
  return 'not done';
}

/** How often things were done again. */
export function workRows({ nodes, issued }: Outcome['evidence']): Row[] {
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
    ['runs of Puppet in bootstrap', begun('bootstrap')],
    ['runs of Puppet in production', begun('production')],
    ['runs of Puppet that ended with their machine', cutOff],
    ['runs of Puppet that another provisioner or daemon attached to', attached],
    ['certificates signed', issued.length],
    ['certificates revoked again', issued.filter(({ isRevoked }) => isRevoked).length],
    ['steps that somebody began and another one went on with', abandoned],
    [
      'requests of provisioners that had lost their lease, refused',
      nodes.reduce((sum, { fencedOff }) => sum + fencedOff, 0),
    ],
    ['nodes that more than one provisioner worked on', owners.filter((count) => count > 1).length],
  ];
}

/** The whole outcome as tables for people. */
export function tables(outcome: Outcome): string {
  const { size, evidence, findings, seconds } = outcome;
  const { seed, nodes, masters, provisioners, groups } = size;
  const head = `seed ${seed}: ${nodes} nodes in ${groups} processes, ${masters} masters, ${provisioners} provisioners; faults for ${seconds.broken.toFixed(0)} s, all at their end ${seconds.settling.toFixed(0)} s later`;
  const parts = [
    head,
    table(['faults', 'times'], faultRows(outcome)),
    table(['nodes', 'count', 'end'], nodeRows(evidence.nodes)),
    table(['what was done', 'times'], workRows(evidence)),
    table(['holds', 'invariant', 'looked at', 'violations'], findingRows(findings)),
    ...violationLines(findings),
  ];
  return `${parts.join('\n')}\n`;
}
