import type { LoadedAgent } from '../agent/registry.js';
import { suggestion } from '../ddl/suggestion.js';
import { messageOf, Status, TroupeError } from '../errors.js';
import { checkFilter, emptyFilter, type FilterNode, matches } from '../filter/index.js';
import type { Logger } from '../log.js';
import { open } from '../message/envelope.js';
import {
  type Attach,
  type Cancel,
  checkNodeMessage,
  type NodeMessage,
  type Outcome,
  type Request,
} from '../message/message.js';
import type { Audit } from '../security/audit.js';
import type { Decision, PolicyStore } from '../security/policy/index.js';
import type { Proof, Verifier } from '../security/security.js';
import { addressTo, type Job, type ReplyBody } from './job.js';
import type { Jobs } from './jobs.js';
import { lookUpData, type Node } from './node.js';
import type { BoundedQueue } from './queue.js';
import type { Replier } from './replier.js';
import { type Ending, runAction } from './run.js';

/** Seconds that a message may come from the future. */
const mostSkew = 60;

export interface DispatcherParts {
  readonly node: Node;
  readonly verifier: Verifier;
  readonly jobs: Jobs;
  readonly queue: BoundedQueue;
  readonly replier: Replier;
  readonly policies: PolicyStore;
  readonly audit: Audit | undefined;
  readonly log: Logger;
}

interface Refusal {
  readonly outcome: Outcome;
  readonly statuscode: number;
  readonly statusmsg: string;
  /** What the caller is not told: the line of the policy that decided. */
  readonly policy?: string;
}

