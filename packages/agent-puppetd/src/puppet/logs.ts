import { open } from 'node:fs/promises';
import { isErrno } from '@troupe/core/durable-file';
import type { PuppetSettings } from './setting-names.js';
import { isRecord, parseYaml } from './yaml.js';

/** One message of a run. */
export interface LogEntry {
  readonly level: string;
  readonly source: string;
  readonly message: string;
  readonly time: string;
}

const maxLength = 1024 * 1024;

/** The messages of the last run from its report, at most `limit` of them, the report never read whole. */
export async function readLogs(settings: PuppetSettings, limit = 200): Promise<LogEntry[]> {
  const report = parseYaml(await readToLogs(settings.lastrunreport, limit));
  const entries = isRecord(report) && Array.isArray(report.logs) ? report.logs : [];
  return entries.filter(isRecord).map(({ level, source, message, time }) => ({
    level: String(level).replace(/^:/, ''),
    source: String(source),
    message: String(message).slice(0, 2000),
    time: String(time),
  }));
}

// The report as far as the end of its list `logs:`, an outermost key whose entries begin with "- " at the start of
// a line. What stands before is needed too: an entry may refer to an anchor there.
async function readToLogs(path: string, limit: number): Promise<string> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  });
  if (!file) return '';
  try {
    const lines: string[] = [];
    let isInside = false;
    let entries = 0;
    let length = 0;
    for await (const line of file.readLines()) {
      if (isInside && /^[a-z_]+:/.test(line)) break;
      if (isInside && line.startsWith('- ')) entries += 1;
      length += line.length;
      if (entries > limit || length > maxLength) break;
      lines.push(line);
      isInside ||= line === 'logs:';
    }
    return lines.join('\n');
  } finally {
    await file.close();
  }
}
