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
export { eventLog } from './events/event-log.js';
export { wordsOf } from './events/event-words.js';
export type { EventListener, ProvisionEvent } from './events/events.js';
export type { NodeReport, StepReport } from './events/node-report.js';
export { type Candidate, type Choice, chooseMaster } from './master/choice.js';
export type { Master } from './master/master.js';
export { NameJournal } from './names/name-journal.js';
export { type FailureKind, StepFailure } from './rpc/failure.js';
export type { Peers } from './rpc/peers.js';
export { peersOf } from './rpc/peers-of.js';
export { type Provisioner, type ProvisionerOptions, startProvisioner } from './worker/provisioner.js';
export type { NodeInHand } from './worker/roster.js';
export { type Simulation, simulate } from './worker/simulation.js';