/** Takes what the network delivers, refuses what it must and says so, and runs the rest. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  #isEnding = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** From now on, new requests are told to come again; those that run are served. */
  beginNothing(): void {
    this.#isEnding = true;
  }

  /** Never rejects. */
  async receive(bytes: Uint8Array): Promise<void> {
    const { node, verifier, log, audit } = this.#parts;
    node.stats.total += 1;
    try {
      const { payload, proof } = await open(bytes, verifier);
      const message = checkNodeMessage(payload);
      checkAuthor(message, proof);
      node.stats.validated += 1;
      await this.#dispatch(message);
    } catch (error) {
      // Nobody is known to have sent this, so there is nobody to answer.
      node.stats.unvalidated += 1;
      log.warn({ reason: messageOf(error) }, 'a message was not believed');
      audit?.write({ outcome: 'invalid', reason: messageOf(error) });
    }
  }

  async #dispatch(message: NodeMessage): Promise<void> {
    if (!this.#parts.node.config.collectives.includes(message.collective)) return;
    if (message.type === 'request') {
      await this.#request(message);
      return;
    }
    const now = Date.now();
    const refusal = this.#untimely(message, now);
    if (refusal) this.#refuse(message, refusal, now);
    else if (message.type === 'attach') this.#attach(message);
    else this.#cancel(message);
  }

  async #request(request: Request): Promise<void> {
    const { node, jobs } = this.#parts;
    if (request.targets && !request.targets.includes(node.identity)) {
      node.stats.filtered += 1;
      return;
    }
    const begun = jobs.find(request.id);
    if (begun) {
      this.#again(begun, request, 0);
      return;
    }
    const now = Date.now();
    // In the order of what it costs and what it tells: a caller who may not call learns nothing of facts by a filter.
    const refusal =
      (await this.#leftOut(request, 'names')) ??
      this.#untimely(request, now) ??
      (await this.#unauthorized(request)) ??
      (await this.#leftOut(request, 'all'));
    if (refusal?.outcome === 'unmatched') node.stats.filtered += 1;
    else node.stats.passed += 1;
    // Meanwhile, the same request may have come again.
    const twin = jobs.find(request.id);
    if (twin) this.#again(twin, request, 0);
    else if (refusal) {
      if (refusal.outcome !== 'unmatched' || request.answerUnmatched) this.#refuse(request, refusal, now);
    } else this.#admit(request, now);
  }

  #admit(request: Request, now: number): void {
    const { registry } = this.#parts.node;
    const agent = registry.get(request.agent);
    const refusal = this.#unable(request, now) ?? inadmissible(request, agent, this.#parts.node);
    if (refusal) this.#refuse(request, refusal, now);
    else if (agent) this.#begin(request, agent, now);
  }

  async #leftOut(request: Request, parts: 'names' | 'all'): Promise<Refusal | undefined> {
    try {
      const filter = checkFilter(request.filter);
      const { identities, agents } = filter;
      if (await matches(parts === 'all' ? filter : { ...emptyFilter, identities, agents }, this.#host()))
        return undefined;
      return {
        outcome: 'unmatched',
        statuscode: Status.ok,
        statusmsg: 'the filter does not match this node',
      };
    } catch (error) {
      return {
        outcome: 'failed',
        statuscode: Status.invalidData,
        statusmsg: `the filter: ${messageOf(error)}`,
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

  async #unauthorized(request: Request): Promise<Refusal | undefined> {
    const { caller, agent, action } = request;
    const decision = await this.#parts.policies.decide({ caller, agent, action }, this.#host());
    if (decision.allowed) return undefined;
    return {
      outcome: 'denied',
      statuscode: Status.aborted,
      statusmsg: `you are not authorized to call ${agent}#${action} here${whyDenied(decision, agent)}`,
      policy: decision.reason,
    };
  }

  #untimely(request: NodeMessage, now: number): Refusal | undefined {
    const { stats } = this.#parts.node;
    const age = (now - request.time) / 1000;
    const here = `this node's clock says ${new Date(now).toISOString()}, the request's ${new Date(request.time).toISOString()}`;
    if (age > request.ttl) {
      stats.ttlexpired += 1;
      const words = `the request is ${Math.round(age)} s old and was good for ${request.ttl} s: ${here}`;
      return { outcome: 'expired', statuscode: Status.aborted, statusmsg: words };
    }
    if (age < -mostSkew) {
      stats.ttlexpired += 1;
      const words = `the request is from ${Math.round(-age)} s in the future: ${here}`;
      return { outcome: 'expired', statuscode: Status.aborted, statusmsg: words };
    }
    return undefined;
  }

  #unable(request: Request, now: number): Refusal | undefined {
    const { jobs, queue } = this.#parts;
    if (jobs.hasBegun(request.id)) {
      const words =
        'this node began this request before it restarted, or so long ago that it forgot the replies: it is not run again, and its outcome is not known here';
      return { outcome: 'unknown', statuscode: Status.unknownError, statusmsg: words };
    }
    if (this.#isEnding) return busy('the daemon of this node is restarting: ask again in a moment');
    if (!queue.hasRoom) return busy('this node has too many requests waiting: ask again in a moment');
    if (!jobs.hasRoom(now))
      return busy('this node remembers as many requests as it may (limits.keep_ids): ask again later');
    return undefined;
  }

  #begin(request: Request, agent: LoadedAgent, now: number): void {
    const { jobs, node, queue, log, audit } = this.#parts;
    let job: Job;
    if (audit && node.config.audit.on_failure === 'refuse') {
      try {
        audit.mustWrite({ ...this.#entryOf(request, agent), outcome: 'begun' }, now);
      } catch (error) {
        log.error({ reason: messageOf(error) }, 'cannot note a request in the audit, so it does not run');
        const words = 'this node cannot write its audit, so it runs nothing';
        this.#refuse(request, { outcome: 'failed', statuscode: Status.unknownError, statusmsg: words }, now);
        return;
      }
    }
    try {
      job = jobs.begin(request, node.identity, now);
    } catch (error) {
      log.error({ err: error }, 'cannot note a request on disk');
      this.#refuse(request, notNoted, now);
      return;
    }
    const work = runAction({
      job,
      agent,
      log,
      identity: node.identity,
      reply: (body) => this.#reply(job, body),
      ended: (ending) => this.#record(request, agent, ending, now),
    });
    const mustLast = agent.compiled.action(request.action)?.isMutating(request.input) ?? true;
    queue.add(async () => {
      try {
        // What changes the host must not run twice, not even when the power fails between.
        if (mustLast) await jobs.flush();
      } catch (error) {
        log.error({ err: error }, 'cannot note a request on disk');
        work.refuse({ ...notNoted, data: {} });
        return;
      }
      await work.run();
    });
  }

  #again(job: Job, message: NodeMessage, after: number): void {
    if (job.request.caller !== message.caller) {
      const words = 'this request id belongs to another caller';
      this.#refuse(message, { outcome: 'denied', statuscode: Status.aborted, statusmsg: words }, Date.now());
      return;
    }
    job.addSession(message.session);
    const kept = job.after(after);
    for (const reply of kept) this.#parts.replier.send(addressTo(reply, message.session));
    if (kept.length === 0 && job.endedAt === undefined) this.#reply(job, { kind: 'accepted', timeout: 0 });
  }

  #attach(message: Attach): void {
    const job = this.#parts.jobs.find(message.id);
    if (job) this.#again(job, message, message.after);
    else this.#nothingKept(message);
  }

  #cancel(message: Cancel): void {
    const job = this.#parts.jobs.find(message.id);
    if (!job) this.#nothingKept(message);
    else if (job.request.caller === message.caller && job.endedAt === undefined) {
      job.addSession(message.session);
      job.abort.abort(new TroupeError('CALLER_DENIED', 'cancelled by the caller'));
    } else this.#again(job, message, 0);
  }

  #nothingKept(message: Attach | Cancel): void {
    const words = 'this node keeps nothing of such a request';
    this.#refuse(
      message,
      { outcome: 'unknown', statuscode: Status.unknownError, statusmsg: words },
      Date.now(),
    );
  }

  #reply(job: Job, body: ReplyBody): void {
    const kept = job.add(body, Date.now());
    if (job.request.noReply) return;
    for (const session of job.sessions) this.#parts.replier.send(addressTo(kept, session));
  }

  // An answer to something that did not become a job.
  #refuse(message: NodeMessage, refusal: Refusal, now: number): void {
    const { replier, audit, node, log } = this.#parts;
    const request = message.type === 'request' ? message : { ...message, agent: '', action: '' };
    if (refusal.outcome === 'denied') node.stats.denied += 1;
    const { outcome, statuscode, statusmsg, policy } = refusal;
    if (outcome !== 'unmatched') {
      const { id, caller, collective, agent, action } = request;
      const known =
        message.type === 'request'
          ? this.#entryOf(message, node.registry.get(agent))
          : { request: id, caller, collective };
      const entry = {
        ...known,
        outcome,
        statuscode,
        reason: statusmsg,
        ...(policy === undefined ? {} : { policy }),
      };
      log.info(
        { request: id, caller, agent, action, outcome, reason: policy ?? statusmsg },
        'a request was refused',
      );
      audit?.write(entry, now);
    }
    if (message.type === 'request' && message.noReply) return;
    const { id, caller, session, collective, agent, action } = request;
    const sender = node.identity;
    replier.send({
      v: 1,
      type: 'reply',
      kind: 'result',
      id,
      time: now,
      seq: 1,
      sender,
      caller,
      session,
      collective,
      agent,
      action,
      outcome,
      statuscode,
      statusmsg,
      data: {},
    });
  }

  #record(request: Request, agent: LoadedAgent, ending: Ending, startedAt: number): void {
    const { audit, node } = this.#parts;
    if (!audit || (agent.name === 'discovery' && !node.config.audit.discovery)) return;
    audit.write({
      ...this.#entryOf(request, agent),
      outcome: ending.outcome,
      statuscode: ending.statuscode,
      ...(ending.outcome === 'ok' ? {} : { reason: ending.statusmsg }),
      seconds: (Date.now() - startedAt) / 1000,
    });
  }

  // An input that no DDL is known for may hold secrets: it stays out.
  #entryOf(request: Request, agent: LoadedAgent | undefined) {
    const { id, caller, collective, action } = request;
    const input = agent?.compiled.action(action)?.redact(request.input);
    const filter = filterOf(request);
    return {
      request: id,
      caller,
      collective,
      agent: request.agent,
      action,
      ...(input === undefined ? {} : { input }),
      ...(filter === undefined ? {} : { filter }),
    };
  }
}

