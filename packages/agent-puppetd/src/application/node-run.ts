import type { Client, Result } from '@troupe/client';
import { type Filter, messageOf, Status } from '@troupe/core';
import ddl from '@troupe/ddl/puppetd.json' with { type: 'json' };
import type { RunData, RunInput } from './run-input.js';
import { withoutNames } from './selection.js';
import { Watch } from './watch.js';

type Reply = Result<RunData>;

/** The result of one node. */
export interface NodeRun {
  readonly sender: string;
  /**
   * `ran`: Puppet ran, and the node reported its verdict; `skipped`: there was nothing to do, because Puppet is disabled
   * or ran already, or the filter no longer matches the node; `not-begun`: the node could or would not start a run; `silent`: it is offline or did not reply.
   */
  readonly kind: 'ran' | 'skipped' | 'not-begun' | 'silent';
  /** It ran successfully, or it was skipped. */
  readonly ok: boolean;
  /** The verdict in one word, such as `changed`, or else the state of the call, such as `offline`. */
  readonly outcome: string;
  /** One line for people. */
  readonly reason: string;
  /** Empty if no run was started. */
  readonly runId: string;
  /** Start of the run, in seconds since 1970; for a node that ran already, of its last run. 0 if unknown. */
  readonly began: number;
  /** From the request to the end. */
  readonly seconds: number;
  /** Whether a later retry may succeed. */
  readonly mayRetry: boolean;
}

/** How one node is run. */
export interface NodeRunOptions {
  /** The node runs Puppet only if this matches it then: it may have changed since it was found. */
  readonly filter?: Filter | undefined;
  readonly collective?: string | undefined;
  /** Stops the waiting, not the run: the promise is rejected with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Seconds that a node may be away in the middle of a run, until it is given up; 30 otherwise. */
  readonly grace?: number | undefined;
  /** Called when a node has been away for longer than a restart takes: others need not wait for it. */
  readonly onAway?: (() => void) | undefined;
}

/**
 * Runs Puppet on one node and waits until the node reports how the run ended. If the daemon restarts in the middle,
 * maybe because Puppet replaces it, it is asked for the same run when it is back.
 */
export async function runNode(
  client: Client,
  identity: string,
  input: RunInput,
  options: NodeRunOptions = {},
): Promise<NodeRun> {
  const { filter, collective, signal, grace = 30, onAway } = options;
  const start = Date.now();
  const presence = await client.presence(collective);
  const watch = new Watch(presence, identity, { grace, signal, onAway });
  const requests = new RunRequests(client, identity, collective, watch);
  try {
    const run =
      presence.isOnline(identity) === false
        ? offline(identity, 'the node is offline')
        : await requests.run(input, filter, grace, signal).catch((error: unknown) => unsent(identity, error));
    signal?.throwIfAborted();
    return { ...run, seconds: (Date.now() - start) / 1000 };
  } finally {
    watch.stop();
  }
}

type Judged = Omit<NodeRun, 'seconds'>;

/** The states of a call after which the run may still be in progress, or may have ended. */
const inconclusive: readonly string[] = ['offline', 'no-reply', 'unknown', 'cancelled', 'timeout'];

/** The requests to one node about one run. */
class RunRequests {
  readonly #client: Client;
  readonly #where: { readonly targets: readonly string[]; readonly collective?: string };
  readonly #identity: string;
  readonly #watch: Watch;
  #runId = '';

  constructor(client: Client, identity: string, collective: string | undefined, watch: Watch) {
    this.#client = client;
    this.#identity = identity;
    this.#where = { targets: [identity], ...(collective === undefined ? {} : { collective }) };
    this.#watch = watch;
  }

