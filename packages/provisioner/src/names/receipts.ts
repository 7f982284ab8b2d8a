import type { ClientConfig } from '@troupe/client';
import { issueReceipt, type Logger, loadOwn, messageOf, readReceipt } from '@troupe/core';
import { BoundedMap } from '@troupe/core/internal';
import { StepFailure } from '../rpc/failure.js';
import type { NodeAgent } from '../rpc/node-agent.js';
import { receiptLifetime } from './receipt-lifetime.js';

/** Nodes about which a warning is remembered. */
const mostWarned = 1000;

/** Gives machines with an enrolment token a receipt, so that a token that expires in the middle strands nobody. */
export class Receipts {
  readonly #security: ClientConfig['security'];
  readonly #now: () => number;
  /** What was logged last about each node. */
  // bound: nodes that took no receipt | nodes; with an enrolment token, under any name | {mostWarned} | 1 KiB each | the
  // one unused for the longest time is removed, and logged again
  readonly #warned = new BoundedMap<string, string>({ most: mostWarned });

  constructor(security: ClientConfig['security'], now: () => number = Date.now) {
    this.#security = security;
    this.#now = now;
  }

  /** Gives a node a receipt if it has none that lasts. What fails is logged: the node keeps its token. */
  async give(node: NodeAgent, signal: AbortSignal, log: Logger): Promise<void> {
    const { proof, pin, identity, collective } = node;
    const { enrolment } = proof ?? {};
    if (!enrolment || pin.key === undefined) return;
    const { token, names, replace, callers, receipt: known } = enrolment;
    const left = ((known?.ends ?? 0) - this.#now()) / 1000;
    if (left > receiptLifetime / 2) return;
    try {
      // Read again for each: a certificate is renewed while the provisioner runs.
      const own = loadOwn(this.#security);
      const claims = { iss: own.name, name: identity, key: pin.key, collective, callers, token };
      const limits = { ...(names === undefined ? {} : { names }), ...(replace ? { replace } : {}) };
      const receipt = await issueReceipt(
        { ...claims, ...limits, ttlSeconds: receiptLifetime },
        own,
        this.#now(),
      );
      await node.change(
        'accept_receipt',
        (agent, claim, options) => agent.accept_receipt({ receipt, ...claim }, options),
        { answerWithin: 5, signal },
      );
      node.renewProof();
      log.debug({ serial: readReceipt(receipt).serial }, 'gave the node a receipt of its enrolment');
    } catch (error) {
      signal.throwIfAborted();
      const kind = error instanceof StepFailure ? error.kind : undefined;
      if (kind === 'lost' || kind === 'permanent') throw error;
      // A node of an earlier version has no such action.
      if (kind === 'gone')
        log.debug({ node: identity, reason: messageOf(error) }, 'the node takes no receipt');
      else this.#warn(identity, messageOf(error), log);
    }
  }

  // It is tried again whenever the node is looked at.
  #warn(node: string, reason: string, log: Logger): void {
    const level = this.#warned.get(node) === reason ? 'debug' : 'warn';
    this.#warned.set(node, reason);
    log[level]({ node, reason }, 'cannot give the node a receipt: it keeps its enrolment token');
  }
}
