import type { Security, Transport } from '@troupe/core';
import type { Pause } from '@troupe/core/internal';
import type { Loss } from '../loss.js';
import type { FactSource } from '../node/facts.js';
import type { Node } from '../node/node.js';
import type { Twin } from '../node/twin-watch.js';
import type { Jobs } from '../request/jobs.js';
import type { RunQueue } from '../request/run-queue.js';
import type { DaemonStatus } from './status.js';

/** The current status of a daemon. */
export function statusOf(parts: {
  readonly state: DaemonStatus['state'];
  readonly node: Node;
  readonly transport: Transport;
  readonly connects: number;
  readonly security: Security;
  readonly jobs: Jobs;
  readonly queue: RunQueue;
  readonly facts: FactSource;
  readonly twin: Twin | undefined;
  readonly pause: Pause | undefined;
  readonly without: readonly Loss[];
}): DaemonStatus {
  const { state, node, transport, connects, security, jobs, queue, facts, twin, pause, without } = parts;
  const { last, seconds: clockSkew } = node.clockSkew;
  const { kept, keptBytes } = jobs.counts();
  const agents = node.registry.all().map(({ name, compiled }) => [name, compiled.ddl.metadata.version]);
  return {
    v: 1,
    state,
    time: Date.now(),
    interval: node.config.status_interval,
    pid: process.pid,
    version: node.version,
    identity: node.identity,
    collectives: node.config.collectives,
    config: node.configFile,
    since: node.startedAt,
    broker: transport.link ?? { connected: transport.connected },
    ...(last === undefined ? {} : { lastRequest: last }),
    counts: { ...node.stats, running: queue.running, queued: queue.waiting, kept, keptBytes, connects },
    actions: node.actions.all(),
    agents: Object.fromEntries(agents),
    ...(security.expires && { certificateExpires: security.expires() }),
    without,
    facts: facts.status(),
    ...(clockSkew === undefined ? {} : { clockSkew }),
    ...(twin && { twin }),
    ...(pause && { pause }),
    memory: process.memoryUsage.rss(),
  };
}
