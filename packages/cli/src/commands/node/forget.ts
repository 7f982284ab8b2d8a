import type { Client } from '@troupe/client';
import { emptyFilter, parseIdentity, suggestion } from '@troupe/core';
import { forgetNode } from '../../call/node-cache.js';
import { withClient } from '../../call/with-client.js';
import type { GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { UsageError } from '../../failure.js';

/** The options of mco node forget. */
export interface ForgetOptions extends GlobalOptions {
  readonly target?: string;
  readonly json?: true;
  readonly force?: true;
}

interface Outcome {
  readonly name: string;
  /** `unknown`: the broker has no record of it. */
  readonly outcome: 'forgotten' | 'unknown' | 'online' | 'refused';
  readonly message: string;
}

/** Removes the presence records of nodes that no longer exist. */
export async function forget(
  { screen }: Shell,
  names: readonly string[],
  options: ForgetOptions,
): Promise<ExitCode> {
  const nodes = [...new Set(names.map((name) => parseIdentity(name)))];
  const pattern = nodes.find((node) => node.startsWith('/'));
  if (pattern !== undefined)
    throw new UsageError(`mco node forget takes the names of nodes, not a pattern: ${pattern}`);
  const config = readClientConfig(options);
  return withClient(screen, config, async (client) => {
    const collective = options.target ?? client.mainCollective;
    let isDone = true;
    for (const node of nodes) {
      const found = await forgetOne(client, collective, node, options.force === true);
      const wasKept =
        (found.outcome === 'forgotten' || found.outcome === 'unknown') &&
        forgetNode(config, collective, node);
      const result = found.outcome === 'unknown' && wasKept ? forgottenHere(node) : found;
      const isGood = result.outcome === 'forgotten';
      isDone &&= isGood;
      if (screen.json) screen.json.result(result);
      else if (isGood) screen.print(`${node}: ${result.message}`);
      else screen.warn(`mco: ${node}: ${result.message}`);
    }
    return isDone ? ExitCode.ok : ExitCode.failed;
  });
}

// This client saw it earlier, and would count it as out of reach.
function forgottenHere(name: string): Outcome {
  return { name, outcome: 'forgotten', message: 'forgotten by this client; the broker has no record of it' };
}

async function forgetOne(
  client: Client,
  collective: string,
  name: string,
  isForced: boolean,
): Promise<Outcome> {
  const presence = await client.presence(collective);
  const record = presence.get(name);
  if (!record) {
    const hint = suggestion(name, [...presence.offline(), ...presence.online()]);
    return {
      name,
      outcome: 'unknown',
      message: `no presence record in the collective "${collective}"${hint}: no list names it`,
    };
  }
  // A broker that has crashed may show a node as online that is long gone.
  const filter = client.filter({ ...emptyFilter, identities: [name] });
  const { nodes } = await client.ping({ collective, filter });
  if (nodes.length > 0)
    return { name, outcome: 'online', message: 'the node responds: it was not forgotten' };
  if (record.online && !isForced) {
    const message = 'shown as online, but it does not respond: use --force if it no longer exists';
    return { name, outcome: 'online', message };
  }
  const isRemoved = await client.forget(name, collective).catch(() => false);
  if (isRemoved) return { name, outcome: 'forgotten', message: 'forgotten' };
  const message =
    'the broker did not remove the presence record: callers need permission to publish presence (generate its configuration again with mco broker config), and the node must not be connected';
  return { name, outcome: 'refused', message };
}
