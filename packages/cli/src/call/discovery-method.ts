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

/** One way to find nodes: what it needs to be told, and how it becomes a source; none asks the network. */
interface Method {
  readonly meaning: string;
  readonly needs: readonly string[];
  readonly takes: readonly string[];
  /** Whether options that are not listed go on to somebody else. */
  readonly isOpen?: true;
  readonly open?: (
    given: Readonly<Record<string, string>>,
    client: Client,
  ) => NodeSource | Promise<NodeSource>;
}

const timeout = (given: Readonly<Record<string, string>>) =>
  given.timeout === undefined ? {} : { timeout: seconds(given.timeout) };

/** The ways to find nodes, by the names that MCollective and Choria give them. */
export const discoveryMethods: Readonly<Record<string, Method>> = {
  broadcast: { meaning: 'asks all nodes; the default', needs: [], takes: [] },
  presence: {
    meaning: 'those that the broker knows to be online; they are asked what else the filter says',
    needs: [],
    takes: [],
    open: (_, client) => onlineNodes((collective) => client.presence(collective)),
  },
  flatfile: {
    meaning: 'names in a file: lines, JSON or YAML',
    needs: ['file'],
    takes: [],
    open: ({ file = '' }) => flatfile(file),
  },
  stdin: {
    meaning: 'the same from standard input',
    needs: [],
    takes: [],
    open: async () => flatfile({ text: await text(process.stdin), where: 'standard input' }),
  },
  inventory: {
    meaning: "a file in the format of Choria's inventories; -I group:NAME is one of its groups",
    needs: ['file'],
    takes: [],
    open: ({ file = '' }) => inventoryFile(file),
  },
  puppetdb: {
    meaning: 'PuppetDB, with your certificate; query is a PQL of your own',
    needs: ['url'],
    takes: ['query', 'timeout'],
    open: ({ url = '', query, ...given }) =>
      puppetDb({ url, ...(query === undefined ? {} : { query }), ...timeout(given) }),
  },
  external: {
    meaning: "a program, by Choria's protocol for external discovery; other options are passed to it",
    needs: ['command'],
    takes: ['timeout'],
    isOpen: true,
    open: ({ command = '', timeout: limit, ...options }) =>
      externalProgram({ command, options, ...timeout(limit === undefined ? {} : { timeout: limit }) }),
  },
};

const aliases: Readonly<Record<string, string>> = { mc: 'broadcast', choria: 'puppetdb' };

/** What `--dm` and `--do` ask for, checked before anybody is connected. Throws UsageError. */
export function checkMethod(options: DiscoveryOptions): void {
  methodOf(options);
}

/** Whether nodes come from a source, so that the network is not asked for them. Throws UsageError. */
export function hasSource(options: DiscoveryOptions): boolean {
  return methodOf(options).method.open !== undefined;
}

/** Where the nodes come from, where the options name a source; nothing where the network is asked. Throws UsageError. */
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
      `--dm: there is no method "${named}"${suggestion(named, names)}; there are ${names.join(', ')}`,
    );
  }
  const words = [...(options.discoveryOption ?? []), ...(options.discOption ?? [])];
  const given = givenOf(words, name, method);
  const lacking = method.needs.find((key) => given[key] === undefined);
  if (lacking !== undefined) throw new UsageError(`--dm ${name} needs --do ${lacking}=VALUE`);
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
    const list = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`;
    throw new UsageError(`--do: "${key}" is no option of --dm ${name}${suggestion(key, known)}; ${list}`);
  });
  return Object.fromEntries(pairs);
}
