import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TroupeError } from '@troupe/core';
import { makeFolderSync } from '@troupe/core/durable-file';
import { systemReasonOf } from '@troupe/core/internal';
import { defaultPolicy, listFolder } from './folder.js';
import { Misnamed } from './misnamed.js';

/** A default policy that lets these callers call everything, and nobody else anything. */
export function firstPolicy(callers: readonly string[]): string {
  return `# Who may call the agents of this host that have no AGENT.policy in this folder.
# Fields are separated by tabs: allow or deny, callers, actions, facts, classes.
# The first line that matches decides; "*" matches everything.
# After a change: mco policy check; then mco policy explain shows who may do what.

policy default deny

allow\t${callers.join(' ')}\t*\t*
`;
}

/**
 * Makes a folder of policies with a first default policy in it, and returns the path of that file. Throws
 * POLICY_INVALID if the folder has a default policy, under whatever name, and FILE_UNREADABLE if it cannot be written.
 */
export function writeFirstPolicy(folder: string, callers: readonly string[]): string {
  const file = join(folder, defaultPolicy);
  try {
    makeFolderSync(folder, 0o755);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  const { lookalikes, policies } = listFolder(folder);
  const [lost] = [...lookalikes].find(([, meant]) => meant === defaultPolicy) ?? [];
  if (lost !== undefined && !policies.has(defaultPolicy)) throw new Misnamed(folder, lost, defaultPolicy);
  try {
    writeFileSync(file, firstPolicy(callers), { flag: 'wx', mode: 0o644 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(file, cause);
    throw new TroupeError(
      'POLICY_INVALID',
      `${file} exists and was not changed: to allow more callers, add a line to it`,
      { cause },
    );
  }
  return file;
}

function unwritable(path: string, cause: unknown): TroupeError {
  return new TroupeError('FILE_UNREADABLE', `cannot write ${path}: ${systemReasonOf(cause)}`, { cause });
}