  async run(
    input: RunInput,
    filter: Filter | undefined,
    grace: number,
    signal: AbortSignal | undefined,
  ): Promise<Judged> {
    const reply = await this.#watch.during((stop) => {
      const call = this.#client.agent(ddl).runonce(
        { ...input, foreground: true, quiet: true },
        {
          ...this.#where,
          ...(filter && { filter: withoutNames(filter) }),
          signal: stop,
        },
      );
      this.#runId = call.id;
      return call.one();
    });
    if (reply && (reply.data.outcome || !inconclusive.includes(reply.state))) {
      return judge(reply, this.#runId);
    }
    return this.#followed(reply, grace, signal);
  }

  // The id of the run is the id of the request, so it is known without a reply.
  async #followed(cut: Reply | undefined, grace: number, signal: AbortSignal | undefined): Promise<Judged> {
    let last = cut;
    for (let until = Date.now() + grace * 1000; Date.now() < until && !signal?.aborted; ) {
      if (!(await this.#watch.back())) break;
      const asked = Date.now();
      const input = { run_id: this.#runId, quiet: true };
      const reply = await this.#watch
        .during((stop) =>
          this.#client
            .agent(ddl)
            .follow(input, { ...this.#where, signal: stop })
            .one(),
        )
        // Without a broker now: it is asked again.
        .catch(() => undefined);
      if (reply?.data.outcome === 'unknown-run') {
        const reason = 'the request was lost before the node started a run';
        return { ...nothing(this.#identity), outcome: 'lost', reason, mayRetry: true };
      }
      if (reply?.data.outcome) return judge(reply, this.#runId);
      last = reply ?? last;
      // Neither a policy that forbids to follow nor an agent that cannot will change soon.
      if (reply?.state === 'denied' || reply?.statuscode === Status.unknownAction) break;
      if (reply && reply.state === 'no-reply') break;
      // It was followed for a while, and the node left again.
      if (Date.now() - asked > 5_000) until = Date.now() + grace * 1000;
      // A daemon that is about to end refuses what is new.
      await this.#watch.change(500);
    }
    const reason = `result of the run unknown: ${last?.statusmsg ?? 'the node went offline'}`;
    const outcome = last?.state ?? 'offline';
    return { ...nothing(this.#identity), kind: 'silent', outcome, reason, runId: this.#runId };
  }
}

/** The outcome of a node that the filter no longer matches. */
export const unmatched = 'unmatched';

const skipping: readonly string[] = ['disabled', 'recent'];
/** The words of a node that did not begin and may do so later. */
const passing: readonly string[] = ['already-running', 'ssl-locked', 'not-started'];

function judge(reply: Reply, runId: string): Judged {
  const { sender, ok, state, statuscode, statusmsg, data } = reply;
  if (reply.isUnmatched)
    return { ...nothing(sender), kind: 'skipped', ok: true, outcome: unmatched, reason: statusmsg };
  const outcome = data.outcome || state;
  const reason = data.summary || statusmsg;
  const began = data.initiated_at ?? 0;
  if (skipping.includes(outcome))
    return { ...nothing(sender), kind: 'skipped', ok: true, outcome, reason, began };
  if (!data.outcome || passing.includes(outcome)) {
    // Refused in passing: the daemon restarts, or has too much to do.
    const mayRetry = passing.includes(outcome) || (state === 'failed' && statuscode === Status.aborted);
    return { ...nothing(sender), outcome, reason, mayRetry };
  }
  return { sender, kind: 'ran', ok, outcome, reason, runId, began, mayRetry: false };
}

// Without a broker now, the request did not leave this client.
function unsent(identity: string, error: unknown): Judged {
  return { ...nothing(identity), outcome: 'error', reason: messageOf(error), mayRetry: true };
}

/** A node that is known to be away. */
export function offline(identity: string, reason: string): Judged {
  return { ...nothing(identity), kind: 'silent', outcome: 'offline', reason };
}

function nothing(sender: string): Omit<Judged, 'outcome' | 'reason'> {
  return { sender, kind: 'not-begun', ok: false, runId: '', began: 0, mayRetry: false };
}
