import {
  type Logger,
  type MessageProtection,
  messageOf,
  type Reply,
  type Signer,
  sealText,
  type Topics,
  type Transport,
} from '@troupe/core';
import { KeyedSerial } from '@troupe/core/async';
import { maxMessageBytes } from '@troupe/core/internal';
import type { Stats } from './stats.js';

/** Signs replies, or seals them, and sends them, in order for each request. What cannot be sent now is kept by its job and asked for again. */
export class Replier {
  readonly #parts: { signer: Signer; topics: Topics; transport: Transport; stats: Stats; log: Logger };
  readonly #inOrder = new KeyedSerial();

  constructor(parts: { signer: Signer; topics: Topics; transport: Transport; stats: Stats; log: Logger }) {
    this.#parts = parts;
  }

  send(reply: Reply, protection?: MessageProtection): void {
    void this.#inOrder.run(`${reply.id}/${reply.session}`, () => this.#send(reply, protection));
  }

  /** Resolves when all that was handed over is sent. */
  idle(): Promise<void> {
    return this.#inOrder.idle();
  }

  async #send(reply: Reply, protection: MessageProtection | undefined): Promise<void> {
    const { signer, topics, transport, stats, log } = this.#parts;
    try {
      const bytes = await sealText(fitting(reply), signer, protection);
      await transport.publish(
        topics.reply(reply.collective, reply.caller, reply.session, reply.sender),
        bytes,
      );
      stats.replies += 1;
    } catch (error) {
      log.warn(
        { request: reply.id, reason: messageOf(error) },
        'cannot send a reply; it is kept for clients that ask again',
      );
    }
  }
}

// A signed message is a third longer than its payload (base64), and its header holds certificates.
const maxPayload = Math.floor((maxMessageBytes - 32 * 1024) * 0.74);

function fitting(reply: Reply): string {
  const json = JSON.stringify(reply);
  const size = Buffer.byteLength(json);
  if (size <= maxPayload) return json;
  const reason = `the reply has ${size} bytes, more than the limit of ${maxPayload}: ask for less`;
  if (reply.kind !== 'result') return JSON.stringify({ ...reply, data: `(${reason})` });
  return JSON.stringify({ ...reply, outcome: 'failed', statuscode: 5, statusmsg: reason, data: {} });
}
