import { messageOf, TroupeError } from '@troupe/core';
import { deliver, parseRecipient, protocolOf, type Routes } from './deliver.js';
import { DeliveryError } from './delivery-error.js';
import { type ExecConfig, exec } from './protocols/exec.js';
import { type MailtoConfig, mailto } from './protocols/mailto.js';
import type { Protocol } from './protocols/protocol.js';

/** The sections of the protocols with which a program can deliver without a notifier: as in `plugins.notify`. */
export const localSchemas = { exec: exec.schema, mailto: mailto.schema } as const;

export interface LocalConfig {
  readonly exec?: ExecConfig;
  readonly mailto?: MailtoConfig;
}

/** A message for one recipient. */
export interface LocalMessage {
  readonly recipient: string;
  readonly subject: string;
  readonly message: string;
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Why a message was not delivered; `isFinal`: another attempt fails too, until something is changed. */
export interface LocalFailure {
  readonly reason: string;
  readonly isFinal: boolean;
}

/** Delivers messages from this host, without a notifier and without keeping them. */
export class LocalDelivery {
  readonly #routes: Routes;

  /** Throws CONFIG_INVALID; its message begins with the key, such as `mailto.ca`. */
  constructor(config: LocalConfig) {
    const protocols = new Map<string, Protocol>();
    try {
      if (config.exec) protocols.set('exec', exec.open(config.exec));
      if (config.mailto) protocols.set('mailto', mailto.open(config.mailto));
    } catch (error) {
      throw new TroupeError('CONFIG_INVALID', messageOf(error).replace(/^plugins: notify\.?/, ''), {
        cause: error,
      });
    }
    this.#routes = { protocols, templates: new Map() };
  }

  /** Why nothing can be delivered to a recipient; undefined if it can. */
  faultOf(recipient: string): string | undefined {
    try {
      const { name, address } = parseRecipient(recipient);
      protocolOf(this.#routes, name).layout(address);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Delivers a message as `caller` on `host`; returns why it was not delivered. Never rejects. */
  async deliver(
    message: LocalMessage,
    {
      caller,
      host,
      signal,
    }: { readonly caller: string; readonly host: string; readonly signal: AbortSignal },
  ): Promise<LocalFailure | undefined> {
    try {
      await deliver(this.#routes, { ...message, time: new Date(), caller, host }, signal);
      return undefined;
    } catch (error) {
      return { reason: messageOf(error), isFinal: error instanceof DeliveryError && error.isFinal };
    }
  }
}
