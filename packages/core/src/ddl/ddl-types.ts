import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseDdl } from './load.js';

/**
 * The text of NAME.d.json.ts, which holds a DDL in type position so that TypeScript keeps its literal types. A
 * package of ES modules needs skipLibCheck for it: with "export default", the import would have the type of a namespace.
 */
export function ddlTypes(json: string, file: string): string {
  return `// Generated from ${basename(file)} by troupe-ddl-types.\ndeclare const ddl: ${json.trim()};\nexport = ddl;\n`;
}

/** Writes NAME.d.json.ts beside NAME.json where it is missing or old; returns its path. Throws DDL_INVALID and errors of the file system. */
export function writeDdlTypes(file: string): string {
  const json = readFileSync(file, 'utf8');
  parseDdl(json, file);
  const target = file.replace(/\.json$/, '.d.json.ts');
  const text = ddlTypes(json, file);
  let before: string | undefined;
  try {
    before = readFileSync(target, 'utf8');
  } catch {
    // It is the first time.
  }
  if (before !== text) writeFileSync(target, text);
  return target;
}
