import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ClientConfig, type Discovery, ddlCache } from '@troupe/client';
import { isIdentity } from '@troupe/core';
import { readRegularFileSync } from '@troupe/core/regular-file';

type Place = Pick<ClientConfig, 'broker' | 'collectives'>;

/** Names that are kept for one collective; completion of more is useless. */
const most = 20_000;

/** Keeps the names of nodes that were seen, for completion; the names of a whole collective replace what was kept. */
export function rememberNodes(
  config: Place,
  collective: string,
  found: Pick<Discovery, 'nodes' | 'silent' | 'offline'>,
  isWhole: boolean,
): void {
  const seen = [...found.nodes, ...found.silent, ...found.offline];
  if (seen.length === 0) return;
  const kept = knownNodes(config, collective);
  const names = [...new Set(isWhole ? seen : [...kept, ...seen])].sort().slice(0, most);
  if (names.length === kept.length && names.every((name, index) => name === kept[index])) return;
  const file = fileOf(config, collective);
  try {
    mkdirSync(dirname(file), { recursive: true });
    const fresh = `${file}.${process.pid}`;
    writeFileSync(fresh, names.map((name) => `${name}\n`).join(''));
    renameSync(fresh, file);
  } catch {
    // A cache that cannot be written, such as without a home, costs a completion and nothing else.
  }
}

/** The names that were kept of a collective. */
export function knownNodes(config: Place, collective = config.collectives[0] ?? ''): readonly string[] {
  try {
    return readRegularFileSync(fileOf(config, collective)).toString('utf8').split('\n').filter(isIdentity);
  } catch {
    return [];
  }
}

function fileOf({ broker: { urls } }: Place, collective: string): string {
  const network = createHash('sha256')
    .update(JSON.stringify([urls, collective]))
    .digest('hex')
    .slice(0, 16);
  return join(dirname(ddlCache()), 'nodes', `${network}.txt`);
}
