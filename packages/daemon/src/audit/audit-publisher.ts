import { type Logger, messageOf, type Signer, type Topics, type Transport } from '@troupe/core';
import { Serial } from '@troupe/core/async';
import { sealAuditEvent } from './audit-event.js';

/** Publishes the audit entries for collectors. Entries that the network loses are still in the file, and the hash chain shows the gap. */
export class AuditPublisher {
  readonly #parts: { signer: Signer; topics: Topics; transport: Transport; collective: string; log: Logger };
  readonly #inOrder = new Serial();

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
    const time = Date.now();
    void this.#inOrder.run(() => this.#send(line, time));
  }

  /** Resolves when all that was handed over is sent. */
  idle(): Promise<void> {
    return this.#inOrder.idle();
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
