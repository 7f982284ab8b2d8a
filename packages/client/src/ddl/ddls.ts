import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Ddl, ddlHash, findDdl, listDdls, parseDdl, suggestion, TroupeError } from '@troupe/core';
import discoveryDdl from '@troupe/ddl/discovery.json' with { type: 'json' };
import rpcutilDdl from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import type { Client } from '../client.js';
import { bundledDdls } from './bundled-ddls.js';
import { ddlCache, isFresh, keepDdl, keptByHash } from './ddl-cache.js';

/** The DDLs on this machine by agent: the configured folders, those that come with Troupe, then the cache. */
export async function localDdls(configured: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const bundled = new Map(await listDdls([bundledDdls]));
  // That of the npm package, and not of an agent named "package".
  bundled.delete('package');
  const [own, cached] = await Promise.all([listDdls(configured), listDdls([ddlCache()])]);
  return new Map([...cached, ...bundled, ...own]);
}

/**
 * The DDL of an agent from this machine's disk, if it is there; with `isFresh`, no copy of the fleet's that a node was
 * not asked about within the hour. Throws DDL_INVALID, FILE_UNREADABLE.
 */
export async function localDdl(
  configured: readonly string[],
  agent: string,
  options: { readonly isFresh?: boolean } = {},
): Promise<Ddl | undefined> {
  const path = (await localDdls(configured)).get(agent);
  if (path === undefined) return undefined;
  if (options.isFresh && dirname(path) === ddlCache() && !isFresh(agent)) return undefined;
  // Those that come with Troupe are known to be sound, and the checking costs mco a tenth of its time.
  if (dirname(path) === bundledDdls) return JSON.parse(readFileSync(path, 'utf8')) as Ddl;
  return (await findDdl(agent, [dirname(path)])).ddl;
}

/**
 * The DDL of an agent: from a configured folder, or one that comes with Troupe; else that of the fleet, from the cache
 * where a node says that it is still the same, or was asked within the hour. Throws DDL_UNKNOWN, DDL_INVALID.
 */
export async function resolveDdl(client: Client, agent: string, collective: string): Promise<Ddl> {
  const ddl = await localDdl(client.config.ddl_dirs, agent, { isFresh: true });
  if (ddl) return ddl;
  return refreshDdl(client, agent, collective);
}

/**
 * The DDL that an agent has on the nodes now: one of them, or the one named, tells its hash, and the DDL is fetched
 * where no copy with that hash is kept. A copy serves where nobody answers. Throws DDL_UNKNOWN, DDL_INVALID.
 */
export async function refreshDdl(
  client: Client,
  agent: string,
  collective: string,
  node?: string,
): Promise<Ddl> {
  const nodes =
    node === undefined
      ? (await client.discover({ collective, filter: client.filter({ agents: [agent] }), most: mostAsked }))
          .nodes
      : [node];
  for (const identity of nodes.slice(0, mostAsked)) {
    const ddl = await ddlOfNode(client, agent, { collective, node: identity });
    if (!ddl) continue;
    keepDdl(ddl);
    return ddl;
  }
  const kept = node === undefined ? await localDdl([], agent) : undefined;
  if (kept) return kept;
  throw unknown(agent, nodes, (await localDdls(client.config.ddl_dirs)).keys());
}

/** Nodes that are asked for a DDL before the asking ends. */
const mostAsked = 3;

/** The DDL that an agent has on one node, or nothing where the node does not give it. Throws DDL_INVALID. */
export async function ddlOfNode(
  client: Client,
  agent: string,
  { node, collective }: { readonly node: string; readonly collective: string },
): Promise<Ddl | undefined> {
  const options = { collective, targets: [node] };
  const known = await client.agent(rpcutilDdl).agent_inventory({}, options).one();
  if (known.statuscode === undefined) return undefined;
  const kept = keptByHash(hashIn(known.data.agents, agent) ?? '');
  if (kept) return kept;
  const { ok, data } = await client.agent(discoveryDdl).ddl({ agent }, options).one();
  if (!ok || !data.ddl) return undefined;
  const ddl = parseDdl(data.ddl, `the DDL of "${agent}" from ${node}`);
  if (ddl.metadata.name === agent && (data.hash === undefined || data.hash === ddlHash(ddl))) return ddl;
  throw new TroupeError(
    'DDL_INVALID',
    `${node} sent a DDL that is damaged, or not the one of the agent "${agent}"`,
  );
}

// A node whose policy does not let us ask gives its DDL all the same.
function hashIn(agents: unknown, agent: string): string | undefined {
  if (!Array.isArray(agents)) return undefined;
  const entry = agents.find((one) => (one as { agent?: unknown } | null)?.agent === agent);
  const hash = (entry as { ddl?: unknown } | undefined)?.ddl;
  return typeof hash === 'string' ? hash : undefined;
}

function unknown(agent: string, nodes: readonly string[], known: Iterable<string>): TroupeError {
  const here = `unknown agent "${agent}"${suggestion(agent, known)}: no DDL (agent description) on this machine`;
  const there =
    nodes.length === 0
      ? 'no node has this agent'
      : `could not get it from ${nodes.slice(0, mostAsked).join(', ')}`;
  return new TroupeError('DDL_UNKNOWN', `${here}, and ${there}; mco plugin list lists the agents`);
}
