export { freePort } from './free-port.js';
export { DirectoryHost, type DirectoryHostOptions } from './hosts/directory-host.js';
export type { CommandOptions, CommandResult, ExecOptions, Host, HostOptions } from './hosts/host.js';
export { NamespaceHost, type NamespaceHostOptions } from './hosts/namespace-host.js';
export { namespacesMissing } from './hosts/namespaces-missing.js';
export { Network } from './hosts/network.js';
export { createTestPki, type IssuedCertificate, type IssueOptions, type TestPki } from './network-pki.js';
export {
  type LineTest,
  type ProcessExit,
  type ProcessOptions,
  RunningProcess,
  startProcess,
} from './process.js';
export { aotJar, defaultCacheFolder } from './puppet/aot-jar.js';
export type { PuppetCode } from './puppet/environments.js';
export { puppetAgentMissing, puppetServerMissing } from './puppet/installation.js';
export { PuppetServer, type PuppetServerOptions } from './puppet/puppet-server.js';
export type { ServerPaths } from './puppet/server-paths.js';
export { skip, skipReasonOf } from './skip.js';
export { createTempFolder, type TempFolder } from './temp-folder.js';
export { type WaitOptions, waitFor } from './wait-for.js';
