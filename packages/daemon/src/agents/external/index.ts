export { type ExternalAgentOptions, externalAgent } from './external-agent.js';
export { ExternalAgents } from './external-agents.js';
export { commandsOf } from './places.js';
