import { mkdirSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Ddl, ddlHash, messageOf, parseDdl } from '@troupe/core';
import { replaceFileSync } from '@troupe/core/durable-file';
import { readRegularFileSync } from '@troupe/core/regular-file';

/** Seconds for which a DDL that was fetched is taken for that of the fleet without asking. */
const freshFor = 3600;

/**
 * The folder where DDLs fetched from nodes are kept: `NAME.json` is the one that an agent had when it was last asked
 * for, `hash/HASH.json` each one that was ever fetched.
 */
export function ddlCache(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'troupe', 'ddl');
}

/** Keeps a DDL as that of its agent. That it cannot be kept is warned of, and hinders nobody. */
export function keepDdl(ddl: Ddl): void {
  const text = `${JSON.stringify(ddl, undefined, 2)}\n`;
  try {
    mkdirSync(join(ddlCache(), 'hash'), { recursive: true });
    const byHash = fileOfHash(ddlHash(ddl));
    if (textOf(byHash) !== text) replaceFileSync(byHash, text, 0o644);
    const byName = fileOf(ddl.metadata.name);
    const now = new Date();
    if (textOf(byName) === text) utimesSync(byName, now, now);
    else replaceFileSync(byName, text, 0o644);
  } catch (error) {
    process.emitWarning(`cannot write the DDL cache: ${messageOf(error)}`);
  }
}

/** The DDL with that hash, if it was ever fetched and is unharmed. */
export function keptByHash(hash: string): Ddl | undefined {
  const text = /^[0-9a-f]{64}$/.test(hash) ? textOf(fileOfHash(hash)) : undefined;
  if (text === undefined) return undefined;
  try {
    const ddl = parseDdl(text, fileOfHash(hash));
    return ddlHash(ddl) === hash ? ddl : undefined;
  } catch {
    // It is fetched again.
    return undefined;
  }
}

/** Whether the DDL that is kept of an agent needs no asking whether it is still that of the fleet. */
export function isFresh(agent: string): boolean {
  const stat = statSync(fileOf(agent), { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs < freshFor * 1000;
}

function fileOf(agent: string): string {
  return join(ddlCache(), `${agent}.json`);
}

function fileOfHash(hash: string): string {
  return join(ddlCache(), 'hash', `${hash}.json`);
}

function textOf(file: string): string | undefined {
  try {
    return readRegularFileSync(file).toString('utf8');
  } catch {
    return undefined;
  }
}
