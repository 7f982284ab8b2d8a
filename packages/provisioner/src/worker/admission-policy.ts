import { createHmac } from 'node:crypto';
import { resolveDdl } from '@troupe/client';
import { matches, messageOf } from '@troupe/core';
import { BoundedMap, oneLine } from '@troupe/core/internal';
import { readRegularFile } from '@troupe/core/regular-file';
import type { PolicyAgent, PolicyConfig, PolicyWebhook } from '../config/policy.js';
import { type NodeView, viewOf } from '../node/node-view.js';
import { anyNodeWith } from '../rpc/any-node.js';
import { ask } from '../rpc/ask.js';
import { StepFailure } from '../rpc/failure.js';
import type { KeyPin } from '../rpc/key-pin.js';
import type { Peers } from '../rpc/peers.js';

interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** The request to the site's service about a node. */
type Question = Readonly<Record<'identity' | 'collective', string>> & {
  readonly facts: Readonly<Record<string, unknown>>;
};

/** Milliseconds for which a denial is remembered: the same node is offered repeatedly. */
const denialLastsFor = 60_000;
const mostDenied = 20_000;

/** Decides which nodes may be provisioned: by name, by facts, and by asking the site's service. */
export class AdmissionPolicy {
  readonly #peers: Peers;
  readonly #config: PolicyConfig;
  // bound: nodes that the policy denied a moment ago | nodes; with an enrolment token, under any name | {mostDenied}
  // | 1 KiB each | the one unused for the longest time is removed, and the policy is asked again
  readonly #denied = new BoundedMap<string, { readonly reason: string; readonly until: number }>({
    most: mostDenied,
  });

  constructor(peers: Peers, config: PolicyConfig) {
    this.#peers = peers;
    this.#config = config;
  }

  /** Why a node may not be provisioned; undefined if it may. Throws StepFailure if that cannot be decided now. */
  async objection(
    target: { readonly identity: string; readonly collective: string; readonly pin?: KeyPin },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { nameFault, facts, webhook, agent } = this.#config;
    const fault = nameFault(target.identity);
    if (fault !== undefined) return `not allowed: ${fault}`;
    if (!facts && !webhook && !agent) return undefined;
    const known = this.#denied.get(target.identity);
    if (known && known.until > Date.now()) return known.reason;
    this.#denied.delete(target.identity);
    const view = await viewOf(target, this.#peers, signal);
    if (facts && !(await matches(facts.filter, view)))
      return `not allowed: its facts do not match policy.facts: ${facts.text}`;
    const { identity, collective } = target;
    const question = { identity, collective, facts: view.facts as NodeView['facts'] };
    for (const decide of [
      webhook && (() => askWebhook(webhook, question, signal)),
      agent && (() => this.#askAgent(agent, question, signal)),
    ]) {
      const { allowed, reason } = (await decide?.()) ?? { allowed: true, reason: '' };
      if (allowed) continue;
      const objection = `not allowed: ${oneLine(reason, 500)}`;
      this.#denied.set(identity, { reason: objection, until: Date.now() + denialLastsFor });
      return objection;
    }
    return undefined;
  }

  async #askAgent({ agent, action, timeout }: PolicyAgent, question: Question, signal: AbortSignal) {
    const what = `policy.agent: ${agent} ${action}`;
    try {
      const { client, main: collective } = this.#peers;
      const ddl = await resolveDdl(client, agent, collective);
      const target = await anyNodeWith(agent, this.#peers);
      if (target === undefined) throw new Error(`no node with the agent ${agent} found`);
      const options = { targets: [target], collective, timeout, answerWithin: timeout, signal };
      const { data } = await ask(() => client.call(ddl, action, { ...question }, options), what);
      return decisionOf(data, `${agent} on ${target}`);
    } catch (error) {
      throw notNow(what, error, signal);
    }
  }
}

async function askWebhook(
  { url, timeout, secret_file }: PolicyWebhook,
  question: Question,
  signal: AbortSignal,
) {
  try {
    const body = JSON.stringify(question);
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    if (secret_file !== undefined) {
      const secret = (await readRegularFile(secret_file)).toString('utf8').trim();
      headers['X-Troupe-Signature'] = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    }
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout * 1000)]);
    const answer = await fetch(url, { method: 'POST', headers, body, signal: limit, redirect: 'error' });
    if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
    return decisionOf(await answer.json(), new URL(url).host);
  } catch (error) {
    throw notNow('policy.webhook', error, signal);
  }
}

// Anything but a clear yes or no is an error.
function decisionOf(data: unknown, who: string): Decision {
  const { allowed, reason } = (data ?? {}) as { allowed?: unknown; reason?: unknown };
  if (typeof allowed !== 'boolean') throw new Error(`the reply of ${who} has no boolean "allowed"`);
  const words = typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
  return { allowed, reason: `denied by ${who}${words}` };
}

function notNow(what: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted && signal.reason instanceof StepFailure) return signal.reason;
  const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
  const why = isTimeout ? 'timeout' : causeOf(error);
  return new StepFailure('unreachable', `cannot decide now: ${what} failed: ${why}`, { cause: error });
}

function causeOf(error: unknown): string {
  const cause = error instanceof TypeError ? error.cause : undefined;
  return messageOf(cause ?? error);
}