// As it travels, without what is empty.
function filterOf(request: Request): unknown {
  try {
    const parts = Object.entries(checkFilter(request.filter)).filter(([, part]) => part.length > 0);
    return parts.length === 0 ? undefined : Object.fromEntries(parts);
  } catch {
    return '(malformed)';
  }
}

const notNoted = {
  outcome: 'failed',
  statuscode: Status.unknownError,
  statusmsg: 'this node cannot note the request on its disk, so it does not run it',
} as const;

// Nothing of it is noted, so that the same request may come again.
function busy(statusmsg: string): Refusal {
  return { outcome: 'busy', statuscode: Status.aborted, statusmsg };
}

function whyDenied({ by }: Decision, agent: string): string {
  if (by === 'none') return `: this node has no policy for the agent "${agent}", and refuses without one`;
  return by === 'fault'
    ? ': its policy cannot be used, and its log says where'
    : ' by the policy of this node';
}

function checkAuthor(message: NodeMessage, proof: Proof): void {
  if (proof.name !== undefined && proof.name !== message.caller) {
    throw new TroupeError(
      'CALLER_DENIED',
      `"${proof.name}" signed a message that says it is from "${message.caller}"`,
    );
  }
  if (proof.collective !== undefined && proof.collective !== message.collective) {
    throw new TroupeError(
      'CALLER_DENIED',
      `"${message.caller}" may speak in the collective "${proof.collective}" only`,
    );
  }
}

function inadmissible(request: Request, agent: LoadedAgent | undefined, node: Node): Refusal | undefined {
  if (!agent) {
    const words = `there is no agent "${request.agent}" here${suggestion(request.agent, node.registry.names())}; this node has ${node.registry.names().join(', ')}`;
    return { outcome: 'failed', statuscode: Status.unknownAction, statusmsg: words };
  }
  const action = agent.compiled.action(request.action);
  if (!action) {
    return {
      outcome: 'failed',
      statuscode: Status.unknownAction,
      statusmsg: agent.compiled.unknownAction(request.action),
    };
  }
  const fault = action.checkInput(request.input);
  return fault ? { outcome: 'failed', statuscode: fault.status, statusmsg: fault.message } : undefined;
}
