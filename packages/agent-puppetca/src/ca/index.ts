export { BuiltinCa, type BuiltinCaOptions, type ServerNames } from './builtin/builtin-ca.js';
export { type BuiltinServer, startBuiltinServer } from './builtin/builtin-server.js';
export type { Ca, CaInfo, CertificateState, CertificateStatus, Signature } from './ca.js';
export { CaError, type CaErrorCode } from './error.js';
export { GuardedCa, type Place } from './guarded-ca.js';
export { type CaHost, type OpenCa, openCa } from './open-ca.js';
export { CaHttpClient } from './puppetserver/ca-http-client.js';
export { CliCa } from './puppetserver/cli-ca.js';
export { HttpCa } from './puppetserver/http-ca.js';
