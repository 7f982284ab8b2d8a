export { backoffSeconds } from './backoff.js';
export { type Candidate, type Choice, chooseMaster } from './choice.js';
export {
  clientConfigOf,
  loadProvisionerConfig,
  type ProvisionerConfig,
  parseProvisionerConfig,
  type Role,
  type StepSettings,
} from './config/config.js';
export type { Hook } from './config/hooks.js';
export { type StepName, stepNames } from './config/step-names.js';
export { eventLog } from './event-log.js';
export { wordsOf } from './event-words.js';
export type { EventListener, ProvisionEvent } from './events.js';
export { type FailureKind, StepFailure } from './failure.js';
export type { Master } from './masters.js';
export { type Peers, peersOf } from './peers.js';
export { type Provisioner, type ProvisionerOptions, startProvisioner } from './provisioner.js';
export type { NodeReport, StepReport } from './report.js';
export type { NodeInHand } from './roster.js';
export { type Simulation, simulate } from './simulation.js';
