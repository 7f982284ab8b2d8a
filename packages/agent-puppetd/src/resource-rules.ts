import { ActionError, type ConfigOf, Status, section, TroupeError } from '@troupe/core';

const list = { type: 'array', items: { type: 'string' } } as const;

/** The schema of the part `resource` of the agent's section: nothing may be managed unless it says so. */
export const resourceSchema = section({
  allow: {
    ...list,
    default: [],
    description:
      'The types of resources that callers may manage one by one: names, or `/regular expressions/` that match a whole name.',
  },
  deny: {
    ...list,
    default: [],
    description: 'Types that they may not: what is denied is denied even if it is allowed.',
  },
  names: {
    type: 'object',
    additionalProperties: section({
      allow: {
        ...list,
        default: ['/.*/'],
        description: 'The names that a resource of this type may have, likewise.',
      },
      deny: { ...list, default: [], description: 'Names that it may not have.' },
    }),
    default: {},
    description: 'By type, in any case of letters; a type that is not listed allows every name.',
  },
  properties: {
    type: 'object',
    additionalProperties: list,
    default: {},
    description:
      'By type, the properties that may be set; any if the type is not listed, but of a service only `ensure` and `enable`: its other properties are commands.',
  },
  managed: {
    type: 'boolean',
    default: false,
    description:
      'Whether also what Puppet manages on this host may be changed, which the next run may change back.',
  },
});

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
    throw new TroupeError('CONFIG_INVALID', `plugins.puppetd: ${key}: ${text} is not a regular expression`, {
      cause,
    });
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
