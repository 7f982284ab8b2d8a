export { commandsOf, type ExternalAgentOptions, externalAgent } from './external/index.js';
export { importAgent } from './import.js';
export { type Trial, type TrialOptions, type TrialResult, tryAgent } from './trial.js';
