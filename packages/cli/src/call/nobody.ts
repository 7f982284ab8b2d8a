import type { Client } from '@troupe/client';
import { sayFailure } from '../failure.js';
import { counted } from '../output/wording.js';
import type { Screen } from '../terminal/screen.js';

/** What else is known where nobody matched. */
export interface Nobody {
  /** The agent that was to do something. */
  readonly agent?: string;
  /** What comes of it, to be said first. */
  readonly before?: string;
  /** How many may match and said nothing. */
  readonly silent?: number;
}

/** Says that nobody in a collective matches, and how many are there. */
export async function sayThatNobodyAnswered(
  screen: Screen,
  client: Client,
  collective: string,
  { agent, before = '', silent = 0 }: Nobody = {},
): Promise<void> {
  const online = (await client.presence(collective)).online().length;
  const there = online === 0 ? 'no node is known to be online' : `${counted(online)} online`;
  const having = agent === undefined ? '' : ` the filter and has the agent "${agent}"`;
  const matches = silent === 0 ? 'matches' : 'said that it matches';
  const message = `${before}no node in "${collective}" ${matches}${having} (${there})`;
  sayFailure(screen, { code: 'NO_NODES', message });
}
