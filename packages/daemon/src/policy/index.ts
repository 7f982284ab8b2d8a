export { decide as decidePolicy } from './decide.js';
export { parseGroups } from './groups.js';
export { type PolicyContext, parsePolicy } from './parse.js';
export type { Decision, Groups, Policy, Question, Rule, RuleResult, Step } from './policy.js';
export { type PolicyNames, type PolicyOptions, PolicyStore, readPolicy } from './store.js';
