import {
  checkFilter,
  emptyFilter,
  type Filter,
  messageOf,
  parseFilter,
  suggestion,
  TroupeError,
} from '@troupe/core';
import { parseExactJson, parseExactYaml, withoutByteOrderMark } from '@troupe/core/internal';
import { matching, withoutData } from './known-nodes.js';
import { identityAt, type ListText, textOf } from './list-text.js';
import type { KnownNode, NodeSource } from './node-source.js';

/** What an inventory file says: nodes with what is known of them, and named filters. */
export interface Inventory {
  readonly nodes: readonly KnownNode[];
  readonly groups: ReadonlyMap<string, Filter>;
  /** Why a group cannot be used, by its name: only whoever names it needs to know. */
  readonly unusable: ReadonlyMap<string, TroupeError>;
  /** What was left out: nodes that cannot be read, and groups without a name. */
  readonly warnings: readonly string[];
}

/** What an identity begins with that names a group of an inventory. */
const groupMark = 'group:';

/** The name of the group that an identity of a filter means, or nothing where it means a node. */
export function groupOf(identity: string): string | undefined {
  return identity.startsWith(groupMark) ? identity.slice(groupMark.length) : undefined;
}

/**
 * The nodes of an inventory file in Choria's format, as JSON or YAML. The identity `group:NAME` of a filter means the
 * nodes of a group.
 */
export function inventoryFile(file: string | ListText): NodeSource {
  return {
    name: 'inventory',
    find: async ({ filter, collective }) => {
      const { text, where } = await textOf(file);
      const inventory = parseInventory(text, where);
      const members = inventory.nodes.filter(
        ({ collectives }) => collectives === undefined || collectives.includes(collective),
      );
      const named = await ofIdentities(inventory, members, filter.identities, where);
      const { judged, rest } = withoutData({ ...filter, identities: [], agents: [] });
      const fitting = await matching(named, judged);
      const having = await Promise.all(
        fitting.map(async (node) => {
          // Where a node's agents are not listed, it says for itself whether it has one.
          const byAgents = { ...emptyFilter, agents: filter.agents };
          return node.agents === undefined || (await matching([node], byAgents)).length > 0;
        }),
      );
      return {
        nodes: fitting.filter((_, index) => having[index]),
        rest: { ...rest, agents: filter.agents },
        warnings: inventory.warnings,
      };
    },
  };
}

async function ofIdentities(
  inventory: Inventory,
  nodes: readonly KnownNode[],
  identities: readonly string[],
  where: string,
): Promise<readonly KnownNode[]> {
  if (identities.length === 0) return nodes;
  const plain = identities.filter((identity) => groupOf(identity) === undefined);
  const found = new Set(plain.length > 0 ? await matching(nodes, { ...emptyFilter, identities: plain }) : []);
  for (const identity of identities) {
    const name = groupOf(identity);
    if (name === undefined) continue;
    const fault = inventory.unusable.get(name);
    if (fault) throw fault;
    const group = inventory.groups.get(name);
    if (!group) {
      const hint = suggestion(name, [...inventory.groups.keys(), ...inventory.unusable.keys()]);
      throw new TroupeError('DISCOVERY_FAILED', `${where} has no group "${name}"${hint}`);
    }
    for (const node of await matching(nodes, group)) found.add(node);
  }
  return nodes.filter((node) => found.has(node));
}

/**
 * Reads an inventory from its text; `where` names it in errors. A node or a group that cannot be read does not affect the
 * others. Throws DISCOVERY_FAILED.
 */
