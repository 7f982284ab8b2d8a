import { compilePattern, TroupeError } from '@troupe/core';
import { validitiesOf, validityState } from '@troupe/core/internal';
import { allowsUnsafeFiles } from '@troupe/core/trusted-path';
import { type DaemonConfig, loadDaemonConfig } from './config.js';
import { factsOfHost } from './node/facts.js';
import { PolicyStore, policyOptionsOf } from './policy/index.js';
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
  const { errors, unread, warnings } = new PolicyStore({
    ...policyOptionsOf(config),
    ...callersOf(config),
    facts: () => factsOfHost(config),
  }).check();
  if (errors.length > 0)
    throw new TroupeError('POLICY_INVALID', [...unread, ...warnings, ...errors].join('\n'));
  return [...unsafe, ...unread, ...warnings, ...endsOf(config)];
}

// What has expired keeps mcod from connecting, but it starts.
function endsOf({ security }: DaemonConfig): readonly string[] {
  if (security.mode !== 'x509') return [];
  return validitiesOf(security)
    .map((validity) => validityState(validity))
    .flatMap(({ level, message }) => (level === 'ok' ? [] : [message]));
}

function leftOutWords(fault: string): string {
  return allowsUnsafeFiles() ? fault : `left out: ${fault}`;
}

// Only a certificate proves a name; the pattern for a machine with a token is in the token.
function callersOf({ security }: DaemonConfig): { readonly callers?: RegExp } {
  if (security.mode !== 'x509') return {};
  return { callers: compilePattern(security.callers.match, 'security.callers.match') };
}
