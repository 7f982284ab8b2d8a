import { TroupeError } from '@troupe/core';
import { allowsUnsafeFiles } from '@troupe/core/trusted-path';
import { loadDaemonConfig } from './config.js';
import { PolicyStore } from './policy/index.js';
import { findUnsafeFiles } from './unsafe-files.js';

/**
 * Checks a daemon's configuration, its policies, and who can write its files; returns the warnings. Throws
 * FILE_UNREADABLE, CONFIG_INVALID, POLICY_INVALID, FILE_UNSAFE.
 */
export async function checkDaemon(file: string): Promise<readonly string[]> {
  const config = loadDaemonConfig(file);
  const { fatal, leftOut, doubtful } = await findUnsafeFiles(config, file);
  if (fatal.length > 0 && !allowsUnsafeFiles()) throw new TroupeError('FILE_UNSAFE', fatal.join('\n'));
  const unsafe = [...fatal, ...leftOut.map((fault) => leftOutWords(fault)), ...doubtful];
  const { policies, without_policy: withoutPolicy } = config.authorization;
  if (policies === undefined) return unsafe;
  const { errors, warnings } = new PolicyStore({ folder: policies, withoutPolicy }).check();
  if (errors.length > 0) throw new TroupeError('POLICY_INVALID', [...warnings, ...errors].join('\n'));
  return [...unsafe, ...warnings];
}

function leftOutWords(fault: string): string {
  return allowsUnsafeFiles() ? fault : `left out: ${fault}`;
}
