import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { version } from '../version.js';
import type { Metrics } from './metrics.js';

/** Adds what every program has: its version, and what its process uses. */
export function addProcessMetrics(metrics: Metrics): void {
  const { node } = process.versions;
  metrics.watch(
    'gauge',
    {
      name: 'build_info',
      help: '1, with the versions of the program and of Node.js as labels',
      labels: ['version', 'node_version'],
    },
    () => [[1, version, node]],
  );
  metrics.watch(
    'gauge',
    {
      name: 'process_start_time_seconds',
      help: 'Start of the process, in seconds since 1970',
    },
    () => performance.timeOrigin / 1000,
  );
  metrics.watch(
    'counter',
    { name: 'process_cpu_seconds_total', help: 'CPU time of the process in seconds' },
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  );
  metrics.watch(
    'gauge',
    { name: 'process_resident_memory_bytes', help: 'Resident memory of the process in bytes' },
    () => process.memoryUsage.rss(),
  );
  metrics.watch(
    'gauge',
    { name: 'nodejs_heap_size_used_bytes', help: 'JavaScript heap in use, in bytes' },
    () => process.memoryUsage().heapUsed,
  );
  metrics.watch(
    'counter',
    {
      name: 'nodejs_eventloop_active_seconds_total',
      help: 'Time in seconds in which the event loop was busy; near 1 per second, the program is overloaded',
    },
    () => performance.eventLoopUtilization().active / 1000,
  );
  // Only Linux has the folder.
  if (process.platform !== 'linux') return;
  metrics.watch(
    'gauge',
    { name: 'process_open_fds', help: 'Open file descriptors' },
    // Reading the folder opens one more.
    () => readdirSync('/proc/self/fd').length - 1,
  );
  metrics.watch('gauge', { name: 'process_max_fds', help: 'Limit of open file descriptors' }, () => {
    const [, soft = ''] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === '' ? undefined : Number(soft);
  });
}
