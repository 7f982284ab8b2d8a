export { Call, type CallOptions } from './call.js';
export { type AgentClient, Client, type ConnectOptions, connect } from './client.js';
export {
  type ClientConfig,
  clientSchema,
  configPlaces,
  findClientConfig,
  loadClientConfig,
  localCaller,
} from './config.js';
export { ddlFolders, resolveDdl } from './ddls.js';
export type { Discovery, DiscoveryOptions } from './discovery.js';
export type { PresenceListener, PresenceView } from './presence.js';
export { type ProgressPiece, type Result, type State, type Stats, states } from './result.js';
