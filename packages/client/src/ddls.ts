import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Ddl, findDdl, listDdls, messageOf, parseDdl, suggestion, TroupeError } from '@troupe/core';
import discoveryDdl from '@troupe/ddl/discovery.json' with { type: 'json' };
import { bundledDdls } from './bundled.js';
import type { Client } from './client.js';

/** The folder where DDLs fetched from nodes are kept. */
export function ddlCache(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'troupe', 'ddl');
}

/** The DDLs on this machine by agent: the configured folders, those that come with Troupe, then the cache. */
export async function localDdls(configured: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const bundled = new Map(await listDdls([bundledDdls]));
  // That of the npm package, and not of an agent named "package".
  bundled.delete('package');
  const [own, cached] = await Promise.all([listDdls(configured), listDdls([ddlCache()])]);
  return new Map([...cached, ...bundled, ...own]);
}

/** The DDL of an agent from this machine's disk, if it is there. Throws DDL_INVALID, FILE_UNREADABLE. */
export async function localDdl(configured: readonly string[], agent: string): Promise<Ddl | undefined> {
  const path = (await localDdls(configured)).get(agent);
  if (path === undefined) return undefined;
  // Those that come with Troupe are known to be sound, and the checking costs mco a tenth of its time.
  if (dirname(path) === bundledDdls) return JSON.parse(readFileSync(path, 'utf8')) as Ddl;
  return (await findDdl(agent, [dirname(path)])).ddl;
}

/** The DDL of an agent: from this machine's disk, or else from a node that has the agent. Throws DDL_UNKNOWN, DDL_INVALID. */
export async function resolveDdl(client: Client, agent: string, collective: string): Promise<Ddl> {
  return (await localDdl(client.config.ddl_dirs, agent)) ?? (await fetchDdl(client, agent, collective));
}

async function fetchDdl(client: Client, agent: string, collective: string): Promise<Ddl> {
  const { nodes } = await client.discover({ collective, filter: client.filter({ agents: [agent] }) });
  for (const node of nodes.slice(0, 3)) {
    const result = await client
      .agent(discoveryDdl)
      .ddl({ agent }, { collective, targets: [node] })
      .one();
    if (result.ok && result.data.ddl)
      return keep(parseDdl(result.data.ddl, `the DDL of "${agent}" from ${node}`));
  }
  const known = (await localDdls(client.config.ddl_dirs)).keys();
  const here = `there is no DDL for the agent "${agent}" on this machine${suggestion(agent, known)}`;
  const there =
    nodes.length === 0 ? 'no node has such an agent' : `${nodes.slice(0, 3).join(', ')} did not give it`;
  throw new TroupeError('DDL_UNKNOWN', `${here}, and ${there}`);
}

function keep(ddl: Ddl): Ddl {
  const file = join(ddlCache(), `${ddl.metadata.name}.json`);
  const text = `${JSON.stringify(ddl, undefined, 2)}\n`;
  try {
    if (currentText(file) === text) return ddl;
    mkdirSync(ddlCache(), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    process.emitWarning(`the DDL cache cannot be written: ${messageOf(error)}`);
  }
  return ddl;
}

function currentText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
