import { ActionError, type Agent, defineAgent, lookUpFact, messageOf, Status } from '@troupe/core';
import { readFactPath, readFactPaths } from '@troupe/core/internal';
import ddl from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { lookUpData, type Node } from '../node/node.js';

/** MCollective's built-in agent: what a node is, knows and counts. */
export function rpcutilAgent(node: Node): Agent {
  const collectives = () => ({
    main_collective: node.mainCollective,
    collectives: [...node.config.collectives],
  });
  return defineAgent(ddl, () => ({
    ping: () => ({ pong: Math.floor(Date.now() / 1000) }),
    inventory: () => ({
      agents: [...node.registry.names()],
      facts: { ...node.facts() },
      classes: [...node.classes()],
      version: node.version,
      data_plugins: [...node.data.keys()].sort(),
      ...collectives(),
    }),
    get_fact: ({ fact }) => ({ fact, value: lookUpFact(node.facts(), pathsOf(fact, readFactPath)) ?? null }),
    get_facts: ({ facts }) => {
      const paths = pathsOf(facts, readFactPaths);
      const known = node.facts();
      return { values: Object.fromEntries(paths.map((path) => [path, lookUpFact(known, path) ?? null])) };
    },
    daemon_stats: () => {
      const { user, system } = process.cpuUsage();
      return {
        ...node.stats,
        version1: node.version1.messages,
        agents: [...node.registry.names()],
        pid: process.pid,
        times: { utime: user / 1e6, stime: system / 1e6 },
        threads: [],
        starttime: Math.floor(node.startedAt / 1000),
        configfile: node.configFile,
        version: node.version,
      };
    },
    agent_inventory: () => ({
      agents: node.registry.all().map(({ compiled, hash }) => {
        const { name, description, author, license, version, url, timeout } = compiled.ddl.metadata;
        return { agent: name, name, description, author, license, version, url, timeout, ddl: hash };
      }),
    }),
    get_config_item: ({ item }) => ({ item, value: configItem(node, item) }),
    get_data: async ({ source, query }) => {
      const data = await lookUpData(node, source, query);
      if (!data) {
        const known = [...node.data.keys()].sort().join(', ');
        throw new ActionError(
          `data plugin "${source}" not found: use one of those on this node: ${known}`,
          Status.invalidData,
        );
      }
      return { ...data };
    },
    collective_info: collectives,
  }));
}

function pathsOf<T>(text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (cause) {
    throw new ActionError(messageOf(cause), Status.invalidData, { cause });
  }
}

const secretWord = /pass|secret|token|private|credential|key/i;

function configItem(node: Node, item: string): unknown {
  let value: unknown = node.config;
  for (const key of item.split('.')) {
    const isSection = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    if (!isSection) throw new ActionError(`the configuration has no key "${item}"`, Status.invalidData);
    value = secretWord.test(key) ? '[redacted]' : (value as Record<string, unknown>)[key];
    if (value === '[redacted]') return value;
  }
  return redacted(value);
}

function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, secretWord.test(key) ? '[redacted]' : redacted(inner)]),
  );
}
