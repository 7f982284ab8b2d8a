import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemReasonOf, TroupeError } from '../errors.js';
import { readRegularFile } from '../regular-file.js';
import { withoutByteOrderMark } from '../text/byte-order-mark.js';
import type { DataDdl } from './data.js';
import type { ActionDdl, Ddl } from './ddl.js';
import { shapeFaults } from './schema.js';
import { suggestion } from './suggestion.js';
import { isHash, kindOf } from './value.js';

const maxLength = 1024 * 1024;
const maxDepth = 20;
const maxValues = 100_000;

/**
 * Reads a DDL from its JSON text, or from an object that came from elsewhere, and freezes it. `where` names it
 * in errors. Throws DDL_INVALID, which says where in the DDL and what.
 */
export function parseDdl(source: unknown, where: string): Ddl {
  const ddl = read<Ddl>('agent', source, where);
  const contradictions = ddlFaults(ddl);
  if (contradictions.length > 0) throw invalid(where, contradictions);
  return ddl;
}

/** The same for the DDL of a data plugin. */
export function parseDataDdl(source: unknown, where: string): DataDdl {
  return read<DataDdl>('data', source, where);
}

function read<T>(kind: 'agent' | 'data', source: unknown, where: string): T {
  const value = typeof source === 'string' ? parseJson(source, where) : source;
  const fault = jsonFault(value);
  const faults = fault === undefined ? shapeFaults(kind, value) : [fault];
  if (faults.length > 0) throw invalid(where, faults);
  return freeze(structuredClone(value) as T);
}

/**
 * Finds the DDL of agent `name` in the first of `folders` that has one. Throws DDL_UNKNOWN when none has,
 * FILE_UNREADABLE or DDL_INVALID when one is there that cannot be used.
 */
export async function findDdl(
  name: string,
  folders: readonly string[],
): Promise<{ readonly ddl: Ddl; readonly path: string }> {
  const found = await listDdls(folders);
  const path = found.get(name);
  if (path === undefined) {
    throw new TroupeError(
      'DDL_UNKNOWN',
      `no DDL for the agent "${name}" in ${folders.join(', ') || 'any folder'}${suggestion(name, found.keys())}`,
    );
  }
  const ddl = parseDdl(await readText(path), path);
  if (ddl.metadata.name !== name) {
    throw invalid(path, [`metadata.name is "${ddl.metadata.name}", but the file name says "${name}"`]);
  }
  return { ddl, path };
}

/** The files that may hold a DDL, by agent name; the first folder wins, a missing folder is empty. */
export async function listDdls(folders: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const folder of folders) {
    for (const file of await readFolder(folder)) {
      const name = /^([a-z0-9_]+)\.json$/.exec(file)?.[1];
      if (name !== undefined && !found.has(name)) found.set(name, join(folder, file));
    }
  }
  return found;
}

async function readFolder(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if (isHash(cause) && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) return [];
    throw new TroupeError('FILE_UNREADABLE', `cannot read folder ${folder}: ${systemReasonOf(cause)}`, {
      cause,
    });
  }
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > maxLength) throw new Error(`the file has ${size} bytes; the limit is ${maxLength}`);
    return (await readRegularFile(path)).toString('utf8');
  } catch (cause) {
    throw new TroupeError('FILE_UNREADABLE', `cannot read the DDL ${path}: ${systemReasonOf(cause)}`, {
      cause,
    });
  }
}

function parseJson(text: string, where: string): unknown {
  if (text.length > maxLength) {
    throw invalid(where, [`it has ${text.length} characters; the limit is ${maxLength}`]);
  }
  try {
    return JSON.parse(withoutByteOrderMark(text));
  } catch (cause) {
    const message = messageOf(cause);
    const position = /at position (\d+)/.exec(message)?.[1];
    const lines = text.slice(0, Number(position ?? 0)).split('\n');
    const place = position === undefined ? '' : `line ${lines.length}, column ${lastLength(lines) + 1}: `;
    throw invalid(where, [`${place}${message.replace(/ (in JSON )?at position \d+.*$/s, '')}`], { cause });
  }
}

function lastLength(lines: readonly string[]): number {
  return lines.at(-1)?.length ?? 0;
}

// Bounds the rest of the work on a DDL from the network, which recurses.
function jsonFault(root: unknown): string | undefined {
  const open: { value: unknown; place: string; depth: number }[] = [{ value: root, place: 'it', depth: 0 }];
  let count = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, place, depth } = next;
    count += 1;
    if (count > maxValues) return `it has more than ${maxValues} values`;
    if (depth > maxDepth) return `${place} is nested more than ${maxDepth} levels deep`;
    if (typeof value === 'object' && value !== null) {
      for (const key of Object.keys(value)) {
        if (key === '__proto__') return `${place} has a key named __proto__`;
        const name = depth === 0 ? key : `${place}.${key}`;
        open.push({ value: (value as Record<string, unknown>)[key], place: name, depth: depth + 1 });
      }
    } else if (!isJson(value)) {
      return `${place} is ${kindOf(value)}, which JSON cannot represent`;
    }
  }
  return;
}

function isJson(value: unknown): boolean {
  return (
    value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value) // not NaN, Infinity
  );
}

function ddlFaults(ddl: Ddl): string[] {
  const seen = new Set<string>();
  return ddl.actions.flatMap((action) => {
    const faults = actionFaults(action);
    if (seen.has(action.action)) faults.push('is declared twice');
    seen.add(action.action);
    return faults.map((fault) => `action ${action.action}: ${fault}`);
  });
}

function actionFaults({ dry_run, input }: ActionDdl): string[] {
  if (dry_run === undefined) return [];
  const isBoolean = Object.hasOwn(input, dry_run) && input[dry_run]?.type === 'boolean';
  return isBoolean ? [] : [`dry_run names "${dry_run}", which is not a boolean input of the action`];
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}

function invalid(where: string, faults: readonly string[], options?: ErrorOptions): TroupeError {
  return new TroupeError('DDL_INVALID', `DDL ${where}: ${faults.join('; ')}`, options);
}
