import {
  type CompiledAction,
  checkFilter,
  checkNodeMessage,
  emptyFilter,
  type FilterNode,
  matches,
  messageOf,
  type NodeMessage,
  open,
  type Proof,
  type Request,
  type Security,
  Status,
  suggestion,
  TroupeError,
  type Unreadable,
} from '@troupe/core';
import { type PauseFile, wordsOfPause } from '@troupe/core/internal';
import type { LoadedAgent } from '../agents/registry.js';
import { lookUpData, type Node } from '../node/node.js';
import type { Decision, PolicyStore } from '../policy/index.js';
import type { Answer } from './answer.js';
import { withSecretInputs } from './inputs.js';
import type { Jobs } from './jobs.js';
import { busy, type Refusal } from './refusal.js';
import type { RunQueue } from './run-queue.js';
import { misfit, tooOld, unsupportedPart } from './version.js';

/** Seconds that a message may come from the future. */
const mostSkew = 60;

/** An authenticated message, and how it is answered. */
export interface Authenticated<M extends NodeMessage | Unreadable = NodeMessage | Unreadable> {
  readonly message: M;
  readonly answer: Answer;
  /** The size of the signed message. */
  readonly bytes: number;
  /** The names of the inputs that came encrypted. */
  readonly secrets?: ReadonlySet<string>;
  /** Whether encrypted inputs could not be read. */
  readonly isKeyUnknown?: boolean;
}

export interface AdmissionParts {
  readonly node: Node;
  readonly security: Pick<Security, 'verifier' | 'sessionKeys'>;
  readonly jobs: Jobs;
  readonly queue: RunQueue;
  readonly policies: PolicyStore;
  readonly pause: Pick<PauseFile, 'read'>;
}

/** Authenticates messages and decides which of them are obeyed. */
export class Admission {
  readonly #parts: AdmissionParts;
  #isEnding = false;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** From now on, new requests are answered with busy. */
  beginNothing(): void {
    this.#isEnding = true;
  }

  /** Opens a message and checks its signature and author. Throws the reason if it cannot be authenticated. */
  async authenticate(bytes: Uint8Array): Promise<Authenticated> {
    const { node, security } = this.#parts;
    const { payload, proof } = await open(bytes, security.verifier);
    const message = checkNodeMessage(payload);
    checkAuthor(message, proof);
    const answer: Answer = { v: message.v, protection: proof.answer };
    const about = { answer, bytes: bytes.length };
    if (message.type === 'unreadable') return { message, ...about };
    node.clockSkew.note(message.time, Date.now());
    if (message.type !== 'request') return { message, ...about };
    try {
      const { request, ...secrets } = withSecretInputs(message, proof, security.sessionKeys);
      return { message: request, ...about, ...secrets };
    } catch (error) {
      if (!(error instanceof TroupeError)) throw error;
      return { message: unreadable(message, messageOf(error)), ...about };
    }
  }

  /** What keeps its author from making a request here. */
  // In the order of what it costs and what it tells: a caller who may not call learns nothing of facts by a filter.
  async forbidden(request: Request, now: number): Promise<Refusal | undefined> {
    const host = this.#host();
    try {
      const filter = checkFilter(request.filter);
      const { identities, agents } = filter;
      const isNamed = await matches({ ...emptyFilter, identities, agents }, host);
      const refusal = isNamed
        ? (this.untimely(request, now) ??
          unsupportedPart(request) ??
          (await this.#unauthorized(request, host)))
        : unmatched;
      return refusal ?? ((await matches(filter, host)) ? undefined : unmatched);
    } catch (error) {
      return {
        outcome: 'failed',
        statuscode: Status.invalidData,
        statusmsg: `cannot evaluate the filter: ${messageOf(error)}`,
      };
    }
  }

  #host(): FilterNode {
    const { node } = this.#parts;
    return {
      identity: node.identity,
      // Looked up only where a filter or a policy asks.
      get facts() {
        return node.facts();
      },
      get classes() {
        return node.classes();
      },
      agents: node.registry.names(),
      data: (name, query) => lookUpData(node, name, query),
    };
  }

  async #unauthorized(request: Request, host: FilterNode): Promise<Refusal | undefined> {
    const { caller, agent, action } = request;
    const decision = await this.#parts.policies.decide({ caller, agent, action }, host);
    if (decision.allowed) return undefined;
    return {
      outcome: 'denied',
      statuscode: Status.aborted,
      statusmsg: `you are not authorized to call ${agent}#${action} on this node: ${whyDenied(decision, agent)}`,
      policy: decision.reason,
    };
  }

