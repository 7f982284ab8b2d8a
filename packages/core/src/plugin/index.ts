export { type ExternalAgentOptions, externalAgent } from '../agent/external/index.js';
export { type Trial, type TrialOptions, type TrialResult, tryAgent } from './trial.js';
