// For the packages of Troupe itself: nothing here is promised to anybody else.

export { BoundedMap, type Bounds } from './bounded-map.js';
export { configFileOf } from './config/config-file.js';
export { nestsDeeper, opensTooMuch } from './config/depth.js';
export { ddlTypes } from './ddl/ddl-types.js';
export { anchors } from './ddl/input-schema.js';
export { ddlSchemas } from './ddl/schema.js';
export { isValidatorName } from './ddl/validator.js';
export { isHash, kindOf } from './ddl/value.js';
export {
  type AnyCode,
  codeOf,
  diskFaultOf,
  failureText,
  type ProgramCode,
  reasonOf,
  systemReasonOf,
  withCode,
} from './errors.js';
export { parseExactJson, parseExactYaml } from './exact-numbers.js';
export { hasName } from './filter/evaluation.js';
export { readFactPath, readFactPaths, writeFactPaths } from './filter/fact-path.js';
export { isDataName } from './filter/index.js';
export { listHint } from './filter/list-hint.js';
export { compileFilterPattern, newMatch } from './filter/pattern.js';
export { compileRegex } from './filter/regex.js';
export { splitWords } from './filter/words.js';
export { LineCutter } from './lines.js';
export { isText, outputOf } from './log/format.js';
export { LogFile, reopenSignals } from './log/log-file.js';
export { createSwitchedLogger, type SwitchedLogger } from './log/logger.js';
export { textStream } from './log/text.js';
export { maxMessageBytes } from './message/envelope.js';
export { type Announcement, announce, offlineWill, type PresenceRecord } from './message/presence.js';
export { encodeRefusals, mostRefused, parseRefusals, type RefusedClient } from './message/refusals.js';
export { type MetricsConfig, openMetrics } from './metrics/open.js';
export { certificateNameFault } from './names.js';
export { type Pause, PauseFile, unknownCaller, wordsOfPause } from './pause-file.js';
export { RateLimit } from './rate-limit.js';
export { RewrittenFile, type RewrittenFileOptions } from './rewritten-file.js';
export { sealLine, unseal, type Values } from './sealed-line.js';
export { endEnrolment, loadEnrolment, loadToken } from './security/enrolment.js';
export { fileFaults } from './security/file-faults.js';
export { parseJson } from './security/json.js';
export { decryptJwe, kidOfJwe } from './security/jwe.js';
export { envelopeType, signJws } from './security/jws.js';
export { createNewcomerAccount, readNewcomerAccount } from './security/newcomer-account.js';
export { readSecret } from './security/own.js';
export { checkPurpose } from './security/path-constraints.js';
export {
  type EndingFiles,
  type Validity,
  type ValidityState,
  validitiesOf,
  validitiesOfLists,
  validityOfCertificate,
  validityState,
  warnOfEnds,
  warnOfEndsDaily,
} from './security/validity.js';
export { hasShare, Shares, type Taken } from './share.js';
export { withoutByteOrderMark } from './text/byte-order-mark.js';
export {
  type CompletedOption,
  type CompletedProgram,
  type CompletedShell,
  completedShells,
  completionOf,
  completionScript,
} from './text/completion-script.js';
export { cut } from './text/cut.js';
export { readDuration } from './text/duration.js';
export { naturalOrder } from './text/natural-order.js';
export { oneLine } from './text/one-line.js';
export { optionAsValue } from './text/option-as-value.js';
export { printable, printableJson } from './text/printable.js';
export { rowLines } from './text/rows.js';
export { usageFailure, usageFault } from './text/usage-fault.js';
export { wrap } from './text/wrap.js';
export { connectWithin } from './transport/connect-within.js';
export type { Link } from './transport/transport.js';
export { withoutKeyTags } from './yaml.js';
