import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFirstPolicy } from '@troupe/daemon';

/**
 * Makes the folder `policies` in `folder` and returns its path, the value of `authorization.policies` for a daemon under
 * test. If it has no default policy yet, it gets one that lets these callers call everything and nobody else anything;
 * `*` stands for all callers.
 */
export function writePolicies(folder: string, callers: readonly string[]): string {
  const policies = join(folder, 'policies');
  if (!existsSync(join(policies, 'default.policy'))) writeFirstPolicy(policies, callers);
  return policies;
}
