import { oneLine } from '@troupe/core/internal';
import { isRecord, parseYaml } from './yaml.js';

/** A resource that failed in a run, and where the manifest declares it. */
export interface FailedResource {
  /** Such as `Exec[reload]`. */
  readonly resource: string;
  /** The manifest on the Puppet server; null if Puppet does not say. */
  readonly file: string | null;
  readonly line: number | null;
  /** One line. */
  readonly message: string;
}

/** Failed resources that are kept of a run. */
const most = 5;

// /Stage[main]/Main/Exec[broken thing]/returns: the last part that begins like a type, without the property.
const source = /^\/Stage\[.*\/([A-Z][\w:]*\[.*\])(?:\/\w+)?$/s;

/**
 * The first resources that failed, each once, from the entries of level error in the report's `logs`; the last entry
 * may be cut.
 */
export function parseFailedResources(text: string): readonly FailedResource[] {
  const failed = new Map<string, FailedResource>();
  for (const piece of text.split(/^(?=- )/m)) {
    if (failed.size >= most) break;
    const entry = entryOf(piece);
    if (entry && !failed.has(entry.resource)) failed.set(entry.resource, entry);
  }
  return [...failed.values()];
}

/** One line: the resource, its place in the manifest, and what is wrong. */
export function wordsOf({ resource, file, line, message }: FailedResource): string {
  const place = file === null ? '' : ` (${file}${line === null ? '' : `:${line}`})`;
  return `${resource}${place}: ${message}`;
}

function entryOf(piece: string): FailedResource | undefined {
  const list = parseYaml(piece);
  const entry: unknown = Array.isArray(list) ? list[0] : undefined;
  if (!isRecord(entry)) return undefined;
  const resource = source.exec(String(entry.source))?.[1];
  if (resource === undefined) return undefined;
  return {
    resource: oneLine(resource, 200),
    file: typeof entry.file === 'string' ? oneLine(entry.file, 300) : null,
    line: Number.isSafeInteger(entry.line) ? Number(entry.line) : null,
    message: oneLine(String(entry.message), 300),
  };
}
