export { policyOptionsOf } from './access.js';
export { decide as decidePolicy } from './decide.js';
export { writeFirstPolicy } from './first.js';
export { callerName, parseGroups } from './groups.js';
export { type PolicyContext, parsePolicy } from './parse.js';
export type { Decision, Groups, Policy, Question, Rule, RuleResult, Step } from './policy.js';
export {
  checkPolicyFile,
  type PolicyNames,
  type PolicyOptions,
  type PolicyProblems,
  PolicyStore,
  readPolicy,
} from './store.js';
