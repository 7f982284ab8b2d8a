export {
  type Agent,
  type AgentConfig,
  type AnyHandler,
  type Context,
  type DataLookup,
  type DataResult,
  defineAgent,
  type Handler,
  type Handlers,
  type Host,
  type Setup,
} from './agent/agent.js';
export {
  type BrokerConfigOptions,
  type BrokerKind,
  brokerConfig,
  brokerKinds,
  type ConfigFile,
  type GeneratedConfig,
} from './broker-config/index.js';
export type { ConfigOf, ConfigSchema } from './config/config-schema.js';
export { checkConfig, loadConfig, parseConfig } from './config/load.js';
export {
  type BrokerConfig,
  optionalSection,
  type SecurityConfig,
  section,
  sections,
} from './config/sections.js';
export {
  type ActionDdl,
  type ActionNames,
  type ActionOf,
  type AggregateDdl,
  type AggregateFunction,
  type AggregateReply,
  type AggregateResult,
  aggregate,
  builtInValidators,
  type CallInputOf,
  type CompiledAction,
  type CompiledData,
  type CompiledDdl,
  type CompileOptions,
  canonicalJson,
  compileDataDdl,
  compileDdl,
  type DataDdl,
  type DataOf,
  type Ddl,
  type DdlType,
  dataFaults,
  ddlHash,
  findDdl,
  type InputDdl,
  type InputFault,
  type InputOf,
  lintDdl,
  listDdls,
  type Metadata,
  nearest,
  type OutputDdl,
  type OutputOf,
  parseDataDdl,
  parseDdl,
  suggestion,
  type Validator,
} from './ddl/index.js';
export { ActionError, type ErrorCode, messageOf, Status, type StatusCode, TroupeError } from './errors.js';
export {
  checkFilter,
  type DataOperand,
  dataOperands,
  describe as describeFilter,
  type Expression,
  emptyFilter,
  type FactCondition,
  type Facts,
  type Filter,
  type FilterNode,
  type FilterWords,
  isEmpty as isEmptyFilter,
  isPattern,
  lookUpFact,
  matches,
  namedNodes,
  parseAgent,
  parseClass,
  parseExpression,
  parseFact,
  parseFilter,
  parseIdentity,
  parseWith,
  print as printExpression,
} from './filter/index.js';
export { linesOf, onLine } from './lines.js';
export { type LogFormat, type LogOutput, logFormats } from './log/format.js';
export {
  createLogger,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  lateLogger,
  logLevels,
  silentLogger,
} from './log/logger.js';
export { checkNodeMessage, checkReply, replyOnWire } from './message/check.js';
export { open, seal, sealText } from './message/envelope.js';
export {
  type Accepted,
  type Attach,
  type Cancel,
  type DdlOnNode,
  type NodeMessage,
  type Progress,
  type ProtocolVersion,
  protocolVersion,
  protocolVersions,
  type Reply,
  type ReplyOutcome,
  type Request,
  type ResultReply,
  replyOutcomes,
  type Unreadable,
} from './message/message.js';
export { type Presence, parsePresence } from './message/presence.js';
export type { RefusedClient } from './message/refusals.js';
export { isTraceparent } from './message/traceparent.js';
export { isIdentity, isName } from './names.js';
export { callerTrust } from './security/caller-authority.js';
export {
  type CallerKeyKind,
  type CallerKeys,
  keyKinds,
  makeCallerKeys,
} from './security/keys.js';
export { clientSecurity, loadOwn, nodeSecurity, type Own } from './security/modes.js';
export { compilePattern } from './security/pattern.js';
export {
  isReceipt,
  issueReceipt,
  type ReceiptClaims,
  readReceipt,
  verifyReceipt,
} from './security/receipt.js';
export type { Enrolment, Proof, Security, Signer, Verifier } from './security/security.js';
export type { MessageProtection, Peer, SessionKeys } from './security/session-keys.js';
export { checkTokenFacts, checkTokenName, issueToken, readToken, verifyToken } from './security/token.js';
export type { TokenClaims } from './security/token-claims.js';
export { TokenLedger } from './security/token-ledger.js';
export { listsOf, type Trust, type Trusted, TrustStore } from './security/trust.js';
export { createVerifier } from './security/verifier.js';
export type { Credentials } from './transport/credentials.js';
export { MemoryBroker, MemoryTransport } from './transport/memory.js';
export { connectMqtt, type MqttOptions, openMqtt } from './transport/mqtt.js';
export { type Topic, Topics } from './transport/topics.js';
export type { Listener, PublishOptions, Transport, Will } from './transport/transport.js';
export { isLoopback } from './transport/url.js';
export { version } from './version.js';
export { parseYaml } from './yaml.js';
