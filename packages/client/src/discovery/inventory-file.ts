import {
  checkFilter,
  emptyFilter,
  type Filter,
  messageOf,
  parseFilter,
  suggestion,
  TroupeError,
} from '@troupe/core';
import { parseExactJson, parseExactYaml } from '@troupe/core/internal';
import { matching, withoutData } from './known-nodes.js';
import { identityAt, type ListText, textOf } from './list-text.js';
import type { KnownNode, NodeSource } from './node-source.js';

/** What an inventory file says: nodes with what is known of them, and named filters. */
export interface Inventory {
  readonly nodes: readonly KnownNode[];
  readonly groups: ReadonlyMap<string, Filter>;
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
    const group = inventory.groups.get(name);
    if (!group) {
      const hint = suggestion(name, inventory.groups.keys());
      throw new TroupeError('DISCOVERY_FAILED', `${where} has no group "${name}"${hint}`);
    }
    for (const node of await matching(nodes, group)) found.add(node);
  }
  return nodes.filter((node) => found.has(node));
}

/** Reads an inventory from its text; `where` names it in errors. Throws DISCOVERY_FAILED. */
export function parseInventory(text: string, where: string): Inventory {
  let document: unknown;
  try {
    document = /^\s*\{/.test(text) ? parseExactJson(text) : parseExactYaml(text);
  } catch (cause) {
    throw fault(where, `is neither JSON nor YAML: ${messageOf(cause).split('\n')[0]}`, cause);
  }
  const inventory = objectOf(document, where);
  const groups = listOf(inventory.groups, `${where}: groups`).map((group, index) =>
    groupEntry(group, `${where}: groups[${index}]`),
  );
  return {
    nodes: listOf(inventory.nodes, `${where}: nodes`).map((node, index) =>
      nodeEntry(node, `${where}: nodes[${index}]`),
    ),
    groups: new Map(groups),
  };
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

function groupEntry(value: unknown, place: string): [string, Filter] {
  const { name, filter } = objectOf(value, place);
  if (typeof name !== 'string' || name === '') throw fault(place, 'has no name');
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
    return [name, checkFilter(group)];
  } catch (cause) {
    throw fault(`${place} (${name})`, `has a filter that cannot be used: ${messageOf(cause)}`, cause);
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
