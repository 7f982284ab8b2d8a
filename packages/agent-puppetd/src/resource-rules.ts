import { ActionError, type AgentConfig, Status } from '@troupe/core';

/** Names that are allowed and names that are not; what is denied is denied even if it is allowed. */
interface Lists {
  readonly allow: readonly RegExp[];
  readonly deny: readonly RegExp[];
}

/** Which resources callers may manage one by one; nothing unless configured. */
export interface ResourceRules {
  readonly types: Lists;
  /** By type in lower case; a type without lists allows every name. */
  readonly names: ReadonlyMap<string, Lists>;
  /** By type; a type that is missing allows every property. */
  readonly properties: ReadonlyMap<string, readonly string[]>;
  /** Whether also what is in the host's catalog may be managed, which the next run may change back. */
  readonly managed: boolean;
}

// The other properties of a service are commands.
const harmless: ReadonlyMap<string, readonly string[]> = new Map([['service', ['ensure', 'enable']]]);

/** Reads the part `resource` of the agent's section; `invalid` makes the error for a key. */
export function readResourceRules(
  section: AgentConfig,
  invalid: (key: string, advice: string) => Error,
): ResourceRules {
  const part = hash(section.resource ?? {}, 'resource');
  const known = ['allow', 'deny', 'names', 'properties', 'managed'];
  for (const key of Object.keys(part)) {
    if (!known.includes(key)) throw invalid(`resource.${key}`, `known are ${known.join(', ')}`);
  }
  const { managed = false } = part;
  if (typeof managed !== 'boolean') throw invalid('resource.managed', 'say true or false');
  const perType = (key: 'names' | 'properties') => Object.entries(hash(part[key] ?? {}, `resource.${key}`));
  return {
    types: lists({ allow: part.allow ?? [], deny: part.deny ?? [] }, 'resource', 'i'),
    names: new Map(
      perType('names').map(([type, value]) => {
        const key = `resource.names.${type}`;
        const { allow = ['/.*/'], deny = [] } = hash(value, key);
        return [type.toLowerCase(), lists({ allow, deny }, key, '')];
      }),
    ),
    properties: new Map([
      ...harmless,
      ...perType('properties').map(
        ([type, value]) => [type.toLowerCase(), words(value, `resource.properties.${type}`)] as const,
      ),
    ]),
    managed,
  };

  function hash(value: unknown, key: string): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(key, 'give a map');
    return value as Record<string, unknown>;
  }

  function words(value: unknown, key: string): string[] {
    if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value;
    throw invalid(key, 'give a list of words');
  }

  function lists({ allow, deny }: { allow: unknown; deny: unknown }, key: string, flags: string): Lists {
    const compiled = (value: unknown, name: string) =>
      words(value, `${key}.${name}`).map((text) => pattern(text, `${key}.${name}`, flags));
    return { allow: compiled(allow, 'allow'), deny: compiled(deny, 'deny') };
  }

  function pattern(text: string, key: string, flags: string): RegExp {
    const [, body] = /^\/(.*)\/$/s.exec(text) ?? [];
    try {
      return new RegExp(`^(?:${body ?? text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')})$`, `${flags}s`);
    } catch {
      throw invalid(key, `${text} is no regular expression`);
    }
  }
}

/** Throws an ActionError where the rules do not let callers manage this resource. */
export function checkResource(
  rules: ResourceRules,
  type: string,
  name: string,
  properties: readonly string[],
): void {
  if (!permits(rules.types, type)) {
    throw refusal(`This node does not let resources of type ${type} be managed: see "resource.allow"`);
  }
  const names = rules.names.get(type.toLowerCase());
  if (names && !permits(names, name)) {
    throw refusal(`This node does not let ${type}[${name}] be managed: see "resource.names.${type}"`);
  }
  const allowed = rules.properties.get(type.toLowerCase());
  const refused = properties.filter((property) => allowed && !allowed.includes(property));
  if (refused.length > 0) {
    const what = `${refused.join(', ')} of a ${type}`;
    throw refusal(`This node does not let ${what} be set: see "resource.properties.${type}"`);
  }
}

function permits({ allow, deny }: Lists, text: string): boolean {
  const isIn = (patterns: readonly RegExp[]) => patterns.some((pattern) => pattern.test(text));
  return isIn(allow) && !isIn(deny);
}

function refusal(message: string): ActionError {
  return new ActionError(message, Status.aborted, { data: { changed: false } });
}
