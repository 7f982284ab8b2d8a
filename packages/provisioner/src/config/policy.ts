import { type ConfigOf, compilePattern, type Filter, optionalSection, section } from '@troupe/core';
import { readFilter } from './expression.js';

const text = { type: 'string', minLength: 1 } as const;
const names = { type: ['array', 'null'], items: text, default: [] } as const;
const timeout = {
  type: 'number',
  exclusiveMinimum: 0,
  maximum: 300,
  default: 5,
  description: 'Seconds to wait for its answer.',
} as const;

/** The JSON Schema of the `policy` section. */
export const policySchema = section({
  allow: {
    ...names,
    description: 'Names that may be provisioned, exact or `/regular expression/`; all if there are none.',
  },
  deny: { ...names, description: 'Names that may not; it comes first.' },
  facts: {
    ...text,
    description: 'A compound filter of facts, as for `mco -S`, that must be true of the node.',
  },
  webhook: {
    ...optionalSection(
      {
        url: { type: 'string', pattern: '^https?://', description: 'Its URL.' },
        timeout,
        secret_file: {
          ...text,
          description: 'A file with the secret that signs each question (HMAC-SHA-256).',
        },
      },
      'url',
    ),
    description: 'A web service that is asked whether a node may be provisioned.',
  },
  agent: {
    ...optionalSection(
      {
        agent: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$', description: 'Its agent.' },
        action: { type: 'string', pattern: '^[a-z][a-z0-9_]*$', description: 'Its name.' },
        timeout,
      },
      'agent',
      'action',
    ),
    description: "An action of the site's own that is asked whether a node may be provisioned.",
  },
  certificates: section({
    good: {
      enum: ['keep', 'renew', 'refuse'],
      default: 'keep',
      description: "What is done with a certificate that the chosen master's CA stands by.",
    },
    stale: {
      enum: ['replace', 'refuse'],
      default: 'replace',
      description:
        "With one that is of no use: expired, revoked, of another key, or that a master's CA does not stand by.",
    },
    foreign: {
      enum: ['replace', 'refuse'],
      default: 'refuse',
      description: 'With one whose issuer is the CA of no master that is known.',
    },
  }),
});

type RawPolicy = ConfigOf<typeof policySchema>;

/** What is done with a node that has a certificate already. */
export type CertificatePolicy = RawPolicy['certificates'];

/** A web service that is asked whether a node may be provisioned. */
export type PolicyWebhook = NonNullable<RawPolicy['webhook']>;

/** An action of the site's own that is asked whether a node may be provisioned. */
export type PolicyAgent = NonNullable<RawPolicy['agent']>;

/** Who may be provisioned. */
export interface PolicyConfig {
  /** Whether a name may be; says which key of the configuration forbids it. */
  readonly nameFault: (identity: string) => string | undefined;
  readonly facts?: { readonly text: string; readonly filter: Filter };
  readonly webhook?: PolicyWebhook;
  readonly agent?: PolicyAgent;
  readonly certificates: CertificatePolicy;
}

/** Reads the `policy` section. Throws CONFIG_INVALID. */
export function readPolicy(raw: RawPolicy, where: string): PolicyConfig {
  const allow = (raw.allow ?? []).map((pattern) => compilePattern(pattern, `${where}: policy.allow`));
  const deny = (raw.deny ?? []).map((pattern) => compilePattern(pattern, `${where}: policy.deny`));
  return {
    nameFault: (identity) => {
      if (deny.some((pattern) => pattern.test(identity))) return 'policy.deny names it';
      const isAllowed = allow.length === 0 || allow.some((pattern) => pattern.test(identity));
      return isAllowed ? undefined : 'policy.allow does not name it';
    },
    ...(raw.facts === undefined
      ? {}
      : { facts: { text: raw.facts, filter: readFilter(raw.facts, `${where}: policy.facts`) } }),
    ...(raw.webhook ? { webhook: raw.webhook } : {}),
    ...(raw.agent ? { agent: raw.agent } : {}),
    certificates: raw.certificates,
  };
}
