export { type ExternalAgentOptions, externalAgent } from '../agent/external/index.js';
export { type ImportedDdl, importRubyDdl } from '../ddl/import/index.js';
export { ddlTypes, writeDdlTypes } from './ddl-types.js';
export { type AgentLanguage, agentLanguages, type GenerateOptions, generateAgent } from './generate.js';
export { type Trial, type TrialOptions, type TrialResult, tryAgent } from './trial.js';
export { type AgentVerdict, validateAgent } from './validate.js';
