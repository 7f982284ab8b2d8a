export {
  commandLine,
  familyOf,
  hasProcess,
  identify,
  isAlive,
  isOtherBoot,
  type Member,
  type ProcessIdentity,
  signalGroup,
  signalProcess,
} from './process/identity.js';
