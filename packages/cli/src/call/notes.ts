import { ddlCache, localDdls, type Result } from '@troupe/client';
import { type Ddl, suggestion } from '@troupe/core';
import { nameList, namesBy } from '../output/naming.js';
import type { Setting } from './setting.js';

/** Warns of names that no known node has: most likely a typing error, which is better reported before the waiting than after it. */
export async function warnOfUnknownNodes(
  { screen, client, collective }: Setting,
  nodes: readonly string[],
): Promise<void> {
  const presence = await client.presence(collective);
  const known = [...presence.online(), ...presence.offline()];
  for (const node of nodes.filter((name) => presence.isStranger(name)).slice(0, 5)) {
    screen.warn(
      screen.paintNote('yellow', `mco: unknown node "${node}"${suggestion(node, known)}; calling it anyway`),
    );
  }
}

/** Warns of nodes of protocol version 1 that have another version of the agent than the local DDL: they do not say in what it differs. */
export async function noteVersionDifferences(
  { screen, client }: Pick<Setting, 'screen' | 'client'>,
  { metadata: { name, version } }: Ddl,
  results: readonly Result[],
): Promise<void> {
  const others = results.filter(
    ({ ddl, ddlHash }) => ddl !== undefined && ddlHash === undefined && ddl !== version,
  );
  if (others.length === 0) return;
  const path = (await localDdls(client.config)).get(name);
  const remedy = path?.startsWith(ddlCache()) ? `: remove ${path} to fetch the DDL from a node` : '';
  for (const [theirs, senders] of namesBy(others, ({ ddl }) => String(ddl))) {
    const note = `the agent "${name}" has version ${theirs} on ${nameList(senders, screen.isVerbose)}, but the local DDL has version ${version}${remedy}`;
    screen.note(screen.paintNote('yellow', `mco: ${note}`));
  }
}
