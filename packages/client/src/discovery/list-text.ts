import { stat } from 'node:fs/promises';
import { isIdentity, TroupeError } from '@troupe/core';
import { systemReasonOf } from '@troupe/core/internal';
import { readRegularFile } from '@troupe/core/regular-file';

/** A text that came from elsewhere than a file, and what to call it in errors, such as `standard input`. */
export interface ListText {
  readonly text: string;
  readonly where: string;
}

const mostBytes = 256 * 1024 * 1024;

/** The text of a file, or the one that is given. Throws FILE_UNREADABLE. */
export async function textOf(list: string | ListText): Promise<ListText> {
  if (typeof list !== 'string') return list;
  try {
    const { size } = await stat(list);
    if (size > mostBytes) throw new Error(`it has ${size} bytes; the limit is ${mostBytes}`);
    return { text: (await readRegularFile(list, { most: mostBytes })).toString('utf8'), where: list };
  } catch (cause) {
    throw new TroupeError('FILE_UNREADABLE', `cannot read ${list}: ${systemReasonOf(cause)}`, { cause });
  }
}

/** An identity out of a list, lower-case; `place` says where it stands. Throws DISCOVERY_FAILED. */
export function identityAt(name: unknown, place: string): string {
  const identity = typeof name === 'string' ? name.trim().toLowerCase() : '';
  if (isIdentity(identity)) return identity;
  const shown = name === undefined ? 'nothing' : JSON.stringify(name).slice(0, 80);
  throw new TroupeError(
    'DISCOVERY_FAILED',
    `${place}: ${shown} is not a valid node name (a-z, 0-9, ".", "_", "-")`,
  );
}
