import { text } from 'node:stream/consumers';
import { parseNodes } from '@troupe/client';
import { TroupeError } from '@troupe/core';
import { systemReasonOf } from '@troupe/core/internal';
import { readRegularFile } from '@troupe/core/regular-file';

/** As for the lists of `--do`. */
const mostBytes = 256 * 1024 * 1024;

/** Reads the nodes that `--nodes` names: a file, or `-` for standard input. Throws FILE_UNREADABLE, DISCOVERY_FAILED and NO_NODES. */
export async function readNodes(file: string, option = '--nodes'): Promise<readonly string[]> {
  const where = `${option}: ${file === '-' ? 'standard input' : file}`;
  const nodes = parseNodes(await contents(file, option), where);
  if (nodes.length === 0) throw new TroupeError('NO_NODES', `${where} contains no node names`);
  return nodes;
}

async function contents(file: string, option: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return (await readRegularFile(file, { most: mostBytes })).toString('utf8');
  } catch (error) {
    throw new TroupeError('FILE_UNREADABLE', `${option}: cannot read ${file}: ${systemReasonOf(error)}`);
  }
}
