export { Audit, type AuditEntry, type AuditOptions } from './audit/audit.js';
export { type AuditFault, type AuditVerdict, auditFiles, verifyAudit } from './audit/audit-chain.js';
export { type AuditEvent, openAuditEvent, sealAuditEvent } from './audit/audit-event.js';
export { type DaemonConfig, daemonSchema, loadDaemonConfig, parseDaemonConfig } from './config.js';
export { type Daemon, type DaemonOptions, startDaemon } from './daemon.js';
export { parseFactText } from './node/fact-text.js';
export { factsOfHost } from './node/facts.js';
export {
  callerName,
  checkPolicyFile,
  type Decision,
  decidePolicy,
  type PolicyNames,
  type PolicyOptions,
  type PolicyProblems,
  PolicyStore,
  parseGroups,
  parsePolicy,
  policyOptionsOf,
  readPolicy,
  writeFirstPolicy,
} from './policy/index.js';
export { type DaemonStatus, readStatusFile } from './status/status.js';
export { statusFileOf } from './status/status-file.js';
export { findUnsafeFiles, type UnsafeFiles } from './unsafe-files.js';