  /** A message of a version that this node no longer accepts. */
  outdated({ v }: NodeMessage): Refusal | undefined {
    return tooOld(v, this.#parts.node.config.security.minimum_protocol);
  }

  /** A message that came too late or too early. */
  untimely(request: NodeMessage, now: number): Refusal | undefined {
    const { stats } = this.#parts.node;
    const age = (now - request.time) / 1000;
    if (age <= request.ttl && age >= -mostSkew) return undefined;
    stats.ttlexpired += 1;
    const reason =
      age > request.ttl
        ? `the request has expired (${Math.round(age)} s old, valid for ${request.ttl} s)`
        : `the request is dated ${Math.round(-age)} s in the future`;
    const clocks = `this node's clock shows ${new Date(now).toISOString()}, the caller's clock showed ${new Date(request.time).toISOString()}; check NTP on both machines`;
    return { outcome: 'expired', statuscode: Status.aborted, statusmsg: `${reason}: ${clocks}` };
  }

  /** What keeps a request that its author may make from being begun. */
  unable(
    { message: request, secrets, isKeyUnknown }: Authenticated<Request>,
    now: number,
  ): Refusal | undefined {
    const { node } = this.#parts;
    return (
      this.#unready(request, now) ??
      this.#tooLasting(request) ??
      unknownAgent(request, node) ??
      misfit(request, node.registry.get(request.agent)) ??
      this.#paused(request) ??
      (isKeyUnknown ? unknownKey : inadmissible(request, secrets ?? new Set(), node)) ??
      this.#doubtful(request, now)
    );
  }

  // The agent that ends a pause is not paused.
  #paused(request: Request): Refusal | undefined {
    const { node, pause } = this.#parts;
    if (request.agent === 'node' || !changesHost(node.registry.get(request.agent), request)) return undefined;
    const found = pause.read();
    if (!found) return undefined;
    const statusmsg = `this node is ${wordsOfPause(found)}; it runs only actions that do not change it, until it is resumed with "mco node resume -I ${node.identity}"`;
    return { outcome: 'failed', statuscode: Status.aborted, statusmsg };
  }

  // What only reads may run again.
  #doubtful(request: Request, now: number): Refusal | undefined {
    const { jobs, node } = this.#parts;
    if (!changesHost(node.registry.get(request.agent), request)) return undefined;
    const doubt = jobs.doubtOf(request, now);
    if (doubt === undefined) return undefined;
    const words = `this node does not know whether it has run this request, so it does not run it: ${doubt}; check its state, and send a new request if necessary`;
    return { outcome: 'unknown', statuscode: Status.unknownError, statusmsg: words };
  }

  #tooLasting({ ttl }: Request): Refusal | undefined {
    const most = this.#parts.node.config.limits.max_ttl;
    if (ttl <= most) return undefined;
    const statusmsg = `the request is valid for ${ttl} s, and this node accepts at most ${most} s (limits.max_ttl): send it with a shorter ttl`;
    return { outcome: 'failed', statuscode: Status.invalidData, statusmsg };
  }

  #unready(request: Request, now: number): Refusal | undefined {
    const { jobs, queue, node } = this.#parts;
    const { caller } = request;
    if (jobs.hasBegun(request)) {
      const statusmsg =
        'this node already started this request, and its replies are no longer kept: the request does not run again, and its outcome is unknown';
      return { outcome: 'unknown', statuscode: Status.unknownError, statusmsg };
    }
    if (this.#isEnding) return busy('the daemon of this node is restarting: try again in a moment');
    if (!queue.hasRoom(caller))
      return busy(
        `too many requests of "${caller}" are waiting on this node (limits.queue): try again in a moment`,
      );
    if (!jobs.hasRoom(caller, changesHost(node.registry.get(request.agent), request), now))
      return busy(
        `this node cannot store more request ids of "${caller}" (limits.keep_ids): try again later`,
      );
    return undefined;
  }
}

