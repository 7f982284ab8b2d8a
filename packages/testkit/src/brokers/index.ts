import type { TestBrokerKind } from './broker.js';
import { embedded } from './embedded.js';
import { mosquitto } from './mosquitto.js';
import { nats, natsCluster } from './nats.js';
import { rabbitmq, startRabbitmq } from './rabbitmq.js';

export type { TestBroker, TestBrokerKind, TestBrokerOptions } from './broker.js';
export { type NatsRegions, natsRegionsMissing, startNatsRegions } from './nats-regions.js';

export { startRabbitmq };

/** The brokers that Troupe runs on, as a test starts them. */
export const testBrokers = { embedded, mosquitto, nats, natsCluster, rabbitmq } as const satisfies Record<
  string,
  TestBrokerKind
>;
