import type { ConfigOf, ConfigSchema } from '@troupe/core';
import type { Notification } from '../notification.js';
import type { Layout } from '../template/template.js';

/** A notification on its way to `address`, subject and body as the templates made them. */
export interface Letter {
  readonly address: string;
  readonly subject: string;
  readonly body: string;
  readonly notification: Notification;
}

/** Delivers what is meant for the recipients of one protocol. */
export interface Protocol {
  /** How subject and body are made for an address. Throws DeliveryError where there is no such address. */
  layout(address: string): Layout;
  /** Returns when the other side has accepted the letter. Throws DeliveryError. */
  deliver(letter: Letter, signal: AbortSignal): Promise<void>;
}

/** A protocol that can be configured: the schema of its section, and how to open it. */
export interface ProtocolKind<S extends ConfigSchema> {
  readonly schema: S;
  /** Throws CONFIG_INVALID where the section fits the schema but cannot work. */
  open(config: ConfigOf<S>): Protocol;
}
