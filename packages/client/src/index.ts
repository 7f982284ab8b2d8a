export { bundledDdls } from './bundled.js';
export { Call } from './call.js';
export type { AttachOptions, CallOptions, ListenOptions, SendOptions } from './call-options.js';
export { type AgentClient, Client } from './client.js';
export { compiledDdl } from './compiled.js';
export {
  type ClientConfig,
  clientSchema,
  configPlaces,
  findClientConfig,
  loadClientConfig,
  localCaller,
} from './config.js';
export { type ConnectOptions, connect } from './connect.js';
export { type DataVerdict, dataDdlFiles, judgeData } from './data-ddls.js';
export { ddlCache } from './ddl-cache.js';
export { ddlOfNode, localDdl, localDdls, refreshDdl, resolveDdl } from './ddls.js';
export type { Discovery, DiscoveryOptions } from './discovery/discovery.js';
export { type ExternalProgramOptions, externalProgram } from './discovery/external-program.js';
export { flatfile, parseNodes } from './discovery/flatfile.js';
export { groupOf, type Inventory, inventoryFile, parseInventory } from './discovery/inventory-file.js';
export type { ListText } from './discovery/list-text.js';
export type {
  KnownNode,
  NodeSource,
  SourceAnswer,
  SourceRequest,
  TlsIdentity,
} from './discovery/node-source.js';
export { onlineNodes } from './discovery/presence-source.js';
export { type PuppetDbOptions, puppetDb } from './discovery/puppetdb.js';
export type { Event } from './events.js';
export type { NodeChange } from './node-changes.js';
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
export type { Sent } from './send.js';
export { batchSize, limited, pick, type Share } from './share.js';
export { isUnfiltered } from './targets.js';
