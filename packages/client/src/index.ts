export type { RefusedClient } from '@troupe/core';
export { Call } from './call/call.js';
export type { AttachOptions, CallOptions, ListenOptions, SendOptions } from './call/call-options.js';
export type { AcceptDdl, OtherDdl } from './call/ddl-variants.js';
export {
  type ProgressPiece,
  type Result,
  type State,
  type Stats,
  silentStates,
  stateOf,
  states,
  statsOf,
} from './call/result.js';
export type { Sent } from './call/send.js';
export { type AgentClient, Client } from './client.js';
export {
  type ClientConfig,
  clientConfigFile,
  clientSchema,
  configPlaces,
  findClientConfig,
  loadClientConfig,
  localCaller,
} from './config.js';
export { type ConnectOptions, connect } from './connect.js';
export type { Event } from './connection/event-channel.js';
export type { NodeProof } from './connection/node-proofs.js';
export type { RejectedReply } from './connection/rejected-replies.js';
export { bundledDdls } from './ddl/bundled-ddls.js';
export { compiledDdl } from './ddl/compiled-ddl.js';
export { type DataVerdict, dataDdlFiles, judgeData } from './ddl/data-ddls.js';
export { ddlCache, ddlCacheOf } from './ddl/ddl-cache.js';
export { originOf } from './ddl/ddl-origin.js';
export { type DdlPlaces, localDdl, localDdls, refreshDdl, resolveDdl } from './ddl/ddls.js';
export { ddlOfNode } from './ddl/node-ddl.js';
export type { Discovery, DiscoveryOptions, EarlierNodes } from './discovery/discovery.js';
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
export { batchSize, limited, pick, type Share } from './discovery/share.js';
export { isUnfiltered } from './discovery/who-answers.js';
export type { NodeChange } from './presence/node-changes.js';
export type { PresenceListener, PresenceView } from './presence/presence-view.js';
