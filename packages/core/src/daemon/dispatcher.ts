import type { LoadedAgent } from '../agent/registry.js';
import { suggestion } from '../ddl/suggestion.js';
import { messageOf, Status, TroupeError } from '../errors.js';
import { checkFilter, matches } from '../filter/index.js';
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
import type { Proof, Verifier } from '../security/security.js';
import { addressTo, type Job, type Jobs, type ReplyBody } from './jobs.js';
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
  readonly audit: Audit | undefined;
  readonly log: Logger;
}

type Refusal = { readonly outcome: Outcome; readonly statuscode: number; readonly statusmsg: string };

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
    if (message.type === 'attach') this.#attach(message);
    else if (message.type === 'cancel') this.#cancel(message);
    else await this.#request(message);
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
    const unmatched = await this.#leftOut(request);
    if (unmatched) {
      node.stats.filtered += 1;
      if (unmatched.outcome !== 'unmatched' || request.answerUnmatched) this.#refuse(request, unmatched, now);
      return;
    }
    node.stats.passed += 1;
    const agent = node.registry.get(request.agent);
    const refusal =
      this.#untimely(request, now) ?? this.#unable(request) ?? inadmissible(request, agent, node);
    if (refusal || !agent) {
      if (refusal) this.#refuse(request, refusal, now);
      return;
    }
    this.#begin(request, agent, now);
  }

  async #leftOut(request: Request): Promise<Refusal | undefined> {
    const { node } = this.#parts;
    try {
      const filter = checkFilter(request.filter);
      const host = {
        identity: node.identity,
        facts: node.facts(),
        classes: node.classes(),
        agents: node.registry.names(),
        data: (name: string, query: string | undefined) => lookUpData(node, name, query),
      };
      if (await matches(filter, host)) return undefined;
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

  #untimely(request: Request, now: number): Refusal | undefined {
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

  #unable(request: Request): Refusal | undefined {
    if (this.#parts.jobs.seenBefore(request.id)) {
      const words =
        'this node restarted after it had begun this request: it is not run again, and its outcome is not known here';
      return { outcome: 'unknown', statuscode: Status.unknownError, statusmsg: words };
    }
    if (!this.#isEnding) return undefined;
    return {
      outcome: 'failed',
      statuscode: Status.aborted,
      statusmsg: 'the daemon of this node is restarting: ask again in a moment',
    };
  }

  #begin(request: Request, agent: LoadedAgent, now: number): void {
    const { jobs, node, queue, log } = this.#parts;
    let job: Job;
    try {
      job = jobs.begin(request, node.identity, now);
    } catch (error) {
      log.error({ err: error }, 'cannot note a request on disk');
      const words = 'this node cannot note the request on its disk, so it does not run it';
      this.#refuse(request, { outcome: 'failed', statuscode: Status.unknownError, statusmsg: words }, now);
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
    if (queue.add(work.run)) return;
    work.refuse({
      outcome: 'failed',
      statuscode: Status.aborted,
      statusmsg: 'this node has too many requests waiting: try again later',
      data: {},
    });
  }

  #again(job: Job, message: NodeMessage, after: number): void {
    if (job.request.caller !== message.caller) {
      const words = 'this request id belongs to another caller';
      this.#refuse(message, { outcome: 'denied', statuscode: Status.aborted, statusmsg: words }, Date.now());
      return;
    }
    job.sessions.add(message.session);
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
      job.sessions.add(message.session);
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
    if (refusal.outcome !== 'unmatched') {
      const { id, caller, collective, agent, action } = request;
      const { outcome, statuscode, statusmsg: reason } = refusal;
      log.info({ request: id, caller, agent, action, outcome, reason }, 'a request was refused');
      audit?.write({ request: id, caller, collective, agent, action, outcome, statuscode, reason }, now);
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
      ...refusal,
      data: {},
    });
  }

  #record(request: Request, agent: LoadedAgent, ending: Ending, startedAt: number): void {
    const { audit } = this.#parts;
    if (!audit || agent.name === 'discovery') return;
    const { id, caller, collective, action } = request;
    audit.write({
      request: id,
      caller,
      collective,
      agent: agent.name,
      action,
      input: agent.compiled.action(action)?.redact(request.input) ?? {},
      outcome: ending.outcome,
      statuscode: ending.statuscode,
      ...(ending.outcome === 'ok' ? {} : { reason: ending.statusmsg }),
      seconds: (Date.now() - startedAt) / 1000,
    });
  }
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
