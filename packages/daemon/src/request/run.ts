import {
  type ActionError,
  type Context,
  type Logger,
  messageOf,
  type ReplyOutcome,
  Status,
} from '@troupe/core';
import { diskFaultOf, isHash, kindOf } from '@troupe/core/internal';
import { inAgent, outsideAgents } from '../agents/agent-scope.js';
import type { LoadedAgent } from '../agents/registry.js';
import { fitOutput, piecesOf } from './fit-output.js';
import type { Job, ReplyBody } from './job.js';

/** How an action ended on this node. */
export interface Ending {
  readonly outcome: ReplyOutcome;
  readonly statuscode: number;
  readonly statusmsg: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Milliseconds after which a caller is told that its request is at work. */
const acceptAfter = 200;

const unexpected: Ending = {
  outcome: 'failed',
  statuscode: Status.unknownError,
  statusmsg: 'the action failed unexpectedly; see the log of the node for the reason',
  data: {},
};

/** An action ready to run: `run` never rejects; `refuse` ends it without running. */
export function runAction(parts: {
  readonly job: Job;
  readonly agent: LoadedAgent;
  readonly identity: string;
  readonly log: Logger;
  readonly reply: (body: ReplyBody) => void;
  readonly ended: (ending: Ending) => void;
}): { run: () => Promise<void>; refuse: (ending: Ending) => void } {
  const { job, agent, reply } = parts;
  const { request } = job;
  const action = agent.compiled.action(request.action);
  const most = action?.timeoutSeconds ?? agent.compiled.ddl.metadata.timeout;
  const timeoutSeconds = Math.min(request.timeout ?? most, most);
  const trace = request.traceparent === undefined ? {} : { traceparent: request.traceparent };
  let log: Logger | undefined;
  // Most actions say nothing, and a logger of its own costs as much as all the rest of a short one.
  const ownLog = () => {
    const { id, action: name, caller } = request;
    log ??= parts.log.child({ agent: agent.name, action: name, request: id, caller, ...trace });
    return log;
  };
  const accept = setTimeout(() => reply({ kind: 'accepted', timeout: timeoutSeconds }), acceptAfter);

  const end = (ending: Ending) => {
    if (job.endedAt !== undefined) return;
    clearTimeout(accept);
    const ddl = { version: agent.compiled.ddl.metadata.version, hash: agent.hash };
    try {
      const fitted = fitOutput(ending.data, ending.statusmsg, job.secretOutputs);
      reply({ kind: 'result', ...ending, ...fitted, ddl });
      if (fitted['x-cut'])
        ownLog().warn({ outputs: fitted['x-cut'] }, 'outputs were cut: they are too large for one reply');
      parts.ended({ ...ending, data: fitted.data, statusmsg: fitted.statusmsg });
    } catch (error) {
      // Such as an output that holds itself, or a BigInt.
      ownLog().error({ err: error }, "the action's output cannot be sent");
      reply({ kind: 'result', ...unexpected, ddl });
      parts.ended(unexpected);
    }
  };
  let words = 'OK';
  const context: Context = {
    caller: request.caller,
    requestId: request.id,
    requestedAt: request.time,
    ttlSeconds: request.ttl,
    identity: parts.identity,
    collective: request.collective,
    ...trace,
    get log() {
      return ownLog();
    },
    get signal() {
      return job.abort.signal;
    },
    timeoutSeconds,
    progress: (data) => {
      for (const piece of piecesOf(data))
        if (job.endedAt === undefined) outsideAgents(() => reply({ kind: 'progress', data: piece }));
    },
    statusmsg: (text) => {
      words = text;
    },
  };

  const run = async () => {
    const timer = setTimeout(
      () => job.abort.abort(new DOMException('time limit reached', 'TimeoutError')),
      timeoutSeconds * 1000,
    );
    const stopped = new Promise<Ending>((resolve) => {
      job.abort.onAbort((reason) => resolve(endingOfAbort(reason, timeoutSeconds)));
    });
    const handled = handle(parts, context, () => words);
    const ending = await Promise.race([handled, stopped]);
    clearTimeout(timer);
    end(ending);
  };
  return { run, refuse: end };
}

async function handle(
  parts: Parameters<typeof runAction>[0],
  context: Context,
  words: () => string,
): Promise<Ending> {
  const { agent, job } = parts;
  const action = agent.compiled.action(job.request.action);
  const handler = agent.handlers[job.request.action];
  if (!action || !handler)
    return { outcome: 'failed', statuscode: Status.unknownAction, statusmsg: 'no such action', data: {} };
  // An action cancelled while it waited for its turn never starts.
  if (job.abort.aborted) return new Promise<Ending>(() => {});
  try {
    const output: unknown =
      (await inAgent(agent.name, () => handler({ ...job.request.input }, context))) ?? {};
    if (!isHash(output))
      throw new TypeError(`the handler returned ${kindOf(output)} instead of an object of outputs`);
    const data = action.withOutputDefaults(output);
    const fault = action.checkOutput(data);
    if (fault) context.log.warn({ reason: fault }, "the action's output does not match its DDL");
    return { outcome: 'ok', statuscode: Status.ok, statusmsg: words(), data };
  } catch (error) {
    // By name, because an agent may bring its own copy of this library.
    if (error instanceof Error && error.name === 'ActionError') {
      const { status = Status.aborted, data = {} } = error as ActionError;
      context.log.info({ reason: error.message }, 'the action failed');
      return {
        outcome: 'failed',
        statuscode: status,
        statusmsg: error.message,
        data: action.withOutputDefaults(data),
      };
    }
    if (job.abort.aborted) return new Promise<Ending>(() => {});
    context.log.error({ err: error }, 'the action failed unexpectedly');
    // Neither a secret nor a defect of the agent: the caller can do something about it.
    const fault = diskFaultOf(error);
    return fault === undefined ? unexpected : { ...unexpected, statusmsg: fault };
  }
}

function endingOfAbort(reason: unknown, timeoutSeconds: number): Ending {
  if (reason instanceof DOMException && reason.name === 'TimeoutError') {
    const statusmsg = `the action did not finish within its timeout of ${timeoutSeconds} s`;
    return { outcome: 'timeout', statuscode: Status.aborted, statusmsg, data: {} };
  }
  return { outcome: 'cancelled', statuscode: Status.aborted, statusmsg: messageOf(reason), data: {} };
}
