import { type Result, resolveDdl } from '@troupe/client';
import { lookUpFact } from '@troupe/core';
import { factPathOf, fillIn, type PlaceholderName, placeholdersIn } from '../config/placeholders.js';
import type { SiteAction } from '../config/site-action.js';
import { viewOf } from '../node/node-view.js';
import { anyNodeWith } from '../rpc/any-node.js';
import { ask } from '../rpc/ask.js';
import { asFailure, StepFailure } from '../rpc/failure.js';
import { certnameOf } from './ca.js';
import type { StepContext } from './step.js';

/** Facts that hold the address of a node, the first that exists. */
const addressFacts = ['networking.ip', 'ipaddress', 'networking.ip6', 'ipaddress6'];

/** Calls an action of the site for the node. Throws StepFailure. */
export async function callSiteAction(
  { agent, action, on, input }: SiteAction,
  context: StepContext,
): Promise<Result<Record<string, unknown>>> {
  const { peers, session, signal, timeoutSeconds } = context;
  const collective = on === 'node' ? session.node.collective : peers.main;
  const what = `${agent} ${action}`;
  const target = await targetOf({ agent, on }, context);
  const ddl = await resolveDdl(peers.client, agent, collective).catch((error: unknown) => {
    throw asFailure(error, what);
  });
  const filled = await filledIn(input, context, what);
  const options = { targets: [target], collective, signal, timeout: timeoutSeconds };
  const pin = on === 'node' ? session.node.pin : undefined;
  return ask(
    () => {
      const call = peers.client.call(ddl, action, filled, options);
      if (on === 'node') session.node.lastRequest = call.id;
      else session.caRequest = call.id;
      return call;
    },
    what,
    pin,
  ) as Promise<Result<Record<string, unknown>>>;
}

async function targetOf(
  { agent, on }: Pick<SiteAction, 'agent' | 'on'>,
  { peers, session, master }: StepContext,
): Promise<string> {
  if (on === 'node') return session.node.identity;
  if (on === 'master') return master.identity;
  const target = await anyNodeWith(agent, peers);
  if (target !== undefined) return target;
  throw new StepFailure(
    'unreachable',
    `no node with the agent ${agent} found in the collective ${peers.main}`,
  );
}

// Only what the input names is asked for.
async function filledIn(
  input: SiteAction['input'],
  context: StepContext,
  what: string,
): Promise<Record<string, unknown>> {
  const names = new Set(placeholdersIn(input));
  const values = new Map<string, unknown>();
  for (const name of names) {
    const value = await lookUp(name, context);
    if (value === undefined || value === null || value === '')
      throw new StepFailure('failed', `${what}: ${reasonWithout(name)}`);
    values.set(name, value);
  }
  return { ...fillIn(input, (name) => values.get(name)) };
}

async function lookUp(name: string, context: StepContext): Promise<unknown> {
  const path = factPathOf(name);
  if (path !== undefined) return lookUpFact(await factsOf(context), path);
  const { session, master } = context;
  const values: Readonly<Record<PlaceholderName, () => unknown>> = {
    identity: () => session.identity,
    certname: () => certnameOf(context),
    address: async () => {
      const facts = await factsOf(context);
      return addressFacts.map((fact) => lookUpFact(facts, fact)).find((value) => value !== undefined);
    },
    master: () => master.identity,
    master_address: () => master.address,
    ca_fingerprint: () => master.caFingerprint,
    csr_fingerprint: () => session.details.csrSigned ?? session.details.csrReported,
    fingerprint: () => session.details.certificate,
    lease_token: () => session.node.token,
  };
  return values[name as PlaceholderName]();
}

async function factsOf({ session, peers, signal }: StepContext) {
  session.view ??= viewOf(session.node, peers, signal);
  return (await session.view).facts;
}

function reasonWithout(name: string): string {
  const path = factPathOf(name);
  if (path !== undefined) return `the node has no fact ${path}, which the input {${name}} needs`;
  if (name === 'address')
    return `the node has none of the facts ${addressFacts.join(', ')}, which the input {address} needs`;
  return `the input {${name}} has no value at this step`;
}
