export { LockedError, withFileLock } from './file-lock.js';
export { familyOf, type Member } from './process/family.js';
export {
  hasProcess,
  identify,
  isAlive,
  isOtherBoot,
  ownIdentity,
  type ProcessIdentity,
} from './process/identity.js';
export { CapturedOutput, type OutputSink } from './process/output.js';
export { commandLine } from './process/proc.js';
export { NotStartedError, type ProgramEnd, type ProgramOptions, runProgram } from './process/run.js';
export { signalGroup, signalProcess } from './process/signal.js';
