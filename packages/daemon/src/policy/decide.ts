import { type FilterNode, matches, messageOf, TroupeError } from '@troupe/core';
import { hasName, newMatch } from '@troupe/core/internal';
import type { Decision, Policy, Question, Rule, RuleResult, Step } from './policy.js';

/** Milliseconds that the data functions of one line may take. */
const patience = 5_000;

/** What a policy says: the first line that matches decides, then the default. A line that cannot be judged denies. */
export async function decide(policy: Policy, question: Question, node: FilterNode): Promise<Decision> {
  const { file } = policy;
  const steps: Step[] = [];
  for (const rule of policy.rules) {
    const { line, text } = rule;
    const place = { file, line };
    let finding: RuleResult;
    try {
      finding = await judge(rule, question, node);
    } catch (error) {
      const reason = `${file}:${line}: ${messageOf(error).replaceAll(/\s*\n\s*/g, ' ')}`;
      return { allowed: false, by: 'fault', ...place, reason, steps };
    }
    steps.push({ ...place, text, finding });
    if (finding === 'matches') {
      return { allowed: rule.allow, by: 'policy', ...place, reason: `${file}:${line}: ${text}`, steps };
    }
  }
  const { allow, line } = policy.default;
  const words =
    line === undefined
      ? 'no line matches, and without a policy default the call is denied'
      : `policy default ${allow ? 'allow' : 'deny'}`;
  const reason = line === undefined ? `${file}: ${words}` : `${file}:${line}: ${words}`;
  return { allowed: allow, by: 'policy', file, ...(line === undefined ? {} : { line }), reason, steps };
}

async function judge(rule: Rule, { caller, action }: Question, node: FilterNode): Promise<RuleResult> {
  const match = newMatch();
  if (rule.callers && !rule.callers.some((wanted) => hasName([caller], wanted, match)))
    return 'other callers';
  if (rule.actions && !rule.actions.includes(action)) return 'other actions';
  if (rule.facts && !(await within(matches(rule.facts, node)))) return 'facts do not match';
  if (rule.classes && !(await within(matches(rule.classes, node)))) return 'classes do not match';
  return 'matches';
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new TroupeError('POLICY_INVALID', `its data functions did not finish within ${patience / 1000} s`),
        ),
      patience,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
