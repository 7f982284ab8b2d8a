import { parseYaml, TroupeError } from '@troupe/core';
import { withoutByteOrderMark } from '@troupe/core/internal';
import { silentStates } from '../call/result.js';
import { ofIdentity } from './known-nodes.js';
import { identityAt, type ListText, textOf } from './list-text.js';
import type { NodeSource } from './node-source.js';

/**
 * The nodes of a list: a path, or a text that came from elsewhere, such as standard input. Names in lines with `#`
 * comments, or JSON or YAML of names, of replies as `mco --json` and `--jsonl` print them, or of PuppetDB.
 */
export function flatfile(list: string | ListText): NodeSource {
  return {
    name: 'flatfile',
    find: async ({ filter }) => {
      const { text, where } = await textOf(list);
      const nodes = parseNodes(text, where).map((identity) => ({ identity }));
      if (nodes.length === 0) throw new TroupeError('NO_NODES', `${where} contains no nodes`);
      return { nodes: await ofIdentity(nodes, filter), rest: { ...filter, identities: [] } };
    },
  };
}

/** The names of a list of nodes, each once; `where` names the list in errors. Throws DISCOVERY_FAILED. */
export function parseNodes(text: string, where: string): readonly string[] {
  return [
    ...new Set(
      entriesOf(withoutByteOrderMark(text), where).map(({ name, place }) =>
        identityAt(name, `${where}: ${place}`),
      ),
    ),
  ];
}

interface Entry {
  readonly name: unknown;
  readonly place: string;
}

function entriesOf(text: string, where: string): readonly Entry[] {
  if (/^\s*[[{]/.test(text)) return entriesOfDocument(jsonOf(text, where));
  // A name has no colon in it and is no item of a list, so a YAML document is told by its first line.
  const first = text.split('\n').find((line) => line.replace(/#.*/, '').trim() !== '');
  if (first !== undefined && /^\s*(---|- |-$|[\w"'-]+\s*:)/.test(first))
    return entriesOfDocument(yamlOf(text, where));
  return text.split('\n').flatMap((line, index) => {
    const name = line.replace(/#.*/, '').trim();
    return name === '' ? [] : [{ name, place: `line ${index + 1}` }];
  });
}

function entriesOfDocument(document: unknown): readonly Entry[] {
  const names = Array.isArray(document)
    ? document.flatMap((one) => (Array.isArray(member(one, 'results')) ? namesIn(one) : [nameOf(one)]))
    : namesIn(document);
  return names.map((name, index) => ({ name, place: `entry ${index + 1}` }));
}

function jsonOf(text: string, where: string): unknown {
  const document = parsed(text) ?? parsedLines(text);
  if (document === undefined)
    throw new TroupeError('DISCOVERY_FAILED', `${where} looks like JSON but is not valid JSON`);
  return document;
}

function yamlOf(text: string, where: string): unknown {
  try {
    return parseYaml(text);
  } catch (cause) {
    throw new TroupeError('DISCOVERY_FAILED', `${where} looks like YAML but is not valid YAML`, { cause });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// The lines of mco rpc --jsonl, of which the replies count.
function parsedLines(text: string): unknown[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const documents = lines.map(parsed);
  if (documents.some((document) => typeof document !== 'object' || document === null)) return undefined;
  return documents.filter(isReply);
}

// Of a document of mco --json, as it is and as it was before it had a version; or of one reply.
function namesIn(document: unknown): readonly unknown[] {
  const results = member(document, 'results');
  if (member(document, 'version') !== undefined && Array.isArray(results))
    return results.filter(isReply).map((result) => member(result, 'sender'));
  const replies = member(document, 'replies') ?? member(document, 'nodes');
  return (Array.isArray(replies) ? replies : [document].filter(isReply)).map(nameOf);
}

// Whoever said nothing is not meant, nor is what is no reply among the lines of --jsonl.
function isReply(document: unknown): boolean {
  const [kind, state] = [member(document, 'kind'), member(document, 'state')];
  return (kind === undefined || kind === 'result') && !silentStates.some((silent) => silent === state);
}

function nameOf(entry: unknown): unknown {
  if (typeof entry !== 'object') return entry;
  return (
    member(entry, 'sender') ?? member(entry, 'certname') ?? member(entry, 'identity') ?? member(entry, 'name')
  );
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
