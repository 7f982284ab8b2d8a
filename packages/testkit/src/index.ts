export { freePort } from './free-port.js';
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
export type { ServerLayout } from './puppet/server-layout.js';
export { skip, skipReasonOf } from './skip.js';
export { createTempFolder, type TempFolder } from './temp-folder.js';
export { type WaitOptions, waitFor } from './wait-for.js';
