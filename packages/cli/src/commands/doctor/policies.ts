import type { Client, Result } from '@troupe/client';
import { naturalOrder } from '@troupe/core/internal';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { nameList, namesBy } from '../../output/naming.js';
import { plainLine } from '../../output/plain.js';
import { about, type Finding } from './finding.js';

/** What a daemon says about its policies. */
export interface NodePolicies {
  readonly sender: string;
  /** `security.mode`. */
  readonly mode: unknown;
  /** The section `authorization`; versions that are open by default always state `without_policy`. */
  readonly authorization: { readonly policies?: unknown; readonly without_policy?: unknown };
  /** Whether it has agents other than rpcutil and discovery. */
  readonly hasAgents: boolean;
  /** Whether its folder has a default policy; undefined if that is not known. */
  readonly hasDefault?: boolean | undefined;
}

/** The longest path that a data plugin can be asked for. */
const longestPath = 200;

/**
 * Lists the nodes that refuse calls for want of a policy, or will after an upgrade. It needs only what daemons of all
 * versions have, rpcutil with the data plugin fstat.
 */
export async function policyFindings(
  client: Client,
  collective: string,
  inventories: readonly Result<unknown>[],
): Promise<readonly Finding[]> {
  const agent = client.agent(rpcutil);
  const answered = inventories.filter(({ ok }) => ok);
  const where = { targets: answered.map(({ sender }) => sender), collective };
  if (where.targets.length === 0) return [];
  const [modes, sections] = await Promise.all([
    agent.get_config_item({ item: 'security.mode' }, where).all(),
    agent.get_config_item({ item: 'authorization' }, where).all(),
  ]);
  const nodes = answered.flatMap(({ sender, data }): NodePolicies[] => {
    const valueFrom = (results: typeof modes) =>
      results.find((result) => result.ok && result.sender === sender)?.data.value;
    const [mode, section] = [valueFrom(modes), valueFrom(sections)];
    if (mode === undefined || typeof section !== 'object' || section === null) return [];
    return [{ sender, mode, authorization: section, hasAgents: hasAgents(data) }];
  });
  const unknown = where.targets.filter((name) => !nodes.some(({ sender }) => sender === name));
  return [
    ...findingsAbout(await withDefaults(client, collective, nodes)),
    ...(unknown.length === 0
      ? []
      : [about('policies').warn(`cannot check the policies of ${nameList(unknown, false)}`)]),
  ];
}

/** What is wrong with the policies of nodes; nodes with an enrolment token, and demos without security, need none. */
export function findingsAbout(nodes: readonly NodePolicies[]): readonly Finding[] {
  const report = about('policies');
  const sorted = nodes.toSorted((one, other) => naturalOrder(one.sender, other.sender));
  const found = sorted.flatMap((node) => {
    const words = faultOf(node);
    return words === undefined ? [] : [{ sender: node.sender, words }];
  });
  return [...namesBy(found, ({ words }) => words)].map(([words, names]) =>
    report.warn(`${nameList(names, false)}: ${words}`),
  );
}

function faultOf({ mode, authorization, hasAgents, hasDefault }: NodePolicies): string | undefined {
  if (mode !== 'x509') return undefined;
  const { policies, without_policy: without } = authorization;
  if (typeof policies === 'string')
    return hasDefault === false
      ? `${plainLine(policies)} has no default.policy: current versions of mcod refuse all calls to agents that have no policy there, rpcutil included; run "mco policy init" on the node`
      : undefined;
  if (!hasAgents) return undefined;
  if (without === 'allow')
    return 'no policy, so every caller may call every agent. Before an upgrade, write one with "mco policy init": current versions of mcod refuse all agents except rpcutil and discovery, unless mcod.yaml sets authorization.without_policy: allow';
  return 'no policy, so all agents except rpcutil and discovery refuse all calls: write one with "mco policy init", and set authorization.policies in mcod.yaml';
}

function hasAgents(inventory: unknown): boolean {
  const { agents } = inventory as { readonly agents?: unknown };
  return (
    !Array.isArray(agents) ||
    agents.some((one: { readonly agent?: unknown }) => one.agent !== 'rpcutil' && one.agent !== 'discovery')
  );
}

async function withDefaults(
  client: Client,
  collective: string,
  nodes: readonly NodePolicies[],
): Promise<readonly NodePolicies[]> {
  const wanted = nodes.flatMap(({ sender, authorization: { policies } }) => {
    const path = `${policies}/default.policy`;
    return typeof policies === 'string' && path.startsWith('/') && path.length <= longestPath
      ? [{ sender, path }]
      : [];
  });
  const results = await Promise.all(
    [...namesBy(wanted, ({ path }) => path)].map(([query, targets]) =>
      client.agent(rpcutil).get_data({ source: 'fstat', query }, { targets, collective }).all(),
    ),
  );
  const present = new Map(
    results.flat().flatMap(({ sender, ok, data }) => {
      const { present: is } = data as { readonly present?: unknown };
      return ok && typeof is === 'number' ? [[sender, is === 1] as const] : [];
    }),
  );
  return nodes.map((node) => ({ ...node, hasDefault: present.get(node.sender) }));
}
