import { type Logger, messageOf } from '@troupe/core';
import PQueue from 'p-queue';
import type { ProvisionerConfig } from './config/config.js';
import type { Events } from './events.js';
import { failureOf } from './failure.js';
import type { Peers } from './peers.js';

/** What people are told of a node. */
export interface Message {
  readonly identity: string;
  readonly subject: string;
  readonly text: string;
}

/** What became of a message. */
export interface Told {
  readonly outcome: 'ok' | 'failed';
  readonly reason: string;
}

/** Has messages delivered by one of the notifiers; another takes over from one that fails. Never throws. */
export class Notifier {
  readonly #peers: Peers;
  readonly #config: ProvisionerConfig['notify'];
  readonly #events: Events;
  readonly #log: Logger;
  readonly #queue = new PQueue({ concurrency: 5 });

  constructor(peers: Peers, config: ProvisionerConfig['notify'], events: Events, log: Logger) {
    this.#peers = peers;
    this.#config = config;
    this.#events = events;
    this.#log = log;
  }

  /** Delivers to every target; what becomes of it is told by events, and in words by the result. Never rejects. */
  async send(message: Message): Promise<Told> {
    const told = await Promise.all(
      this.#config.targets.map((recipient) => this.#queue.add(() => this.#deliver(recipient, message))),
    );
    const outcome = told.every(({ delivered }) => delivered) ? 'ok' : 'failed';
    return { outcome, reason: told.map(({ words }) => words).join('; ') };
  }

  /** Resolves when nothing is being delivered. */
  idle(): Promise<void> {
    return this.#queue.onIdle();
  }

  async #deliver(recipient: string, { identity, subject, text }: Message) {
    const reasons: string[] = [];
    const protocol = recipient.slice(0, recipient.indexOf('://'));
    const about = { identity, type: 'notified', protocol, recipient, subject } as const;
    try {
      for (const notifier of await this.#notifiers()) {
        const reason = await this.#try(notifier, {
          recipient,
          subject: subject.slice(0, 200),
          message: text,
        });
        if (reason === undefined) {
          this.#events.emit({ ...about, delivered: true, by: notifier });
          return { delivered: true, words: `${notifier} told ${recipient}` };
        }
        reasons.push(reason);
      }
      if (reasons.length === 0) reasons.push(`no node with the agent ${this.#config.agent} answers`);
    } catch (error) {
      reasons.push(messageOf(error));
    }
    const reason = reasons.join('; ');
    this.#log.warn({ node: identity, recipient, reason }, 'nobody could be notified');
    this.#events.emit({ ...about, delivered: false, reason });
    return { delivered: false, words: `${recipient} was not told: ${reason}` };
  }

  // Why it was not delivered; nothing when it was.
  async #try(notifier: string, input: { recipient: string; subject: string; message: string }) {
    const { notify, main: collective } = this.#peers;
    const result = await notify.sendmsg(input, { targets: [notifier], collective }).one();
    return failureOf(result, 'notify sendmsg')?.message;
  }

  // In any order, so that none has to do all the work.
  async #notifiers(): Promise<readonly string[]> {
    const { client, main: collective } = this.#peers;
    const { nodes } = await client.discover({ collective, filter: this.#config.filter });
    const first = Math.floor(Math.random() * nodes.length);
    return [...nodes.slice(first), ...nodes.slice(0, first)];
  }
}