export function parseInventory(text: string, where: string): Inventory {
  let document: unknown;
  const json = withoutByteOrderMark(text);
  try {
    document = /^\s*\{/.test(json) ? parseExactJson(json) : parseExactYaml(json);
  } catch (cause) {
    throw fault(where, `is neither JSON nor YAML: ${messageOf(cause).split('\n')[0]}`, cause);
  }
  const inventory = objectOf(document, where);
  const nodes: KnownNode[] = [];
  const groups = new Map<string, Filter>();
  const unusable = new Map<string, TroupeError>();
  const omissions: string[] = [];
  for (const [index, value] of listOf(inventory.groups, `${where}: groups`).entries()) {
    const place = `${where}: groups[${index}]`;
    const name = groupName(value);
    if (name === undefined) omissions.push(`${place} has no name: the group is left out`);
    else
      orFault(
        () => groups.set(name, groupFilter(value, `${place} (${name})`)),
        (fault) => unusable.set(name, fault),
      );
  }
  for (const [index, value] of listOf(inventory.nodes, `${where}: nodes`).entries())
    orFault(
      () => nodes.push(nodeEntry(value, `${where}: nodes[${index}]`)),
      ({ message }) => omissions.push(`${message}: the node is left out`),
    );
  const more = omissions.length - mostWarnings;
  const warnings =
    more > 0
      ? [...omissions.slice(0, mostWarnings), `${where}: ${more} more entries are left out`]
      : omissions;
  return { nodes, groups, unusable, warnings };
}

const mostWarnings = 5;

function orFault(read: () => unknown, failed: (fault: TroupeError) => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof TroupeError)) throw error;
    failed(error);
  }
}

function groupName(value: unknown): string | undefined {
  const { name } = Object(value) as { readonly name?: unknown };
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function nodeEntry(value: unknown, place: string): KnownNode {
  const { name, facts, ...rest } = objectOf(value, place);
  const lists = (['classes', 'agents', 'collectives'] as const).flatMap((key) =>
    rest[key] === undefined || rest[key] === null ? [] : [[key, textsOf(rest[key], `${place}.${key}`)]],
  );
  return {
    identity: identityAt(name, `${place}.name`),
    ...(facts === undefined || facts === null ? {} : { facts: objectOf(facts, `${place}.facts`) }),
    ...Object.fromEntries(lists),
  };
}

const choriaExpression = /\b(?:with|fact|include|semver|any|all|none|one)\s*\(|`|&&|\|\|/;
const choriaHint =
  ' (an expression of Choria: write with("web") && !with("os.family=Debian") as web and not os.family=Debian)';

function groupFilter(value: unknown, place: string): Filter {
  const { filter } = objectOf(value, place);
  const parts = objectOf(filter ?? {}, `${place}.filter`);
  const texts = (key: string) =>
    parts[key] === undefined || parts[key] === null ? [] : textsOf(parts[key], `${place}.filter.${key}`);
  // Choria writes one compound filter as a text; a list of them is taken too.
  const select = typeof parts.compound === 'string' ? [parts.compound] : texts('compound');
  try {
    const group = parseFilter({
      facts: texts('facts'),
      classes: texts('classes'),
      agents: texts('agents'),
      identities: texts('identities'),
      select: select.filter((expression) => expression.trim() !== ''),
    });
    if (withoutData(group).rest.compound.length > 0)
      throw new TroupeError('FILTER_INVALID', 'data functions cannot be used with an inventory file');
    return checkFilter(group);
  } catch (cause) {
    const hint = select.some((expression) => choriaExpression.test(expression)) ? choriaHint : '';
    throw fault(place, `has a filter that cannot be used${hint}: ${messageOf(cause)}`, cause);
  }
}

function objectOf(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw fault(place, 'is not an object');
}

function listOf(value: unknown, place: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw fault(place, 'is not a list');
}

function textsOf(value: unknown, place: string): readonly string[] {
  const texts = listOf(value, place);
  if (texts.every((text) => typeof text === 'string')) return texts;
  throw fault(place, 'is not a list of strings');
}

function fault(place: string, what: string, cause?: unknown): TroupeError {
  return new TroupeError('DISCOVERY_FAILED', `${place} ${what}`, { cause });
}
