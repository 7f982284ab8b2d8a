import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Ddl, findDdl, listDdls, suggestion, TroupeError } from '@troupe/core';
import type { Client } from '../client.js';
import type { ClientConfig } from '../config.js';
import { bundledDdls } from './bundled-ddls.js';
import { ddlCacheOf, isFresh, keepDdl } from './ddl-cache.js';
import { cameFromNode } from './ddl-origin.js';
import { ddlOfNode } from './node-ddl.js';

/** What of a client's configuration says where DDLs are; without one, only those that come with Troupe are known. */
export type DdlPlaces = Pick<ClientConfig, 'ddl_dirs' | 'broker'> | undefined;

/** The DDLs on this machine by agent: the configured folders, those that come with Troupe, then the cache of the network. */
export async function localDdls(places: DdlPlaces): Promise<ReadonlyMap<string, string>> {
  const bundled = new Map(await listDdls([bundledDdls]));
  // That of the npm package, and not of an agent named "package".
  bundled.delete('package');
  const [own, cached] = await Promise.all([
    listDdls(places?.ddl_dirs ?? []),
    listDdls(places ? [ddlCacheOf(places)] : []),
  ]);
  return new Map([...cached, ...bundled, ...own]);
}

/**
 * The DDL of an agent from this machine's disk, if it is there; with `isFresh`, no copy of the fleet's that a node was
 * not asked about within the hour. Throws DDL_INVALID, FILE_UNREADABLE.
 */
export async function localDdl(
  places: DdlPlaces,
  agent: string,
  options: { readonly isFresh?: boolean } = {},
): Promise<Ddl | undefined> {
  const path = (await localDdls(places)).get(agent);
  if (path === undefined) return undefined;
  // Those that come with Troupe are known to be sound, and the checking costs mco a tenth of its time.
  if (dirname(path) === bundledDdls) return JSON.parse(readFileSync(path, 'utf8')) as Ddl;
  const isCached = places !== undefined && dirname(path) === ddlCacheOf(places);
  if (isCached && options.isFresh && !isFresh(agent, places)) return undefined;
  const { ddl } = await findDdl(agent, [dirname(path)]);
  return isCached ? cameFromNode(ddl, 'a node (cached)') : ddl;
}

/**
 * The DDL of an agent: from a configured folder, or one that comes with Troupe; else that of the fleet, from the cache
 * where a node says that it is still the same, or was asked within the hour. Throws DDL_UNKNOWN, DDL_INVALID.
 */
export async function resolveDdl(client: Client, agent: string, collective: string): Promise<Ddl> {
  const ddl = await localDdl(client.config, agent, { isFresh: true });
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
    keepDdl(ddl, client.config);
    return ddl;
  }
  const kept = node === undefined ? await localDdl({ ...client.config, ddl_dirs: [] }, agent) : undefined;
  if (kept) return kept;
  throw unknown(agent, nodes, (await localDdls(client.config)).keys());
}

/** Nodes that are asked for a DDL before the asking ends. */
const mostAsked = 3;

function unknown(agent: string, nodes: readonly string[], known: Iterable<string>): TroupeError {
  const here = `unknown agent "${agent}"${suggestion(agent, known)}: no DDL (agent description) on this machine`;
  const there =
    nodes.length === 0
      ? 'no node has this agent'
      : `could not get it from ${nodes.slice(0, mostAsked).join(', ')}`;
  return new TroupeError('DDL_UNKNOWN', `${here}, and ${there}; mco plugin list lists the agents`);
}
