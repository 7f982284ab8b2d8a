import { mosquittoConfig } from './mosquitto.js';
import { natsConfig } from './nats.js';
import type { BrokerConfigOptions, GeneratedConfig } from './options.js';
import { rabbitmqConfig } from './rabbitmq.js';

export type { BrokerConfigOptions, ConfigFile, GeneratedConfig } from './options.js';

const makers = { mosquitto: mosquittoConfig, nats: natsConfig, rabbitmq: rabbitmqConfig } as const;
export type BrokerKind = keyof typeof makers;

/** The brokers that `brokerConfig` knows. */
export const brokerKinds = Object.keys(makers) as readonly BrokerKind[];

/** A broker's configuration with TLS and the permissions that the protocol needs, and no more. Throws CONFIG_INVALID. */
export function brokerConfig(kind: BrokerKind, options: BrokerConfigOptions): GeneratedConfig {
  return makers[kind](options);
}
