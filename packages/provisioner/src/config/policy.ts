import { compilePattern, type Filter, section } from '@troupe/core';
import { readFilter } from './expression.js';
import { optional } from './optional.js';

/** What is done with a node that has a certificate already. */
export interface CertificatePolicy {
  /** One that the chosen master's CA stands by. */
  readonly good: 'keep' | 'renew' | 'refuse';
  /** One that is of no use: expired, revoked, of another key, or that a master's CA does not stand by. */
  readonly stale: 'replace' | 'refuse';
  /** One whose issuer is the CA of no master that is known. */
  readonly foreign: 'replace' | 'refuse';
}

/** A web service that is asked whether a node may be provisioned. */
export interface PolicyWebhook {
  readonly url: string;
  /** Seconds. */
  readonly timeout: number;
  /** A file with the secret that signs each question (HMAC-SHA-256). */
  readonly secret_file?: string;
}

/** An action of the site's own that is asked whether a node may be provisioned. */
export interface PolicyAgent {
  readonly agent: string;
  readonly action: string;
  /** Seconds. */
  readonly timeout: number;
}

/** Who may be provisioned. */
export interface PolicyConfig {
  /** Whether a name may be; says which key of the configuration forbids it. */
  readonly nameFault: (identity: string) => string | undefined;
  readonly facts?: { readonly text: string; readonly filter: Filter };
  readonly webhook?: PolicyWebhook;
  readonly agent?: PolicyAgent;
  readonly certificates: CertificatePolicy;
}

export interface RawPolicy {
  readonly allow: readonly string[] | null;
  readonly deny: readonly string[] | null;
  readonly facts?: string;
  readonly webhook?: PolicyWebhook;
  readonly agent?: PolicyAgent;
  readonly certificates: CertificatePolicy;
}

const text = { type: 'string', minLength: 1 };
const names = { type: ['array', 'null'], items: text, default: [] };
const timeout = { type: 'number', exclusiveMinimum: 0, maximum: 300, default: 5 };

/** The JSON Schema of the `policy` section. */
export const policySchema = section({
  allow: names,
  deny: names,
  facts: text,
  webhook: optional(
    section({ url: { type: 'string', pattern: '^https?://' }, timeout, secret_file: text }, ['url']),
  ),
  agent: optional(
    section(
      {
        agent: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' },
        action: { type: 'string', pattern: '^[a-z][a-z0-9_]*$' },
        timeout,
      },
      ['agent', 'action'],
    ),
  ),
  certificates: section({
    good: { enum: ['keep', 'renew', 'refuse'], default: 'keep' },
    stale: { enum: ['replace', 'refuse'], default: 'replace' },
    foreign: { enum: ['replace', 'refuse'], default: 'refuse' },
  }),
});

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
