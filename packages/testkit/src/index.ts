export { freePort } from './free-port.js';
export {
  type LineTest,
  type ProcessExit,
  type ProcessOptions,
  RunningProcess,
  startProcess,
} from './process.js';
export { skip, skipReasonOf } from './skip.js';
export { createTempFolder, type TempFolder } from './temp-folder.js';
export { type WaitOptions, waitFor } from './wait-for.js';
