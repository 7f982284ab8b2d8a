import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import {
  createNewcomerAccount,
  readNewcomerAccount,
  readSecret,
  systemReasonOf,
} from '@troupe/core/internal';
import { UsageError } from '../../failure.js';

/** The account of new machines in a file; creates the account if the file does not exist. */
export async function newcomerAccount(file: string): Promise<ReturnType<typeof readNewcomerAccount>> {
  if (!existsSync(file)) await create(file);
  return readNewcomerAccount(readSecret(file, '--newcomers'));
}

async function create(file: string): Promise<void> {
  try {
    await writeFile(file, await createNewcomerAccount(), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new UsageError(`--newcomers: cannot write ${file}: ${systemReasonOf(error)}`);
  }
}
