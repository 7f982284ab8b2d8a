import { text } from 'node:stream/consumers';
import {
  type Client,
  externalProgram,
  flatfile,
  inventoryFile,
  type NodeSource,
  onlineNodes,
  puppetDb,
} from '@troupe/client';
import { suggestion } from '@troupe/core';
import type { DiscoveryOptions } from '../command-line/options.js';
import { seconds } from '../command-line/values.js';
import { UsageError } from '../failure.js';

/** A discovery method: its options, and how it becomes a source; a method without a source queries the network. */
interface Method {
  readonly meaning: string;
  readonly needs: readonly string[];
  readonly takes: readonly string[];
  /** Whether options that are not listed are passed to the program of the method. */
  readonly isOpen?: true;
  readonly open?: (
    given: Readonly<Record<string, string>>,
    client: Client,
  ) => NodeSource | Promise<NodeSource>;
}

const timeout = (given: Readonly<Record<string, string>>) =>
  given.timeout === undefined ? {} : { timeout: seconds(given.timeout) };

/** The discovery methods, by their names in MCollective and Choria. */
export const discoveryMethods: Readonly<Record<string, Method>> = {
  broadcast: { meaning: 'query all nodes over the network (default)', needs: [], takes: [] },
  presence: {
    meaning: 'nodes that the broker reports as online; they evaluate the rest of the filter',
    needs: [],
    takes: [],
    open: (_, client) => onlineNodes((collective) => client.presence(collective)),
  },
  flatfile: {
    meaning: 'node names from a file: lines, JSON or YAML',
    needs: ['file'],
    takes: [],
    open: ({ file = '' }) => flatfile(file),
  },
  stdin: {
    meaning: 'node names from standard input: lines, JSON or YAML',
    needs: [],
    takes: [],
    open: async () => flatfile({ text: await text(process.stdin), where: 'standard input' }),
  },
  inventory: {
    meaning: "nodes from a file in Choria's inventory format; -I group:NAME selects one of its groups",
    needs: ['file'],
    takes: [],
    open: ({ file = '' }) => inventoryFile(file),
  },
  puppetdb: {
    meaning: 'nodes from PuppetDB, using your certificate; query replaces the PQL query',
    needs: ['url'],
    takes: ['query', 'timeout'],
    open: ({ url = '', query, ...given }) =>
      puppetDb({ url, ...(query === undefined ? {} : { query }), ...timeout(given) }),
  },
  external: {
    meaning:
      "nodes from a program that uses Choria's external discovery protocol; other options are passed to it",
    needs: ['command'],
    takes: ['timeout'],
    isOpen: true,
    open: ({ command = '', timeout: limit, ...options }) =>
      externalProgram({ command, options, ...timeout(limit === undefined ? {} : { timeout: limit }) }),
  },
};

const aliases: Readonly<Record<string, string>> = { mc: 'broadcast', choria: 'puppetdb' };

/** Checks `--dm` and `--do` before mco connects. Throws UsageError. */
export function checkMethod(options: DiscoveryOptions): void {
  methodOf(options);
}

/** Whether nodes come from a source, so that the network is not queried for them. Throws UsageError. */
export function hasSource(options: DiscoveryOptions): boolean {
  return methodOf(options).method.open !== undefined;
}

/** The source of nodes that the options name; undefined if the network is queried. Throws UsageError. */
export async function sourceOf(options: DiscoveryOptions, client: Client): Promise<NodeSource | undefined> {
  const { method, given } = methodOf(options);
  return method.open?.(given, client);
}

function methodOf(options: DiscoveryOptions) {
  const named = options.discoveryMethod ?? options.discMethod ?? 'broadcast';
  const name = aliases[named] ?? named;
  const method = Object.hasOwn(discoveryMethods, name) ? discoveryMethods[name] : undefined;
  if (!method) {
    const names = Object.keys(discoveryMethods);
    throw new UsageError(
      `--dm: unknown discovery method "${named}"${suggestion(named, names)}; known methods: ${names.join(', ')}`,
    );
  }
  const words = [...(options.discoveryOption ?? []), ...(options.discOption ?? [])];
  const given = givenOf(words, name, method);
  const lacking = method.needs.find((key) => given[key] === undefined);
  if (lacking !== undefined) throw new UsageError(`--dm ${name} requires --do ${lacking}=VALUE`);
  return { method, given };
}

function givenOf(words: readonly string[], name: string, { needs, takes, isOpen }: Method) {
  const known = [...needs, ...takes];
  const [first] = needs;
  const pairs = words.map((word): [string, string] => {
    const at = word.indexOf('=');
    // MCollective's flatfile takes the bare name of its file.
    if (at < 1 && first !== undefined) return [first, word];
    const key = at < 1 ? word : word.slice(0, at);
    if (at >= 1 && (isOpen || known.includes(key))) return [key, word.slice(at + 1)];
    const list = known.length === 0 ? 'it has no options' : `its options: ${known.join(', ')}`;
    throw new UsageError(`--do: "${key}" is not an option of --dm ${name}${suggestion(key, known)}; ${list}`);
  });
  return Object.fromEntries(pairs);
}
