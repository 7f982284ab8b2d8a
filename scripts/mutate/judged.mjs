import { parse } from 'yaml';
import { idOf } from './sample.mjs';

const VERDICTS = ['equivalent', 'accepted'];
const KEYS = ['file', 'in', 'change', 'nth', 'verdict', 'reason'];

/** Reads the judged mutants, a list in YAML, into a map by id. Throws if an entry is incomplete or has unknown keys. */
export function parseJudged(text) {
  const entries = parse(text) ?? [];
  const known = new Map();
  for (const entry of entries) {
    const fault = faultOf(entry);
    if (fault) throw new Error(`${JSON.stringify(entry)}: ${fault}`);
    const id = idOf({ ...entry, within: entry.in ?? '', nth: entry.nth ?? 1 });
    if (known.has(id)) throw new Error(`${JSON.stringify(entry)}: judged twice`);
    known.set(id, entry);
  }
  return known;
}

function faultOf(entry) {
  const strange = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (strange) return `unknown key ${strange}`;
  if (!entry.file || !entry.change) return 'file and change are required';
  if (!VERDICTS.includes(entry.verdict)) return `verdict must be one of ${VERDICTS.join(', ')}`;
  return entry.reason ? undefined : 'a reason is required';
}

/** Entries for files of these mutants that match none of them: the judged code has changed. */
export function staleJudged(judged, mutants) {
  const files = new Set(mutants.map(({ file }) => file));
  const ids = new Set(mutants.map(idOf));
  return [...judged].filter(([id, { file }]) => files.has(file) && !ids.has(id)).map(([, entry]) => entry);
}

/** A mutant as an entry for the file of judged mutants, still without verdict and reason. */
export function entryOf({ file, within, change, nth }) {
  const lines = [`- file: ${file}`, `  in: ${quoted(within)}`, `  change: ${quoted(change)}`];
  if (nth > 1) lines.push(`  nth: ${nth}`);
  return lines.join('\n');
}

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
