export {
  type Agent,
  type AgentConfig,
  type AnyHandler,
  type Context,
  defineAgent,
  type Handler,
  type Handlers,
  type Host,
  type Setup,
} from './agent/agent.js';
export type {
  ActionDdl,
  ActionNames,
  ActionOf,
  AggregateDdl,
  DataOf,
  Ddl,
  DdlType,
  InputDdl,
  InputOf,
  Metadata,
  OutputDdl,
  OutputOf,
} from './ddl/ddl.js';
export { ActionError, type ErrorCode, messageOf, Status, type StatusCode, TroupeError } from './errors.js';
export type { Facts } from './filter/filter.js';
export { createLogger, type Logger, type LogLevel, logLevels, silentLogger } from './log.js';
export { isIdentity, isName, type Topic, Topics } from './transport/topics.js';
