import { type ConfigOf, compilePattern, type Filter, optionalSection, section } from '@troupe/core';
import { readFilter } from './expression.js';

const text = { type: 'string', minLength: 1 } as const;
const names = { type: ['array', 'null'], items: text, default: [] } as const;
const timeout = {
  type: 'number',
  exclusiveMinimum: 0,
  maximum: 300,
  format: 'seconds',
  default: 5,
  description: 'Seconds to wait for the reply.',
} as const;

/** The JSON Schema of the `policy` section. */
export const policySchema = section({
  allow: {
    ...names,
    description: 'Names that may be provisioned: exact names or `/regular expressions/`; default: all.',
  },
  deny: { ...names, description: 'Names that may not be provisioned; overrides `allow`.' },
  facts: {
    ...text,
    description: 'A compound filter of facts, as for `mco -S`, that nodes must match.',
  },
  webhook: {
    ...optionalSection(
      {
        url: { type: 'string', pattern: '^https?://', description: 'URL of the web service.' },
        timeout,
        secret_file: {
          ...text,
          description: 'A file with the secret that signs each request (HMAC-SHA-256).',
        },
      },
      'url',
    ),
    description: 'A web service that decides whether a node may be provisioned.',
  },
  agent: {
    ...optionalSection(
      {
        agent: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$', description: 'Name of the agent.' },
        action: { type: 'string', pattern: '^[a-z][a-z0-9_]*$', description: 'Name of the action.' },
        timeout,
      },
      'agent',
      'action',
    ),
    description: 'An action of a custom agent that decides whether a node may be provisioned.',
  },
  replace_after: {
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 604_800,
    format: 'seconds',
    default: 600,
    description:
      'Seconds without a reply of any host with a name before its certificate may go to another machine ([enrolment](../enrolment.md)).',
  },
  certificates: section({
    good: {
      enum: ['keep', 'renew', 'refuse'],
      default: 'keep',
      description: 'What to do with a certificate that the CA of the chosen master confirms as valid.',
    },
    stale: {
      enum: ['replace', 'refuse'],
      default: 'replace',
      description:
        "What to do with an unusable certificate: expired, revoked, for another key, or not confirmed by its master's CA.",
    },
    foreign: {
      enum: ['replace', 'refuse'],
      default: 'refuse',
      description: 'What to do with a certificate whose issuer is not the CA of any known master.',
    },
  }),
});

type RawPolicy = ConfigOf<typeof policySchema>;

/** What to do with a node that already has a certificate. */
export type CertificatePolicy = RawPolicy['certificates'];

/** A web service that decides whether a node may be provisioned. */
export type PolicyWebhook = NonNullable<RawPolicy['webhook']>;

/** An action of a custom agent that decides whether a node may be provisioned. */
export type PolicyAgent = NonNullable<RawPolicy['agent']>;

/** Which nodes may be provisioned. */
export interface PolicyConfig {
  /** Why a name may not be provisioned: the key of the configuration that forbids it. */
  readonly nameFault: (identity: string) => string | undefined;
  readonly facts?: { readonly text: string; readonly filter: Filter };
  readonly webhook?: PolicyWebhook;
  readonly agent?: PolicyAgent;
  readonly certificates: CertificatePolicy;
  /** Seconds without a reply of any host with a name before its certificate may go to another machine. */
  readonly replaceAfterSeconds: number;
}

/** Reads the `policy` section. Throws CONFIG_INVALID. */
export function readPolicy(raw: RawPolicy, where: string): PolicyConfig {
  const allow = (raw.allow ?? []).map((pattern) => compilePattern(pattern, `${where}: policy.allow`));
  const deny = (raw.deny ?? []).map((pattern) => compilePattern(pattern, `${where}: policy.deny`));
  return {
    nameFault: (identity) => {
      if (deny.some((pattern) => pattern.test(identity))) return 'policy.deny matches its name';
      const isAllowed = allow.length === 0 || allow.some((pattern) => pattern.test(identity));
      return isAllowed ? undefined : 'policy.allow does not match its name';
    },
    ...(raw.facts === undefined
      ? {}
      : { facts: { text: raw.facts, filter: readFilter(raw.facts, `${where}: policy.facts`) } }),
    ...(raw.webhook ? { webhook: raw.webhook } : {}),
    ...(raw.agent ? { agent: raw.agent } : {}),
    certificates: raw.certificates,
    replaceAfterSeconds: raw.replace_after,
  };
}
