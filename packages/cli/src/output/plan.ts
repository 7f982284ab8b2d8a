import { batchSize, type Share } from '@troupe/client';
import type { Found } from '../call/selection.js';
import type { Work } from '../call/work.js';
import type { TimeOptions, VolumeOptions } from '../command-line/options.js';
import { ExitCode } from '../exit.js';
import type { Screen } from '../terminal/screen.js';
import { columns } from './columns.js';
import { discoveryStatistics } from './json-replies.js';
import { aligned } from './record.js';
import { counted } from './wording.js';

/** Prints what a call would do, for --dry-run: the nodes that it would call, and the action from the DDL. */
export function showPlan(
  screen: Screen,
  work: Work,
  found: Found,
  options: VolumeOptions & TimeOptions,
): ExitCode {
  const plan = planOf(work, found, options);
  if (screen.json) {
    const { nodes, discovered, limit_seed, ...own } = plan;
    for (const sender of nodes) screen.json.result({ sender });
    screen.json.summarize(discoveryStatistics(found), { dry_run: true, ...own });
  } else screen.print(textOf(plan, work, found, screen.width));
  return found.nodes.length > 0 ? ExitCode.ok : ExitCode.error;
}

function planOf({ ddl, action, input }: Work, found: Found, options: VolumeOptions & TimeOptions) {
  const { batch, batchSleep, maxFailures, timeout } = options;
  return {
    agent: ddl.metadata.name,
    action: action.name,
    description: action.ddl.description,
    mutating: action.isMutating(input),
    input: action.redact(input),
    timeout: Math.min(timeout ?? action.timeoutSeconds, action.timeoutSeconds),
    nodes: found.nodes,
    discovered: found.before ?? found.nodes.length,
    ...(found.seed === undefined ? {} : { limit_seed: found.seed }),
    ...(batch === undefined
      ? {}
      : { batch: batchSize(batch, found.nodes.length), batch_sleep: batchSleep ?? 1 }),
    ...(maxFailures === undefined ? {} : { max_failures: maxFailures }),
  };
}

function textOf(plan: ReturnType<typeof planOf>, { action }: Work, found: Found, width: number): string {
  const inputs = Object.entries(plan.input).map(([label, value]) => ({ label, value }));
  const rows = [
    { label: 'Action', value: `${plan.agent} ${plan.action}: ${plan.description}` },
    { label: 'Changes Hosts', value: changes(plan.mutating, action.ddl.mutating) },
    { label: 'Timeout', value: `${plan.timeout} s on each node` },
    ...(found.seed === undefined
      ? []
      : [
          {
            label: 'Limit',
            value: `${counted(plan.nodes.length)} of ${plan.discovered}; --limit-seed ${found.seed} selects the same ones`,
          },
        ]),
    ...(plan.batch === undefined
      ? []
      : [{ label: 'Batches', value: `of ${counted(plan.batch)}, ${plan.batch_sleep} s apart` }]),
    ...(plan.max_failures === undefined
      ? []
      : [
          {
            label: 'Max Failures',
            value: `${shareWords(plan.max_failures)}; if more nodes fail, no more batches are sent`,
          },
        ]),
    ...(action.ddl.dry_run === undefined || !plan.mutating
      ? []
      : [
          {
            label: 'See Also',
            value: `${action.ddl.dry_run}=true makes the action report what it would change`,
          },
        ]),
  ];
  return [
    `Dry run: nothing was sent. ${counted(plan.nodes.length)} would be called:`,
    '',
    ...columns(plan.nodes, width),
    '',
    ...aligned(rows, width, 3, { isWrapped: true }),
    ...(inputs.length > 0 ? ['', '   Inputs:', '', ...aligned(inputs, width, 6)] : []),
  ].join('\n');
}

function changes(isMutating: boolean, declared: boolean | undefined): string {
  if (!isMutating) return 'no';
  return declared === undefined ? 'yes (assumed: the DDL does not declare it)' : 'yes';
}

function shareWords(share: Share): string {
  return typeof share === 'number' ? String(share) : `${share.percent}% of the nodes`;
}
