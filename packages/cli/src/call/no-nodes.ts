import type { Client } from '@troupe/client';
import type { Filter } from '@troupe/core';
import { listHint } from '@troupe/core/internal';
import { printFailure } from '../failure.js';
import { counted } from '../output/wording.js';
import type { Screen } from '../terminal/screen.js';

/** What else is known if no node matched. */
export interface NoNodesDetails {
  /** The agent that was to be called. */
  readonly agent?: string;
  /** The consequence, which the message begins with. */
  readonly before?: string;
  /** The number of nodes that may match and did not respond. */
  readonly silent?: number;
  /** The filter, for a hint if it compares with a list. */
  readonly filter?: Filter;
}

/** Reports that no node in a collective matches, and how many are online. */
export async function reportNoNodes(
  screen: Screen,
  client: Client,
  collective: string,
  { agent, before = '', silent = 0, filter }: NoNodesDetails = {},
): Promise<void> {
  const online = (await client.presence(collective)).online().length;
  const there = online === 0 ? 'no node is known to be online' : `${counted(online)} online`;
  const having = agent === undefined ? '' : ` and has the agent "${agent}"`;
  const matches = silent === 0 ? 'matches the filter' : 'responded that it matches the filter';
  const hint = filter && listHint(filter);
  const message = `${before}no node in the collective "${collective}" ${matches}${having} (${there})${hint === undefined ? '' : `; ${hint}`}`;
  printFailure(screen, { code: 'NO_NODES', message });
}
