import type { Call, CallOptions, NodeProof, ProgressPiece, Result } from '@troupe/client';
import { oneLine } from '@troupe/core/internal';
import type { FailedResource } from '../events/node-report.js';
import { failureOf, StepFailure } from './failure.js';
import type { KeyPin } from './key-pin.js';
import { answerOf } from './newcomer.js';
import type { Peers, ProvisionAgent } from './peers.js';

export interface NodeCallOptions {
  /** Seconds. */
  readonly timeout?: number;
  readonly answerWithin?: number;
  readonly onProgress?: (piece: ProgressPiece) => void;
  /** Ends the waiting for the answer. */
  readonly signal: AbortSignal;
}

/** The token of the lease, as an input of the actions that change something. */
export interface Claim {
  readonly token?: number;
}

const bookkeeping = new Set(['status', 'has_cert', 'record', 'renew', 'unlock_deploy']);

/** The provision agent of one node, called with the token of the lease and pinned to its key. */
export class NodeAgent {
  readonly identity: string;
  readonly collective: string;
  readonly pin: KeyPin;
  /** The id of the last request that did something: the same as in the node's log and audit. */
  lastRequest: string | undefined;
  /** What its last reply proves: who vouches for it, and what its token allows. */
  proof: NodeProof | undefined;
  readonly #peers: Peers;
  #token: number | undefined;

  constructor(options: {
    peers: Peers;
    identity: string;
    collective: string;
    pin: KeyPin;
    /** Of a lease that was taken before. */
    token?: number | undefined;
  }) {
    this.identity = options.identity;
    this.collective = options.collective;
    this.pin = options.pin;
    this.#peers = options.peers;
    this.#token = options.token;
  }

  /** The fencing token of the lease that is held; none where the step lock is off. */
  get token(): number | undefined {
    return this.#token;
  }

  /** Has its next reply show what vouches for it now. */
  renewProof(): void {
    this.#peers.client.invalidateKey(this.identity);
  }

  /** Takes the lease; what is changed from then on is changed with its token. Throws StepFailure. */
  async takeLease(
    { owner, seconds, notify }: { owner: string; seconds: number; notify: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const input = { owner, seconds, ...(notify ? { notify } : {}) };
    const { token } = await this.ask('lock_deploy', (agent, options) => agent.lock_deploy(input, options), {
      signal,
    });
    this.#token = token ?? undefined;
  }

  /** The output of an action. Throws StepFailure. */
  async ask<Data>(
    action: string,
    call: (agent: ProvisionAgent, options: CallOptions) => Call<Data>,
    options: NodeCallOptions,
  ): Promise<Data> {
    const result = await this.#answer(action, (given) => call(this.#peers.provision, given), options);
    const failure = failureOf(result, action);
    if (failure) throw failure;
    return result.data;
  }

  /**
   * The output of an action that changes the node. Throws StepFailure, of the kind `lost` if the token does not
   * belong to the lease in force any more.
   */
  async change<Data>(
    action: string,
    call: (agent: ProvisionAgent, claim: Claim, options: CallOptions) => Call<Data>,
    options: NodeCallOptions,
  ): Promise<Data> {
    const claim = this.#token === undefined ? {} : { token: this.#token };
    const result = await this.#answer(action, (given) => call(this.#peers.provision, claim, given), options);
    const failure = failureOf(result, action);
    if (!failure) return result.data;
    if (failure.kind === 'failed') await this.#checkLease(failure, options.signal);
    throw withRun(failure, result);
  }

  async #answer<Data>(
    action: string,
    call: (options: CallOptions) => Call<Data>,
    options: NodeCallOptions,
  ): Promise<Result<Data>> {
    const { identity, collective } = this;
    const { signal } = options;
    signal.throwIfAborted();
    const made = (dated: Pick<CallOptions, 'clockOffset'>) => {
      const asked = call({ ...options, ...dated, targets: [identity], collective });
      if (!bookkeeping.has(action)) this.lastRequest = asked.id;
      return asked;
    };
    const result = await answerOf(this, this.#peers, made, action);
    if (signal.aborted && result.state === 'no-reply') signal.throwIfAborted();
    this.pin.check(result);
    if (result.key !== undefined) this.proof = this.#peers.client.proofOf(result.key);
    return result;
  }

  async #checkLease(failure: StepFailure, signal: AbortSignal): Promise<void> {
    if (this.#token === undefined) return;
    const { lease } = await this.ask('status', (agent, options) => agent.status({}, options), { signal });
    if (lease?.token === this.#token) return;
    throw new StepFailure('lost', `lost the lease of ${this.identity}: ${failure.message}`, {
      cause: failure,
    });
  }
}

// What the node reported about a failed Puppet run.
function withRun(failure: StepFailure, { data }: Result<unknown>): StepFailure {
  const { run, seconds, failed_resources } = data as Readonly<Record<string, unknown>>;
  if (typeof run !== 'string') return failure;
  return new StepFailure(failure.kind, failure.message, {
    run,
    ...(typeof seconds === 'number' ? { runSeconds: seconds } : {}),
    failedResources: resourcesOf(failed_resources),
  });
}

function resourcesOf(value: unknown): readonly FailedResource[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, 5).flatMap((each: unknown) => {
    const { resource, file, line, message } = (each ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof resource !== 'string') return [];
    return {
      resource: oneLine(resource, 200),
      ...(typeof file === 'string' ? { file: oneLine(file, 300) } : {}),
      ...(typeof line === 'number' ? { line } : {}),
      ...(typeof message === 'string' ? { message: oneLine(message, 300) } : {}),
    };
  });
}
