import { existsSync } from 'node:fs';
import { type DaemonConfig, loadDaemonConfig } from '@troupe/daemon';
import { UsageError } from '../failure.js';

/** Where mcod's configuration is unless told. */
export const nodeConfigPlace = '/etc/troupe/mcod.yaml';

/** The configuration of the daemon on this machine, or nothing where none was named and there is none. Throws FILE_UNREADABLE, CONFIG_INVALID. */
export function nodeConfigIfAny(named: string | undefined): DaemonConfig | undefined {
  if (named === undefined && !existsSync(nodeConfigPlace)) return undefined;
  return loadDaemonConfig(named ?? nodeConfigPlace);
}

/** The same where a value of it is needed, which an argument could have named instead. Throws a UsageError. */
export function neededOfNode<T>(value: T | undefined, named: string | undefined, what: string): T {
  if (value !== undefined) return value;
  const file = named ?? nodeConfigPlace;
  const why = existsSync(file) ? `${file} names none` : `there is no ${file}`;
  throw new UsageError(`name ${what}: ${why}`);
}
