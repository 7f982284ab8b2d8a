// For the packages of Troupe itself: nothing here is promised to anybody else.
export { nestsDeeper, opensTooMuch } from './config/depth.js';
export { ddlTypes } from './ddl/ddl-types.js';
export { anchors } from './ddl/input-schema.js';
export { ddlSchemas } from './ddl/schema.js';
export { isValidatorName } from './ddl/validator.js';
export { isHash, kindOf } from './ddl/value.js';
export { hasName } from './filter/evaluation.js';
export { isDataName } from './filter/index.js';
export { compileFilterPattern, newMatch } from './filter/pattern.js';
export { compileRegex } from './filter/regex.js';
export { LineCutter } from './lines.js';
export { createSwitchedLogger } from './log.js';
export { maxMessageBytes } from './message/envelope.js';
export { announce, offlineWill } from './message/presence.js';
export { parseJson } from './security/json.js';
export { envelopeType, signJws } from './security/jws.js';
export { loadToken } from './security/modes.js';
export type { Link } from './transport/transport.js';
