import type { DataOf } from '@troupe/core';
import { naturalOrder } from '@troupe/core/internal';
import type rpcutil from '@troupe/ddl/rpcutil.json';
import type { Screen } from '../terminal/screen.js';
import { columns } from './columns.js';
import { jsonLines, plain } from './plain.js';
import { aligned } from './record.js';

type Output<N extends string> = DataOf<Extract<(typeof rpcutil)['actions'][number], { action: N }>>;

/** What a node reports about itself. */
export interface NodeInventory {
  readonly node: string;
  readonly inventory: Output<'inventory'>;
  readonly stats: Output<'daemon_stats'>;
}

/** The report on one node, in Choria's look. */
export function printInventory(
  screen: Screen,
  { node, inventory, stats }: NodeInventory,
  showFacts: boolean,
): void {
  const { width } = screen;
  const names = (list: readonly unknown[] | null) =>
    (list ?? []).map((name) => plain(String(name))).sort(naturalOrder);
  const block = (title: string, lines: readonly string[]) => [
    `  ${title}:`,
    '',
    ...(lines.length > 0 ? lines : ['    none']),
    '',
  ];
  const started = stats.starttime === null ? 'unknown' : new Date(stats.starttime * 1000).toISOString();
  screen.print(
    [
      `Inventory for ${node}:`,
      '',
      ...block(
        'Server Statistics',
        aligned(
          [
            { label: 'Version', value: inventory.version },
            { label: 'Start Time', value: started },
            { label: 'Config File', value: stats.configfile },
            { label: 'Collectives', value: names(inventory.collectives).join(', ') },
            { label: 'Main Collective', value: inventory.main_collective },
            { label: 'Process ID', value: stats.pid },
            { label: 'CPU Time', value: cpuTime(stats.times) },
            { label: 'Total Messages', value: stats.total },
            { label: 'Messages Passed Filters', value: stats.passed },
            { label: 'Messages Filtered', value: stats.filtered },
            { label: 'Expired Messages', value: stats.ttlexpired },
            { label: 'Failed Authentication', value: stats.unvalidated },
            { label: 'Denied', value: stats.denied },
            { label: 'Replies Sent', value: stats.replies },
          ],
          width,
          6,
        ),
      ),
      ...block('Agents', columns(names(inventory.agents), width, 4)),
      ...block('Data Plugins', columns(names(inventory.data_plugins), width, 4)),
      ...block('Configuration Management Classes', columns(names(inventory.classes), width, 4)),
      ...(showFacts
        ? block(
            'Facts',
            jsonLines(inventory.facts ?? {}, width - 4).map((line) => `    ${plain(line)}`),
          )
        : []),
    ]
      .join('\n')
      .trimEnd(),
  );
}

function cpuTime(times: unknown): string {
  const { utime, stime } = (times ?? {}) as { readonly utime?: unknown; readonly stime?: unknown };
  if (typeof utime !== 'number' || typeof stime !== 'number') return 'unknown';
  return `${utime.toFixed(2)} s user, ${stime.toFixed(2)} s system`;
}
