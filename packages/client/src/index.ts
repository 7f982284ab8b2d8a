export { Call } from './call.js';
export type { AttachOptions, CallOptions } from './call-options.js';
export { type AgentClient, Client, type ConnectOptions, connect } from './client.js';
export { compiledDdl } from './compiled.js';
export {
  type ClientConfig,
  clientSchema,
  configPlaces,
  findClientConfig,
  loadClientConfig,
  localCaller,
} from './config.js';
export { bundledDdls, ddlCache, localDdl, localDdls, resolveDdl } from './ddls.js';
export type { Discovery, DiscoveryOptions } from './discovery/discovery.js';
export type { PresenceListener, PresenceView } from './presence.js';
export {
  type ProgressPiece,
  type Result,
  type State,
  type Stats,
  silentStates,
  states,
  statsOf,
} from './result.js';
export { batchSize, limited, pick, type Share } from './share.js';
