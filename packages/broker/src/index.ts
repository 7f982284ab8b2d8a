export type { VerifyToken } from './authenticate.js';
export { type Broker, type BrokerOptions, startBroker } from './broker.js';
export {
  type BrokerConfig,
  type BrokerConfigInput,
  brokerSchema,
  checkBrokerConfig,
  type Limits,
  loadBrokerConfig,
  parseBrokerConfig,
  type SecurityConfig,
} from './config.js';
export { mayPublish, maySubscribe, type Party, type Role, type Rules, type Verdict } from './permissions.js';
export { type SpawnedBroker, type SpawnOptions, spawnBroker } from './spawn.js';
export type { BrokerStats } from './stats.js';
export { tokenVerifier } from './tokens.js';
