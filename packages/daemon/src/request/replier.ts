import {
  type Logger,
  messageOf,
  type Peer,
  type Reply,
  replyOnWire,
  type Security,
  sealText,
  type Topics,
  type Transport,
} from '@troupe/core';
import { KeyedSerial } from '@troupe/core/async';
import { maxMessageBytes } from '@troupe/core/internal';
import type { Answer } from './answer.js';
import { withSecretsApart } from './outputs.js';
import type { Stats } from './stats.js';

export interface ReplierParts {
  readonly security: Pick<Security, 'signer' | 'sessionKeys'>;
  readonly topics: Topics;
  readonly transport: Transport;
  readonly stats: Stats;
  readonly log: Logger;
}

/** Signs replies, or seals them, and sends them, in order for each request. What cannot be sent now is kept by its job and asked for again. */
export class Replier {
  readonly #parts: ReplierParts;
  readonly #inOrder = new KeyedSerial();

  constructor(parts: ReplierParts) {
    this.#parts = parts;
  }

  /** `secretOutputs` are the names of what only the client may read. */
  send(reply: Reply, answer: Answer, secretOutputs: readonly string[] = []): void {
    void this.#inOrder.run(`${reply.caller}/${reply.id}/${reply.session}`, () =>
      this.#send(reply, answer, secretOutputs),
    );
  }

  /** Resolves when all that was handed over is sent. */
  idle(): Promise<void> {
    return this.#inOrder.idle();
  }

  async #send(reply: Reply, { protection }: Answer, secretOutputs: readonly string[]): Promise<void> {
    const { security, topics, transport, stats, log } = this.#parts;
    const { signer, sessionKeys } = security;
    const encrypt = sessionKeys && ((bytes: Uint8Array, peer: Peer) => sessionKeys.encrypt(bytes, peer));
    try {
      const whole = withSecretsApart(reply, secretOutputs, { peer: protection?.peer, encrypt });
      const bytes = await sealText(fitting(reply, whole), signer, protection);
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

function fitting(reply: Reply, whole: unknown): string {
  const json = JSON.stringify(whole);
  const size = Buffer.byteLength(json);
  if (size <= maxPayload) return json;
  const reason = `the reply has ${size} bytes, more than the limit of ${maxPayload}: ask for less`;
  if (reply.kind !== 'result') return JSON.stringify({ ...reply, data: `(${reason})` });
  const failed: Reply = { ...reply, outcome: 'failed', statuscode: 5, statusmsg: reason, data: {} };
  return JSON.stringify(replyOnWire(failed));
}
