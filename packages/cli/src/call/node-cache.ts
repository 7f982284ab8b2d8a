import { createHash } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ClientConfig, ddlCache } from '@troupe/client';
import { isIdentity } from '@troupe/core';
import { makeFolderSync } from '@troupe/core/durable-file';
import { readRegularFileSync } from '@troupe/core/regular-file';

type Place = Pick<ClientConfig, 'broker' | 'collectives'>;

/** Names that are kept for one collective. */
const most = 50_000;
/** Days after which a node that was not seen again is forgotten. */
const mostDays = 7;
const dayMs = 86_400_000;

/** What is kept of a node, on a line of a file: `NAME DAY`. */
interface Kept {
  /** When it was seen last, in days since 1970; absent if it was offline. */
  readonly day?: number;
}

/** Nodes that a command has seen. */
export interface SeenNodes {
  /** Nodes that replied or are online. */
  readonly alive: readonly string[];
  readonly offline: readonly string[];
  /** Whether these are all nodes of the collective. */
  readonly isWhole: boolean;
}

/** Keeps the names of nodes that were seen: for completion, and to notice nodes that are out of reach later. */
export function rememberNodes(config: Place, collective: string, seen: SeenNodes, now = Date.now()): void {
  const { alive, offline, isWhole } = seen;
  const kept = keptOf(config, collective, now);
  if (alive.length + offline.length === 0) return;
  const day = Math.floor(now / dayMs);
  const fresh = new Map<string, Kept>(
    // Those that were alive a while ago stay: they may be out of reach.
    [...(kept ?? [])].filter(([, { day: last }]) => !isWhole || last !== undefined),
  );
  for (const name of offline) fresh.set(name, { ...fresh.get(name) });
  for (const name of alive) fresh.set(name, { day });
  write(config, collective, fresh);
}

/** Removes a node that no longer exists from what is kept, so that it does not count as out of reach. Returns whether it was there. */
export function forgetNode(config: Place, collective: string, node: string, now = Date.now()): boolean {
  const kept = new Map(keptOf(config, collective, now));
  if (!kept.delete(node)) return false;
  write(config, collective, kept);
  return true;
}

function write(config: Place, collective: string, nodes: ReadonlyMap<string, Kept>): void {
  const lines = [...nodes]
    .map(([name, { day }]) => `${name} ${day ?? '-'}\n`)
    .sort()
    .slice(0, most);
  const text = lines.join('');
  const file = fileOf(config, collective);
  if (text === textOf(file)) return;
  try {
    makeFolderSync(dirname(file));
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch {
    // A cache that cannot be written, such as without a home, is only missed later.
  }
}

/** The names that were kept of a collective. */
export function knownNodes(config: Place, collective = config.collectives[0] ?? ''): readonly string[] {
  return [...(keptOf(config, collective, Date.now())?.keys() ?? [])];
}

/** The nodes that were alive within the last days. Undefined if nothing was kept of the collective. */
export function earlierNodes(
  config: Place,
  collective: string,
  now = Date.now(),
): readonly string[] | undefined {
  const kept = keptOf(config, collective, now);
  return kept && [...kept].flatMap(([name, { day }]) => (day === undefined ? [] : [name]));
}

function keptOf(config: Place, collective: string, now: number): ReadonlyMap<string, Kept> | undefined {
  const text = textOf(fileOf(config, collective));
  if (text === undefined) return undefined;
  const today = Math.floor(now / dayMs);
  const kept = new Map<string, Kept>();
  for (const line of text.split('\n')) {
    const [name = '', day = '-'] = line.split(' ');
    if (!isIdentity(name)) continue;
    const last = /^\d+$/.test(day) ? Number(day) : undefined;
    if (last !== undefined && Math.abs(today - last) > mostDays) continue;
    kept.set(name, last === undefined ? {} : { day: last });
  }
  return kept;
}

function textOf(file: string): string | undefined {
  try {
    return readRegularFileSync(file).toString('utf8');
  } catch {
    return undefined;
  }
}

function fileOf({ broker: { urls } }: Place, collective: string): string {
  const network = createHash('sha256')
    .update(JSON.stringify([urls, collective]))
    .digest('hex')
    .slice(0, 16);
  return join(dirname(ddlCache()), 'nodes', `${network}.txt`);
}
