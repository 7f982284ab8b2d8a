import { type Ddl, ddlHash, parseDdl, TroupeError } from '@troupe/core';
import discoveryDdl from '@troupe/ddl/discovery.json' with { type: 'json' };
import rpcutilDdl from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import type { Call } from '../call/call.js';
import type { CallOptions } from '../call/call-options.js';
import { keepByHash, keptByHash } from './ddl-cache.js';
import { cameFromNode } from './ddl-origin.js';

/** Calls actions: a client. */
export interface Caller {
  call(ddl: Ddl, action: string, input: Readonly<Record<string, unknown>>, options?: CallOptions): Call;
}

/** A node, in the collective in which it is asked. */
interface Place {
  readonly node: string;
  readonly collective: string;
  /** Of the clock of the node, in milliseconds. */
  readonly clockOffset?: number | undefined;
}

/** The DDL that an agent has on one node, or nothing where the node does not give it. Throws DDL_INVALID. */
export async function ddlOfNode(client: Caller, agent: string, place: Place): Promise<Ddl | undefined> {
  const { collective, node } = place;
  const options = { collective, targets: [node] };
  const known = await client.call(rpcutilDdl as unknown as Ddl, 'agent_inventory', {}, options).one();
  if (known.statuscode === undefined) return undefined;
  const kept = keptByHash(hashIn(known.data.agents, agent) ?? '');
  return kept ? cameFromNode(kept, node) : (await ask(client, agent, place))?.ddl;
}

/** The DDL of that hash, which a node says that an agent has there. Throws DDL_INVALID, DDL_UNKNOWN. */
export async function fetchDdl(
  client: Caller,
  agent: string,
  { hash, ...place }: Place & { readonly hash: string },
): Promise<Ddl> {
  const kept = keptByHash(hash);
  if (kept?.metadata.name === agent) return cameFromNode(kept, place.node);
  const sent = await mustAsk(client, agent, place);
  if (sent.hash !== hash)
    throw new TroupeError(
      'DDL_INVALID',
      `${place.node} sent another DDL of "${agent}" than the one it says it has`,
    );
  keepByHash(sent.ddl);
  return sent.ddl;
}

/** The hash of the DDL that an agent has on a node. Throws DDL_INVALID, DDL_UNKNOWN. */
export async function askHash(client: Caller, agent: string, place: Place): Promise<string> {
  const sent = await mustAsk(client, agent, place);
  keepByHash(sent.ddl);
  return sent.hash;
}

interface Sent {
  readonly ddl: Ddl;
  readonly hash: string;
}

async function mustAsk(client: Caller, agent: string, place: Place): Promise<Sent> {
  const sent = await ask(client, agent, place);
  if (sent) return sent;
  throw new TroupeError('DDL_UNKNOWN', `${place.node} did not send the DDL of its agent "${agent}"`);
}

async function ask(
  client: Caller,
  agent: string,
  { node, collective, clockOffset = 0 }: Place,
): Promise<Sent | undefined> {
  const options = { collective, targets: [node], clockOffset };
  const { ok, data } = await client.call(discoveryDdl as unknown as Ddl, 'ddl', { agent }, options).one();
  if (!ok || !data.ddl) return undefined;
  const ddl = parseDdl(data.ddl, `the DDL of "${agent}" from ${node}`);
  const hash = ddlHash(ddl);
  if (ddl.metadata.name === agent && (data.hash === undefined || data.hash === hash))
    return { ddl: cameFromNode(ddl, node), hash };
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
