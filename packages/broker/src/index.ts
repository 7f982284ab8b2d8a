export type { VerifyToken } from './authentication/authenticate.js';
export { tokenVerifier } from './authentication/token-verifier.js';
export {
  mayPublish,
  maySubscribe,
  type Party,
  type Permission,
  type Role,
  type Rules,
} from './authorization/permissions.js';
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
export type { BrokerStats } from './mqtt/stats.js';
export { type SpawnedBroker, type SpawnOptions, spawnBroker } from './spawn.js';
