import {
  type Attach,
  type Cancel,
  type Logger,
  messageOf,
  type NodeMessage,
  type Request,
  Status,
  TroupeError,
} from '@troupe/core';
import { diskFaultOf, maxMessageBytes, RateLimit, reasonOf, Shares } from '@troupe/core/internal';
import type { LoadedAgent } from '../agents/registry.js';
import type { Audit } from '../audit/audit.js';
import { entryOf } from '../audit/audit-entry.js';
import type { Node } from '../node/node.js';
import { type Admission, type Authenticated, changesHost } from './admission.js';
import type { Answer } from './answer.js';
import { addressTo, type Job, type KeptReply, type ReplyBody } from './job.js';
import type { Jobs } from './jobs.js';
import { busy, type Refusal } from './refusal.js';
import type { Replier } from './replier.js';
import { type Ending, runAction } from './run.js';
import type { RunQueue } from './run-queue.js';
import { isStepDown, speakHigher } from './version.js';

export interface DispatcherParts {
  readonly node: Node;
  readonly admission: Admission;
  readonly jobs: Jobs;
  readonly queue: RunQueue;
  readonly replier: Replier;
  readonly audit: Audit | undefined;
  readonly log: Logger;
}

const mostEvaluated = 64 * maxMessageBytes;

/** Receives messages, refuses those that are not permitted, and runs the rest. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** Bytes of requests whose filter and policy are being evaluated. */
  // bound: requests whose filter and policy are being evaluated | callers | by bytes | {bytes mostEvaluated}, four
  // fifths of them for one caller | the node replies `busy`
  readonly #evaluating = new Shares(mostEvaluated);
  /** Anybody can cause these lines. */
  // bound: lines of log and audit log about rejected messages | anybody at the broker | 1,000, then 60 in a minute |
  // 500 bytes each | the others are counted, and their number is in the next line
  readonly #rejectedLines = new RateLimit({ burst: 1000, perMinute: 60 });

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Takes a message that came to this node alone, or to all that have an agent. Never rejects. */
  async receive(bytes: Uint8Array, { isBroadcast = false } = {}): Promise<void> {
    const { node, admission, log, audit } = this.#parts;
    node.stats.total += 1;
    try {
      const authenticated = await admission.authenticate(bytes);
      node.stats.validated += 1;
      await this.#dispatch(authenticated, isBroadcast);
    } catch (error) {
      // Its sender is not proved, so no reply can be sent.
      node.stats.unvalidated += 1;
      const { isAllowed, missed } = this.#rejectedLines.pass(Date.now());
      if (!isAllowed) return;
      if (missed > 0) {
        log.warn({ messages: missed }, 'messages rejected: too many to log each');
        audit?.write({
          outcome: 'invalid',
          reason: `${missed} messages before this one: too many to record each`,
        });
      }
      const isMalformed = error instanceof TroupeError && error.code === 'MESSAGE_MALFORMED';
      log.warn(reasonOf(error), `message rejected: ${isMalformed ? 'malformed' : 'authentication failed'}`);
      audit?.write({ outcome: 'invalid', reason: messageOf(error) });
    }
  }

  async #dispatch(authenticated: Authenticated, isBroadcast: boolean): Promise<void> {
    const { message, answer } = authenticated;
    const { admission, node } = this.#parts;
    if (!node.config.collectives.includes(message.collective)) return;
    if (message.type === 'unreadable') {
      const { outcome, reason: statusmsg } = message;
      this.#refuse(authenticated, { outcome, statuscode: Status.invalidData, statusmsg });
      return;
    }
    if (isStepDown(message)) {
      // Its client sends the same to all in version 2 as well.
      if (!isBroadcast) this.#refuse({ ...authenticated, answer: { ...answer, v: 2 } }, speakHigher);
      return;
    }
    if (message.v === 1) node.version1.note(message.caller);
    const outdated = admission.outdated(message);
    if (outdated) {
      this.#refuse(authenticated, outdated);
      return;
    }
    if (message.type === 'request') {
      await this.#request({ ...authenticated, message });
      return;
    }
    const refusal = admission.untimely(message, Date.now());
    if (refusal) this.#refuse(authenticated, refusal);
    else if (message.type === 'attach') this.#attach({ ...authenticated, message });
    else this.#cancel({ ...authenticated, message });
  }

  async #request(authenticated: Authenticated<Request>): Promise<void> {
    const { node, jobs } = this.#parts;
    const request = authenticated.message;
    if (request.targets && !request.targets.includes(node.identity)) {
      node.stats.filtered += 1;
      return;
    }
    const begun = jobs.find(request);
    if (begun) {
      this.#again(begun, authenticated, 0);
      return;
    }
    const now = Date.now();
    const evaluated = this.#evaluating.take(request.caller, authenticated.bytes);
    if (!evaluated) {
      const statusmsg = `too many requests of "${request.caller}" are being evaluated on this node: try again in a moment`;
      this.#refuse(authenticated, busy(statusmsg));
      return;
    }
    const refusal = await this.#parts.admission.forbidden(request, now).finally(evaluated);
    if (refusal?.outcome === 'unmatched') node.stats.filtered += 1;
    else node.stats.passed += 1;
    // Meanwhile, the same request may have come again.
    const twin = jobs.find(request);
    if (twin) this.#again(twin, authenticated, 0);
    else if (refusal) {
      if (refusal.outcome !== 'unmatched' || request.answerUnmatched) this.#refuse(authenticated, refusal);
    } else this.#admit(authenticated, now);
  }

  #admit(authenticated: Authenticated<Request>, now: number): void {
    const { node, admission } = this.#parts;
    const agent = node.registry.get(authenticated.message.agent);
    const refusal = admission.unable(authenticated, now);
    if (refusal) this.#refuse(authenticated, refusal);
    else if (agent) this.#begin(authenticated, agent, now);
  }

  #begin(authenticated: Authenticated<Request>, agent: LoadedAgent, now: number): void {
    const { jobs, node, queue, log, audit } = this.#parts;
    const { message: request, answer, bytes } = authenticated;
    const isMutating = changesHost(agent, request);
    let job: Job;
    if (audit && node.config.audit.on_failure === 'refuse') {
      try {
        audit.mustWrite({ ...entryOf(request, agent), outcome: 'begun' }, now);
      } catch (error) {
        log.error(reasonOf(error), 'cannot write the audit log: request not run');
        const statusmsg = withDiskFault(
          'this node cannot write its audit log, so it does not run requests (audit.on_failure)',
          error,
        );
        this.#refuse(authenticated, { outcome: 'failed', statuscode: Status.unknownError, statusmsg });
        return;
      }
    }
    try {
      const { secretOutputs = [] } = agent.compiled.action(request.action) ?? {};
      job = jobs.begin(request, node.identity, now, { isMutating, answer, secretOutputs });
    } catch (error) {
      log.error({ err: error }, 'cannot record a request on disk: request not run');
      this.#refuse(authenticated, notNoted(error));
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
    queue.add({ caller: request.caller, bytes }, async () => {
      try {
        // What changes the host must not run twice, not even when the power fails between.
        if (isMutating) await jobs.flush();
      } catch (error) {
        log.error({ err: error }, 'cannot record a request on disk: request not run');
        work.refuse({ ...notNoted(error), data: {} });
        return;
      }
      await work.run();
    });
  }

  #again(job: Job, authenticated: Authenticated<NodeMessage>, after: number): void {
    const { message, answer } = authenticated;
    if (message.type === 'request' && message.noReply) return;
    job.addSession(message.session, answer);
    const kept = job.after(after);
    for (const reply of kept) this.#send(job, reply, message.session, answer);
    if (kept.length === 0 && job.endedAt === undefined) this.#reply(job, { kind: 'accepted', timeout: 0 });
  }

  #attach(authenticated: Authenticated<Attach>): void {
    const { message } = authenticated;
    const job = this.#parts.jobs.find(message);
    if (job) this.#again(job, authenticated, message.after);
    else this.#nothingKept(authenticated);
  }

  #cancel(authenticated: Authenticated<Cancel>): void {
    const { message, answer } = authenticated;
    const job = this.#parts.jobs.find(message);
    if (!job) this.#nothingKept(authenticated);
    else if (job.endedAt === undefined) {
      job.addSession(message.session, answer);
      job.abort.abort(new TroupeError('CALLER_DENIED', 'cancelled by the caller'));
    } else this.#again(job, authenticated, 0);
  }

  #nothingKept(authenticated: Authenticated<Attach | Cancel>): void {
    const statusmsg = 'this node has no record of this request';
    this.#refuse(authenticated, { outcome: 'unknown', statuscode: Status.unknownError, statusmsg });
  }

  #reply(job: Job, body: ReplyBody): void {
    const kept = job.add(body, Date.now());
    for (const [session, answer] of job.sessions) this.#send(job, kept, session, answer);
  }

  #send(job: Job, reply: KeptReply, session: string, answer: Answer): void {
    this.#parts.replier.send(addressTo(reply, session, answer.v), answer, job.secretOutputs);
  }

  // An answer to something that did not become a job.
  #refuse({ message, answer }: Authenticated, refusal: Refusal): void {
    const now = Date.now();
    const { replier, audit, node, log } = this.#parts;
    const request = message.type === 'request' ? message : { ...message, agent: '', action: '' };
    if (refusal.outcome === 'denied') node.stats.denied += 1;
    const { outcome, statuscode, statusmsg, policy, data = {}, ddl } = refusal;
    if (outcome !== 'unmatched') {
      const { id, caller, collective, agent, action } = request;
      const known =
        message.type === 'request'
          ? entryOf(message, node.registry.get(agent))
          : { request: id, caller, collective };
      const entry = {
        ...known,
        outcome,
        statuscode,
        reason: statusmsg,
        ...(policy === undefined ? {} : { policy }),
      };
      const trace = 'traceparent' in entry ? { traceparent: entry.traceparent } : {};
      log.info(
        { request: id, caller, agent, action, ...trace, outcome, reason: policy ?? statusmsg },
        'request refused',
      );
      audit?.write(entry, now);
    }
    if (message.type === 'request' && message.noReply) return;
    const { id, caller, session, collective, agent, action } = request;
    const sender = node.identity;
    const reply: KeptReply = {
      type: 'reply',
      kind: 'result',
      id,
      time: now,
      seq: 1,
      sender,
      caller,
      collective,
      agent,
      action,
      outcome,
      statuscode,
      statusmsg,
      data,
      ...(ddl && { ddl }),
    };
    replier.send(addressTo(reply, session, answer.v), answer);
  }

  #record(request: Request, agent: LoadedAgent, ending: Ending, startedAt: number): void {
    const { audit, node } = this.#parts;
    const seconds = (Date.now() - startedAt) / 1000;
    node.actions.note(agent.name, ending.outcome, seconds);
    if (!audit || (agent.name === 'discovery' && !node.config.audit.discovery)) return;
    audit.write({
      ...entryOf(request, agent),
      outcome: ending.outcome,
      statuscode: ending.statuscode,
      ...(ending.outcome === 'ok' ? {} : { reason: ending.statusmsg }),
      seconds,
    });
  }
}

function notNoted(error: unknown): Refusal & { readonly outcome: 'failed' } {
  const words = 'this node cannot record the request on its disk, so it does not run it';
  return { outcome: 'failed', statuscode: Status.unknownError, statusmsg: withDiskFault(words, error) };
}

// Whoever may call this node may know that its disk is full.
function withDiskFault(words: string, error: unknown): string {
  const fault = diskFaultOf(error);
  return fault === undefined ? words : `${words}: ${fault}`;
}
