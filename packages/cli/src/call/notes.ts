import { ddlCache, localDdls, type Result } from '@troupe/client';
import { type Ddl, suggestion } from '@troupe/core';
import { nameList, namesBy } from '../output/naming.js';
import type { Setting } from './setting.js';

/** Warns of names that no node is known by: most likely a slip of the fingers, which is better said before the waiting than after it. */
export async function sayWhoIsNotKnown(
  { screen, client, collective }: Setting,
  nodes: readonly string[],
): Promise<void> {
  const presence = await client.presence(collective);
  const known = [...presence.online(), ...presence.offline()];
  for (const node of nodes.filter((name) => presence.isStranger(name)).slice(0, 5)) {
    screen.warn(
      screen.paintNote(
        'yellow',
        `mco: no node "${node}" is known${suggestion(node, known)}; asking all the same`,
      ),
    );
  }
}

/** Says where nodes have another version of the agent than the DDL here. */
export async function sayWhichVersionsDiffer(
  { screen, client }: Pick<Setting, 'screen' | 'client'>,
  { metadata: { name, version } }: Ddl,
  results: readonly Result[],
): Promise<void> {
  const others = results.filter(({ ddl }) => ddl !== undefined && ddl !== version);
  if (others.length === 0) return;
  const path = (await localDdls(client.config.ddl_dirs)).get(name);
  const remedy = path?.startsWith(ddlCache()) ? `: remove ${path} and theirs is fetched` : '';
  for (const [theirs, senders] of namesBy(others, ({ ddl }) => String(ddl))) {
    const note = `version ${theirs} of the agent "${name}" runs on ${nameList(senders, screen.isVerbose)}; the DDL here is of version ${version}${remedy}`;
    screen.note(screen.paintNote('yellow', `mco: ${note}`));
  }
}
