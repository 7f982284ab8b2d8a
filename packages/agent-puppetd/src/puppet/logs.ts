import { open } from 'node:fs/promises';
import { isCode } from './file.js';
import type { PuppetSettings } from './settings.js';
import { isRecord, parseYaml } from './yaml.js';

/** One message of a run. */
export interface LogEntry {
  readonly level: string;
  readonly source: string;
  readonly message: string;
  readonly time: string;
}

/** The messages of the last run from its report, at most `limit` of them, the report never read whole. */
export async function readLogs(settings: PuppetSettings, limit = 200): Promise<LogEntry[]> {
  const entries = parseYaml(await readLogSection(settings.lastrunreport, limit));
  if (!Array.isArray(entries)) return [];
  return entries.filter(isRecord).map(({ level, source, message, time }) => ({
    level: String(level),
    source: String(source),
    message: String(message).slice(0, 2000),
    time: String(time),
  }));
}

const maxLength = 1024 * 1024;

// In the report the list `logs:` is an outermost key whose entries begin with "- " at the start of a line.
async function readLogSection(path: string, limit: number): Promise<string> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  });
  if (!file) return '';
  try {
    const section: string[] = [];
    let isInside = false;
    let entries = 0;
    let length = 0;
    for await (const line of file.readLines()) {
      if (isInside && /^[a-z_]+:/.test(line)) break;
      if (isInside) {
        if (line.startsWith('- ')) entries += 1;
        length += line.length;
        if (entries > limit || length > maxLength) break;
        section.push(line);
      } else if (line === 'logs:') isInside = true;
    }
    return section.join('\n');
  } finally {
    await file.close();
  }
}
