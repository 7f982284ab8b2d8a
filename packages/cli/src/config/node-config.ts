import { existsSync } from 'node:fs';
import { type DaemonConfig, loadDaemonConfig } from '@troupe/daemon';
import { UsageError } from '../failure.js';

/** The default path of mcod's configuration. */
export const nodeConfigPlace = '/etc/troupe/mcod.yaml';

/** The configuration of the daemon on this machine; undefined if none was named and none exists. Throws FILE_UNREADABLE, CONFIG_INVALID. */
export function nodeConfigIfAny(named: string | undefined): DaemonConfig | undefined {
  if (named === undefined && !existsSync(nodeConfigPlace)) return undefined;
  return loadDaemonConfig(named ?? nodeConfigPlace);
}

/** A value of that configuration that an argument did not set. Throws a UsageError if it is missing. */
export function neededOfNode<T>(value: T | undefined, named: string | undefined, what: string): T {
  if (value !== undefined) return value;
  const file = named ?? nodeConfigPlace;
  const why = existsSync(file) ? `${file} does not set one` : `${file} does not exist`;
  throw new UsageError(`no ${what} given, and ${why}`);
}
