import type { DaemonConfig } from '../config.js';
import type { Decision } from './policy.js';

/** What decides about an agent that has no policy: refuse it, allow it, or the enrolment token of the machine. */
export type WithoutPolicy = 'refuse' | 'allow' | 'token';

/** Where the policies of a node are, and what decides without one. */
export interface PolicySource {
  /** The folder with `AGENT.policy`, `default.policy` and `groups`; without it there is no policy. */
  readonly folder?: string;
  /** What decides if there is no folder; with a token, also for agents without a policy in the folder. */
  readonly withoutPolicy: WithoutPolicy;
}

/** Agents without effects on the host: they answer even if there are no policies. */
const openAgents: ReadonlySet<string> = new Set(['rpcutil', 'discovery']);

/** What the issuer of an enrolment token may call. */
const tokenAgents: ReadonlySet<string> = new Set(['provision', ...openAgents]);

const writeFirst = 'write a first policy with "mco policy init"';

/** Where the policies of a daemon are, by its configuration. */
export function policyOptionsOf({
  security,
  authorization,
}: Pick<DaemonConfig, 'security' | 'authorization'>): PolicySource {
  const { policies: folder, without_policy: configured } = authorization;
  // Mode none is for a demo on one machine: the configuration is refused with a broker elsewhere.
  const usual = security.mode === 'none' ? 'allow' : 'refuse';
  return {
    ...(folder === undefined ? {} : { folder }),
    withoutPolicy: security.mode === 'token' ? 'token' : (configured ?? usual),
  };
}

/** The decision about an agent if no policy is for it. */
export function decideWithoutPolicy(agent: string, { folder, withoutPolicy }: PolicySource): Decision {
  if (withoutPolicy === 'token') return decideByToken(agent);
  if (agent === 'discovery' || (folder === undefined && openAgents.has(agent)))
    return { allowed: true, by: 'none', reason: `the agent "${agent}" needs no policy`, steps: [] };
  const none = `no policy for the agent "${agent}"`;
  if (folder === undefined && withoutPolicy === 'allow')
    return { allowed: true, by: 'none', reason: `${none}: allowed by default`, steps: [] };
  const remedy =
    folder === undefined
      ? `set authorization.policies in its mcod.yaml, and ${writeFirst}`
      : `write ${agent}.policy or default.policy in ${folder} ("mco policy init" writes a first default.policy)`;
  return { allowed: false, by: 'none', reason: `${none}: denied by default: ${remedy}`, remedy, steps: [] };
}

function decideByToken(agent: string): Decision {
  const allowed = tokenAgents.has(agent);
  const reason = allowed
    ? `the enrolment token allows the callers of its issuer to call ${agent}`
    : `the enrolment token allows only provision and rpcutil, not "${agent}"`;
  return {
    allowed,
    by: 'token',
    reason,
    steps: [],
    ...(allowed ? {} : { remedy: 'a machine with an enrolment token answers only provision and rpcutil' }),
  };
}

/** The warnings about a daemon without policies. */
export function warningsWithout(withoutPolicy: WithoutPolicy): readonly string[] {
  if (withoutPolicy !== 'refuse') return [];
  return [
    `authorization.policies is not set: every agent except rpcutil and discovery refuses all calls: ${writeFirst}`,
  ];
}

/** What is wrong with a folder that has no default policy. */
export function withoutDefault(
  folder: string,
  { isEmpty }: { readonly isEmpty: boolean },
): { readonly errors: readonly string[]; readonly warnings: readonly string[] } {
  if (isEmpty) {
    const empty = `${folder} contains no policy: every call except discovery is refused: ${writeFirst}`;
    return { errors: [empty], warnings: [] };
  }
  const open = `${folder} has no default.policy: agents without a policy, rpcutil included, refuse all calls`;
  return { errors: [], warnings: [open] };
}
