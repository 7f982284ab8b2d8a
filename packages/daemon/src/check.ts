import { TroupeError } from '@troupe/core';
import { loadDaemonConfig } from './config.js';
import { PolicyStore } from './policy/index.js';

/** Checks a daemon's configuration and policies; returns the warnings. Throws FILE_UNREADABLE, CONFIG_INVALID, POLICY_INVALID. */
export function checkDaemon(file: string): readonly string[] {
  const { policies, without_policy: withoutPolicy } = loadDaemonConfig(file).authorization;
  if (policies === undefined) return [];
  const { errors, warnings } = new PolicyStore({ folder: policies, withoutPolicy }).check();
  if (errors.length > 0) throw new TroupeError('POLICY_INVALID', [...warnings, ...errors].join('\n'));
  return warnings;
}
