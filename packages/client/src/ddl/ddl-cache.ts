import { createHash } from 'node:crypto';
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Ddl, ddlHash, messageOf, parseDdl } from '@troupe/core';
import { makeFolderSync, replaceFileSync } from '@troupe/core/durable-file';
import { readRegularFileSync } from '@troupe/core/regular-file';
import type { ClientConfig } from '../config.js';

/** What the folder of DDLs by hash holds; those that were fetched first go first. Nodes decide what is in it. */
// bound: DDLs that were fetched, in the cache folder | nodes | {mostFiles} by hash, and one for each agent | {bytes
// mostBytes} | those that were fetched first are removed
const mostFiles = 500;
const mostBytes = 64 * 1024 * 1024;

/** Seconds for which a DDL that was fetched is taken for that of the fleet without asking. */
const freshFor = 3600;

/**
 * The folder where DDLs fetched from nodes are kept: `network/NETWORK/NAME.json` is the one that an agent of a network had
 * when it was last asked for, `hash/HASH.json` each one that was ever fetched.
 */
export function ddlCache(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'troupe', 'ddl');
}

/** The folder with the DDLs of the agents of one network, by its brokers: another fleet may have others under the same names. */
export function ddlCacheOf({ broker: { urls } }: Pick<ClientConfig, 'broker'>): string {
  const network = createHash('sha256').update(JSON.stringify(urls)).digest('hex').slice(0, 16);
  return join(ddlCache(), 'network', network);
}

/** Keeps a DDL as that of its agent in a network. That it cannot be kept is warned of, and hinders nobody. */
export function keepDdl(ddl: Ddl, network: Pick<ClientConfig, 'broker'>): void {
  const text = textOfDdl(ddl);
  keepByHash(ddl);
  try {
    makeFolderSync(ddlCacheOf(network));
    const byName = fileOf(ddl.metadata.name, network);
    const now = new Date();
    if (textOf(byName) === text) utimesSync(byName, now, now);
    else replaceFileSync(byName, text, 0o644);
  } catch (error) {
    process.emitWarning(`cannot write the DDL cache: ${messageOf(error)}`);
  }
}

/** Keeps a DDL by its hash alone, as `keepDdl` does. */
export function keepByHash(ddl: Ddl): void {
  const text = textOfDdl(ddl);
  try {
    makeFolderSync(join(ddlCache(), 'hash'));
    const file = fileOfHash(ddlHash(ddl));
    if (textOf(file) === text) return;
    replaceFileSync(file, text, 0o644);
    prune(join(ddlCache(), 'hash'), file);
  } catch (error) {
    process.emitWarning(`cannot write the DDL cache: ${messageOf(error)}`);
  }
}

function textOfDdl(ddl: Ddl): string {
  return `${JSON.stringify(ddl, undefined, 2)}\n`;
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
export function isFresh(agent: string, network: Pick<ClientConfig, 'broker'>): boolean {
  const stat = statSync(fileOf(agent, network), { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs < freshFor * 1000;
}

function prune(folder: string, latest: string): void {
  const files = readdirSync(folder).map((name) => {
    const file = join(folder, name);
    const stat = statSync(file, { throwIfNoEntry: false });
    return { file, size: stat?.size ?? 0, time: file === latest ? Date.now() : (stat?.mtimeMs ?? 0) };
  });
  let bytes = files.reduce((sum, { size }) => sum + size, 0);
  files.sort((one, other) => one.time - other.time);
  for (const [index, { file, size }] of files.entries()) {
    if (files.length - index <= mostFiles && bytes <= mostBytes) return;
    if (file !== latest) rmSync(file, { force: true });
    bytes -= size;
  }
}

function fileOf(agent: string, network: Pick<ClientConfig, 'broker'>): string {
  return join(ddlCacheOf(network), `${agent}.json`);
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
