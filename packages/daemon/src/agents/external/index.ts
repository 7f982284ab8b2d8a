export { type ExternalAgentOptions, externalAgent } from './external-agent.js';
export { ExternalAgents } from './external-agents.js';
export { commandsOf, type ExternalEntry } from './places.js';
