import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Client, type ClientConfig, connect, ddlCache, pick } from '@troupe/client';
import { silentLogger } from '@troupe/core';
import { makeFolder, replaceFileSync } from '@troupe/core/durable-file';
import { naturalOrder } from '@troupe/core/internal';
import discoveryDdl from '@troupe/ddl/discovery.json' with { type: 'json' };
import rpcutilDdl from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { knownNodes } from '../../call/node-cache.js';
import { jobsOf } from '../../output/job-list.js';
import { span } from '../../output/wording.js';
import type { Candidate, NetworkSource } from './sources.js';

/** Milliseconds after which a shell gets what there is. */
const patience = 2_500;
/** Nodes that are asked: more of them say little that is new. */
const sample = 40;
/** Milliseconds for which what they said is taken for what they would say. */
const freshFor = 600_000;
/** Values of a fact that are kept. */
const mostValues = 200;

interface Kept {
  readonly time: number;
  readonly facts: Readonly<Record<string, readonly string[]>>;
  readonly classes: readonly string[];
}

/** Asks a few nodes, for a short time, and keeps what they say. Nothing is ever thrown. */
export function networkSource(config: ClientConfig): NetworkSource {
  const inventory = async (): Promise<Kept> => {
    const file = fileOf(config);
    const kept = read(file);
    if (kept && Date.now() - kept.time < freshFor) return kept;
    const fresh = await asking(config, inventoryOf, undefined);
    if (fresh === undefined || Object.keys(fresh.facts).length === 0)
      return kept ?? { time: 0, facts: {}, classes: [] };
    await write(file, fresh);
    return fresh;
  };
  return {
    facts: async () => new Map(Object.entries((await inventory()).facts)),
    classes: async () => (await inventory()).classes,
    jobs: () => asking(config, jobCandidates, []),
  };
}

async function asking<T>(
  config: ClientConfig,
  ask: (client: Client, signal: AbortSignal) => Promise<T>,
  otherwise: T,
): Promise<T> {
  const signal = AbortSignal.timeout(patience);
  const late = new Promise<T>((resolve) => signal.addEventListener('abort', () => resolve(otherwise)));
  const work = async () => {
    const client = await connect({ config: { ...config, connect_timeout: 1.5 }, log: silentLogger });
    try {
      return await ask(client, signal);
    } finally {
      void client.close().catch(() => undefined);
    }
  };
  return Promise.race([work().catch(() => otherwise), late]);
}

async function targetsOf(client: Client): Promise<readonly string[]> {
  const online = (await client.presence()).online();
  return pick(online.length > 0 ? online : knownNodes(client.config), sample, 1);
}

async function inventoryOf(client: Client, signal: AbortSignal): Promise<Kept> {
  const values = new Map<string, Set<string>>();
  const classes = new Set<string>();
  const targets = await targetsOf(client);
  const replies = client.agent(rpcutilDdl).inventory({}, { targets, answerWithin: 1, signal });
  for await (const { ok, data } of replies) {
    if (!ok) continue;
    for (const name of data.classes ?? []) classes.add(String(name));
    gather(data.facts, '', values);
  }
  const sorted = [...values].sort(([a], [b]) => naturalOrder(a, b));
  return {
    time: Date.now(),
    facts: Object.fromEntries(sorted.map(([path, found]) => [path, [...found].sort(naturalOrder)])),
    classes: [...classes].sort(naturalOrder),
  };
}

function gather(value: unknown, path: string, values: Map<string, Set<string>>): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    // A dot within a name would read as a path.
    for (const [key, inner] of Object.entries(value))
      if (/^[\w:/-]+$/.test(key)) gather(inner, path === '' ? key : `${path}.${key}`, values);
    return;
  }
  if (path === '') return;
  const found = values.get(path) ?? new Set();
  values.set(path, found);
  for (const one of Array.isArray(value) ? value : [value]) {
    const text = String(one);
    // What a shell would take apart is left to the fingers.
    if (typeof one !== 'object' && /^[\w.:@%+,/-]{1,60}$/.test(text) && found.size < mostValues)
      found.add(text);
  }
}

async function jobCandidates(client: Client, signal: AbortSignal): Promise<readonly Candidate[]> {
  const results = await client.agent(discoveryDdl).jobs({}, { answerWithin: 1, signal }).all();
  return jobsOf(results).map(({ requestid, agent, action, age }) => ({
    value: requestid,
    meaning: `${agent} ${action}, ${span(age)} ago`,
  }));
}

function fileOf({ broker: { urls }, collectives }: ClientConfig): string {
  const network = createHash('sha256')
    .update(JSON.stringify([urls, collectives]))
    .digest('hex');
  return join(dirname(ddlCache()), 'facts', `${network.slice(0, 16)}.json`);
}

function read(file: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Kept;
  } catch {
    return undefined;
  }
}

// Facts are for those alone who may ask for them. A cache that cannot be written costs a question each time.
async function write(file: string, kept: Kept): Promise<void> {
  try {
    await makeFolder(dirname(file), 0o700);
    replaceFileSync(file, JSON.stringify(kept), 0o600);
  } catch {}
}
