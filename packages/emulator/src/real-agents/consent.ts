import type { Agent } from '@troupe/core';
import { ConsentError } from './consent-error.js';

/** What the command line says about real agents, and how to ask a person. */
export interface Consent {
  /** `--real-agents` */
  readonly isAllowed: boolean;
  /** `--yes` */
  readonly isConfirmed: boolean;
  /** Asks on the terminal; undefined if there is none. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

/**
 * Checks that real agents may act on this host, on which all nodes run; true if they may also run programs. Actions of an
 * agent may change the host unless its DDL declares that they do not. Throws ConsentError.
 */
export async function checkConsent(
  agents: readonly Agent[],
  instances: number,
  { isAllowed, isConfirmed, ask }: Consent,
): Promise<boolean> {
  if (!isAllowed) {
    const changing = agents.filter((agent) => changesOf(agent).length > 0);
    if (changing.length > 0)
      throw new ConsentError(
        'USAGE_INVALID',
        `${describe(changing, instances)}. To emulate an agent, use --mock with its DDL; to let it act on this host, use --real-agents`,
      );
    return false;
  }
  if (agents.length === 0 || isConfirmed) return true;
  const what = describe(agents, instances);
  if (!ask)
    throw new ConsentError(
      'USAGE_INVALID',
      `${what}. There is no terminal to ask on: add --yes to confirm --real-agents`,
    );
  if ((await ask(`${what}. Type yes to start: `)).trim() !== 'yes')
    throw new ConsentError('NOT_CONFIRMED', 'not confirmed: no node was started');
  return true;
}

function changesOf({ ddl }: Agent): readonly string[] {
  return ddl.actions.filter(({ mutating }) => mutating !== false).map(({ action }) => action);
}

function describe(agents: readonly Agent[], instances: number): string {
  const what = agents.map((agent) => {
    const { name } = agent.ddl.metadata;
    const changes = changesOf(agent);
    if (changes.length === 0) return `agent ${name}: no action changes it, but programs may run on it`;
    return `agent ${name}: ${changes.join(', ')} may change it`;
  });
  const nodes = instances === 1 ? 'the only node runs an action' : `${instances} nodes run each action`;
  const times = instances === 1 ? 'once' : `up to ${instances} times`;
  return `--agent acts on this host (${what.join('; ')}); ${nodes}, so a call to all nodes acts ${times}`;
}
