import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { isIdentity } from '@troupe/core';
import { UsageError } from './failure.js';

/** Reads the nodes that `--nodes` names: a file, or `-` for standard input. Throws UsageError. */
export async function readNodes(file: string): Promise<readonly string[]> {
  const where = file === '-' ? 'standard input' : file;
  const nodes = parseNodes(await contents(file), where);
  if (nodes.length === 0) throw new UsageError(`--nodes: ${where} names no node`);
  return nodes;
}

/** The nodes of a text: names in lines with `#` comments, or JSON of names or of replies. Throws UsageError. */
export function parseNodes(source: string, where: string): readonly string[] {
  const names = /^\s*[[{]/.test(source) ? namesInJson(source, where) : namesInLines(source);
  return [...new Set(names.map(({ name, place }) => checked(name, `${where}: ${place}`)))];
}

interface Named {
  readonly name: unknown;
  readonly place: string;
}

async function contents(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--nodes: cannot read ${file}: ${(error as Error).message}`);
  }
}

function namesInLines(source: string): Named[] {
  return source.split('\n').flatMap((line, index) => {
    const name = line.replace(/#.*/, '').trim();
    return name === '' ? [] : [{ name, place: `line ${index + 1}` }];
  });
}

function namesInJson(source: string, where: string): Named[] {
  const document = parsed(source) ?? parsedLines(source);
  if (document === undefined) throw new UsageError(`--nodes: ${where} looks like JSON and is none`);
  const entries = Array.isArray(document) ? document : listOf(document);
  return entries.map((entry, index) => ({ name: nameOf(entry), place: `entry ${index + 1}` }));
}

function parsed(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

// The lines of mco rpc --jsonl, of which the replies count.
function parsedLines(source: string): unknown[] | undefined {
  const lines = source.split('\n').filter((line) => line.trim() !== '');
  const documents = lines.map(parsed);
  if (documents.some((document) => typeof document !== 'object' || document === null)) return undefined;
  return documents.filter((document) => ['result', undefined].includes(member(document, 'kind') as string));
}

// The document of mco rpc --json, or one reply.
function listOf(document: unknown): readonly unknown[] {
  const replies = member(document, 'replies') ?? member(document, 'nodes');
  return Array.isArray(replies) ? replies : [document];
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

function checked(name: unknown, place: string): string {
  const identity = typeof name === 'string' ? name.trim().toLowerCase() : '';
  if (isIdentity(identity)) return identity;
  const shown = name === undefined ? 'nothing' : JSON.stringify(name).slice(0, 80);
  throw new UsageError(`--nodes: ${place}: ${shown} is no name of a node (a-z, 0-9, ".", "_", "-")`);
}
