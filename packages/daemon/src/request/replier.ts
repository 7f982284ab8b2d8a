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
import { maxMessageBytes, Shares } from '@troupe/core/internal';
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

const mostWaitingBytes = 32 * maxMessageBytes;

/** Signs replies, or seals them, and sends them, in order for each request. What cannot be sent now is kept by its job and asked for again. */
export class Replier {
  readonly #parts: ReplierParts;
  // no peer fills this: it holds the replies that are counted below
  readonly #inOrder = new KeyedSerial();
  // bound: replies that the broker has not taken yet | callers, by their requests | by bytes | {bytes
  // mostWaitingBytes}, four fifths of them for one caller | the reply is not sent; clients ask again
  readonly #waiting: Shares;

  /** `mostBytes` is for replies that the broker is slow to take. */
  constructor(parts: ReplierParts, { mostBytes = mostWaitingBytes }: { readonly mostBytes?: number } = {}) {
    this.#parts = parts;
    this.#waiting = new Shares(mostBytes);
  }

  /** `secretOutputs` are the names of what only the client may read. */
  send(reply: Reply, answer: Answer, secretOutputs: readonly string[] = []): void {
    const text = this.#textOf(reply, answer, secretOutputs);
    const done = this.#waiting.take(reply.caller, text.length);
    if (!done) {
      this.#parts.log.debug(
        { request: reply.id, caller: reply.caller },
        'reply not sent: too many replies to this caller are waiting; it is kept for clients that ask again',
      );
      return;
    }
    const line = `${reply.caller}/${reply.id}/${reply.session}`;
    void this.#inOrder.run(line, () => this.#send(reply, text, answer)).finally(done);
  }

  #textOf(reply: Reply, { protection }: Answer, secretOutputs: readonly string[]): string {
    const { sessionKeys } = this.#parts.security;
    const encrypt = sessionKeys && ((bytes: Uint8Array, peer: Peer) => sessionKeys.encrypt(bytes, peer));
    return fitting(reply, withSecretsApart(reply, secretOutputs, { peer: protection?.peer, encrypt }));
  }

  /** Resolves when all that was handed over is sent. */
  idle(): Promise<void> {
    return this.#inOrder.idle();
  }

  async #send(reply: Reply, text: string, { protection }: Answer): Promise<void> {
    const { security, topics, transport, stats, log } = this.#parts;
    try {
      const bytes = await sealText(text, security.signer, protection);
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

/** Bytes of a reply's JSON. A signed message is a third longer than its payload (base64), and its header holds certificates. */
export const maxReplyBytes = Math.floor((maxMessageBytes - 32 * 1024) * 0.74);

// Results were cut before; what does not fit here has secrets that grew, or progress of an odd shape.
function fitting(reply: Reply, whole: unknown): string {
  const json = JSON.stringify(whole);
  const size = Buffer.byteLength(json);
  if (size <= maxReplyBytes) return json;
  const reason = `the reply has ${size} bytes, more than the limit of ${maxReplyBytes}: ask for less`;
  if (reply.kind !== 'result') return JSON.stringify({ ...reply, data: `(${reason})` });
  const failed: Reply = { ...reply, outcome: 'failed', statuscode: 5, statusmsg: reason, data: {} };
  return JSON.stringify(replyOnWire(failed));
}
