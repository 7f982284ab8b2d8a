import type { DataLookup, DataResult, Facts } from '@troupe/core';
import type { Registry } from '../agents/registry.js';
import type { DaemonConfig } from '../config.js';
import type { ActionCounts } from '../request/action-counts.js';
import type { ClockSkew } from '../request/clock-skew.js';
import type { Stats } from '../request/stats.js';
import type { Version1Callers } from '../request/version1-callers.js';

/** The node as filters and `rpcutil` see it. */
export interface Node {
  readonly identity: string;
  readonly version: string;
  readonly config: DaemonConfig;
  readonly configFile: string;
  readonly mainCollective: string;
  readonly registry: Registry;
  readonly stats: Stats;
  readonly actions: ActionCounts;
  readonly clockSkew: ClockSkew;
  readonly version1: Version1Callers;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Data plugins by name. */
  readonly data: ReadonlyMap<string, DataLookup>;
  facts(): Facts;
  classes(): readonly string[];
}

/** Asks a data plugin; nothing where there is no such plugin. */
export async function lookUpData(
  node: Node,
  name: string,
  query: string | undefined,
): Promise<DataResult | undefined> {
  return node.data.get(name)?.(query);
}
