import { type Logger, messageOf, type Signer, type Topics, type Transport } from '@troupe/core';
import { Serial } from '@troupe/core/async';
import { sealAuditEvent } from './audit-event.js';

/** Characters of entries that wait for the broker: further ones are in the file only. */
const mostWaiting = 16 * 1024 * 1024;

/** Publishes the audit entries for collectors. Entries that the network loses are still in the file, and the hash chain shows the gap. */
export class AuditPublisher {
  readonly #parts: { signer: Signer; topics: Topics; transport: Transport; collective: string; log: Logger };
  // bound: audit entries that wait to be published (`audit.events`) | callers, by their requests | by bytes |
  // {bytes mostWaiting} | further ones are in the audit file only; their number is logged
  readonly #inOrder = new Serial();
  #waiting = 0;
  #missed = 0;

  constructor(parts: {
    signer: Signer;
    topics: Topics;
    transport: Transport;
    collective: string;
    log: Logger;
  }) {
    this.#parts = parts;
  }

  publish(line: string): void {
    if (this.#waiting + line.length > mostWaiting) {
      this.#missed += 1;
      return;
    }
    const time = Date.now();
    this.#waiting += line.length;
    void this.#inOrder.run(async () => {
      await this.#send(line, time);
      this.#waiting -= line.length;
      this.#reportMissed();
    });
  }

  /** Resolves when all that was handed over is sent. */
  idle(): Promise<void> {
    return this.#inOrder.idle();
  }

  #reportMissed(): void {
    if (this.#missed === 0 || this.#waiting > 0) return;
    this.#parts.log.warn(
      { entries: this.#missed },
      'audit entries not published: the broker is too slow; they are still in the audit file',
    );
    this.#missed = 0;
  }

  async #send(line: string, time: number): Promise<void> {
    const { signer, topics, transport, collective, log } = this.#parts;
    try {
      const bytes = await sealAuditEvent({ collective, line, time }, signer);
      await transport.publish(topics.event(collective, signer.name), bytes, { qos: 1 });
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'cannot publish an audit entry; it is still in the audit file');
    }
  }
}
