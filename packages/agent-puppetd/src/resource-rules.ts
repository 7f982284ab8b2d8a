import { ActionError, type ConfigOf, Status, section, TroupeError } from '@troupe/core';

const list = { type: 'array', items: { type: 'string' } } as const;

/** The schema of the part `resource` of the agent's section: by default callers may manage no resources. */
export const resourceSchema = section({
  allow: {
    ...list,
    default: [],
    description:
      'Resource types that callers may manage: names, or `/regular expressions/` that match the whole name.',
  },
  deny: {
    ...list,
    default: [],
    description: 'Resource types that callers may not manage; takes precedence over `allow`.',
  },
  names: {
    type: 'object',
    additionalProperties: section({
      allow: {
        ...list,
        default: ['/.*/'],
        description: 'Titles that resources of this type may have: names or `/regular expressions/`.',
      },
      deny: {
        ...list,
        default: [],
        description: 'Titles that resources of this type may not have; takes precedence over `allow`.',
      },
    }),
    default: {},
    description:
      'Permitted titles by type (case-insensitive). A type that is not listed permits every title.',
  },
  properties: {
    type: 'object',
    additionalProperties: list,
    default: {},
    description:
      'Permitted properties by type. A type that is not listed permits every property, except that `service` permits only `ensure` and `enable`: its other properties are commands.',
  },
  managed: {
    type: 'boolean',
    default: false,
    description:
      "Whether callers may also manage resources that are in this host's Puppet catalog; the next run may change them back.",
  },
});

/** Allowed and denied names; `deny` takes precedence. */
interface Lists {
  readonly allow: readonly RegExp[];
  readonly deny: readonly RegExp[];
}

/** Which resources callers may manage; none by default. */
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

/** Reads the part `resource` of the agent's section. Throws CONFIG_INVALID, naming the key. */
export function readResourceRules(part: ConfigOf<typeof resourceSchema>): ResourceRules {
  return {
    types: lists(part, 'resource', 'i'),
    names: new Map(
      Object.entries(part.names).map(([type, names]) => [
        type.toLowerCase(),
        lists(names, `resource.names.${type}`, ''),
      ]),
    ),
    properties: new Map([
      ...harmless,
      ...Object.entries(part.properties).map(([type, names]) => [type.toLowerCase(), names] as const),
    ]),
    managed: part.managed,
  };
}

function lists(
  { allow, deny }: { readonly allow: readonly string[]; readonly deny: readonly string[] },
  key: string,
  flags: string,
): Lists {
  return {
    allow: allow.map((text) => pattern(text, `${key}.allow`, flags)),
    deny: deny.map((text) => pattern(text, `${key}.deny`, flags)),
  };
}

function pattern(text: string, key: string, flags: string): RegExp {
  const [, body] = /^\/(.*)\/$/s.exec(text) ?? [];
  try {
    return new RegExp(`^(?:${body ?? text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')})$`, `${flags}s`);
  } catch (cause) {
    throw new TroupeError(
      'CONFIG_INVALID',
      `plugins.puppetd: ${key}: ${text} is not a valid regular expression`,
      {
        cause,
      },
    );
  }
}

/** Throws an ActionError if the rules do not permit managing this resource. */
export function checkResource(
  rules: ResourceRules,
  type: string,
  name: string,
  properties: readonly string[],
): void {
  if (!permits(rules.types, type)) {
    throw refusal(
      `This node does not permit managing resources of type ${type}: see plugins.puppetd.resource.allow`,
    );
  }
  const names = rules.names.get(type.toLowerCase());
  if (names && !permits(names, name)) {
    throw refusal(
      `This node does not permit managing ${type}[${name}]: see plugins.puppetd.resource.names.${type}`,
    );
  }
  const allowed = rules.properties.get(type.toLowerCase());
  const refused = properties.filter((property) => allowed && !allowed.includes(property));
  if (refused.length > 0) {
    const what = `${refused.join(', ')} of a ${type}`;
    throw refusal(
      `This node does not permit setting ${what}: see plugins.puppetd.resource.properties.${type}`,
    );
  }
}

function permits({ allow, deny }: Lists, text: string): boolean {
  const isIn = (patterns: readonly RegExp[]) => patterns.some((pattern) => pattern.test(text));
  return isIn(allow) && !isIn(deny);
}

function refusal(message: string): ActionError {
  return new ActionError(message, Status.aborted, { data: { changed: false } });
}