/** Whether a request changes the host; one for an unknown agent or action counts as such. */
export function changesHost(agent: LoadedAgent | undefined, { action, input }: Request): boolean {
  return agent?.compiled.action(action)?.isMutating(input) ?? true;
}

const unmatched: Refusal = {
  outcome: 'unmatched',
  statuscode: Status.ok,
  statusmsg: 'the filter does not match this node',
};

function whyDenied({ by, remedy = '' }: Decision, agent: string): string {
  if (by === 'none') return `it has no policy for the agent "${agent}": ${remedy}`;
  if (by === 'token') return remedy;
  if (by === 'policy') return 'denied by its policy';
  return remedy === ''
    ? 'its policy is invalid; see the log of the node'
    : `its policy is not read, because the file has the wrong name: ${remedy}`;
}

// The signature around it is good: its author learns what is wrong with it.
function unreadable({ id, caller, session, collective }: Request, reason: string): Unreadable {
  return { v: 2, type: 'unreadable', id, caller, session, collective, outcome: 'failed', reason };
}

function checkAuthor(message: NodeMessage | Unreadable, proof: Proof): void {
  if (proof.name !== undefined && proof.name !== message.caller) {
    throw new TroupeError(
      'CALLER_DENIED',
      `"${proof.name}" signed a message in the name of "${message.caller}"`,
    );
  }
}

// It was restarted, or has forgotten the key: its answer offers another.
const unknownKey = busy(
  'this node does not have the session key that the secret inputs are encrypted with: try again',
);

function unknownAgent({ agent }: Request, { registry }: Node): Refusal | undefined {
  if (registry.get(agent)) return undefined;
  const names = registry.names();
  const statusmsg = `agent "${agent}" not found on this node${suggestion(agent, names)}; it has ${names.join(', ')}`;
  return { outcome: 'failed', statuscode: Status.unknownAction, statusmsg };
}

function inadmissible(request: Request, secrets: ReadonlySet<string>, node: Node): Refusal | undefined {
  const agent = node.registry.get(request.agent);
  const action = agent?.compiled.action(request.action);
  if (!action) {
    const statusmsg = agent?.compiled.unknownAction(request.action) ?? '';
    return { outcome: 'failed', statuscode: Status.unknownAction, statusmsg };
  }
  const fault = action.checkInput(request.input);
  if (fault) return { outcome: 'failed', statuscode: fault.status, statusmsg: fault.message };
  return exposed(request, action, secrets);
}

// What is secret travels encrypted or not at all: a caller that sent it in the clear is told, not served.
function exposed(
  { v, input }: Request,
  { secretInputs, secretOutputs }: CompiledAction,
  secrets: ReadonlySet<string>,
): Refusal | undefined {
  const open = secretInputs.filter((name) => Object.hasOwn(input, name) && !secrets.has(name));
  if (v === 1 && (open.length > 0 || secretOutputs.length > 0)) {
    const statusmsg =
      'this action takes or returns secrets, and protocol version 1 cannot encrypt them: upgrade the client';
    return { outcome: 'failed', statuscode: Status.aborted, statusmsg };
  }
  if (open.length === 0) return undefined;
  const statusmsg = `the DDL marks ${open.join(', ')} as secret: send such inputs encrypted (see docs/protocol.md)`;
  return { outcome: 'failed', statuscode: Status.invalidData, statusmsg };
}
