import { createHash } from 'node:crypto';
import { messageOf } from '@troupe/core';
import type { ProvisionerConfig } from '../config/config.js';
import { failureOf } from '../rpc/failure.js';
import type { Peers } from '../rpc/peers.js';

/** A message to one recipient, as a notifier takes it. */
export interface OutgoingMessage {
  readonly recipient: string;
  readonly subject: string;
  readonly message: string;
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What became of one attempt. Nobody has accepted the message if `by` is missing. */
export interface Handover {
  readonly delivered: boolean;
  /** Who delivered it, or keeps it and delivers it later. */
  readonly by?: string;
  readonly reason?: string;
  /** Set if somebody said no to this message: others may be accepted. */
  readonly isAnswered?: true;
}

/** Milliseconds for which the notifiers that were found are used. */
const notifiersLast = 5000;

/**
 * Has messages delivered by one of the notifiers; another takes over from one that fails. If none can deliver a
 * message now, one that can queue it does so.
 */
export class Notifier {
  readonly #peers: Peers;
  readonly #config: ProvisionerConfig['notify'];
  #found: { readonly nodes: Promise<readonly string[]>; readonly until: number } | undefined;

  constructor(peers: Peers, config: ProvisionerConfig['notify']) {
    this.#peers = peers;
    this.#config = config;
  }

  /** First one that can deliver it now, then one that queues it. Never rejects. */
  async submit(message: OutgoingMessage): Promise<Handover> {
    const failures: Handover[] = [];
    try {
      const notifiers = inOrder(await this.#notifiers(), message);
      for (const spool of [false, true]) {
        for (const notifier of notifiers) {
          const handover = await this.#try(notifier, message, spool);
          if (handover.by !== undefined) return handover;
          failures.push(handover);
        }
      }
      if (failures.length === 0)
        failures.push({ delivered: false, reason: `no node with the agent ${this.#config.agent} found` });
    } catch (error) {
      failures.push({ delivered: false, reason: messageOf(error) });
    }
    const reason = [...new Set(failures.map((failure) => failure.reason ?? ''))].join('; ');
    const isAnswered = failures.some((failure) => failure.isAnswered);
    return {
      delivered: false,
      reason,
      ...(isAnswered ? { isAnswered } : {}),
    };
  }

  async #try(notifier: string, message: OutgoingMessage, spool: boolean): Promise<Handover> {
    const { notify, main: collective } = this.#peers;
    const input = { ...message, spool };
    const result = await notify.sendmsg(input, { targets: [notifier], collective }).one();
    const failure = failureOf(result, 'notify sendmsg');
    if (failure || !result.ok) {
      const isAnswered = result.state === 'failed' || result.state === 'denied';
      return {
        delivered: false,
        reason: failure?.message ?? '',
        ...(isAnswered ? { isAnswered } : {}),
      };
    }
    const { state, reason } = result.data;
    return state === 'waiting'
      ? { delivered: false, by: notifier, reason: reason ?? '' }
      : { delivered: true, by: notifier };
  }

  // Recipients are served at the same time: they share one search.
  async #notifiers(): Promise<readonly string[]> {
    const { client, main: collective } = this.#peers;
    const now = performance.now();
    if (this.#found === undefined || this.#found.until < now) {
      const search = client.discover({ collective, filter: this.#config.filter });
      this.#found = { nodes: search.then(({ nodes }) => nodes), until: now + notifiersLast };
    }
    const nodes = await this.#found.nodes.catch((error: unknown) => {
      this.#found = undefined;
      throw error;
    });
    if (nodes.length === 0) this.#found = undefined;
    return nodes;
  }
}

// The order depends on the message alone: one that another provisioner sends too reaches the same notifier, which
// drops it, and yet all notifiers share the work.
function inOrder(nodes: readonly string[], { id, recipient }: OutgoingMessage): readonly string[] {
  const weight = (node: string) => createHash('sha256').update(`${id}\n${recipient}\n${node}`).digest('hex');
  return nodes
    .map((node) => ({ node, weight: weight(node) }))
    .sort((a, b) => (a.weight < b.weight ? -1 : 1))
    .map(({ node }) => node);
}
