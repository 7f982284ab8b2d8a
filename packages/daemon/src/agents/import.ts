import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Agent, messageOf, TroupeError } from '@troupe/core';
import { resolveFrom, shareOwnCopies } from '@troupe/core/modules';
import { type ModuleVersion, moduleVersion } from './module-version.js';

/** An agent's module as it is now, and, where its files have changed since this process imported it, as it was. */
export interface ImportedAgent {
  /** Throws AGENT_INVALID. */
  readonly now: () => Promise<Agent>;
  readonly before: (() => Promise<Agent>) | undefined;
  /** To be called when it works as it is now. */
  readonly accept: () => void;
}

/**
 * Finds an agent named in the configuration: an npm package that the configuration's folder or this program can see,
 * or a path relative to the configuration. Throws AGENT_INVALID.
 */
export function findAgent(specifier: string, configFile: string): ImportedAgent {
  const folder = dirname(resolve(configFile));
  const key = `${folder}\n${specifier}`;
  let version: ModuleVersion;
  try {
    version = moduleVersion(locate(specifier, folder));
  } catch (cause) {
    const error = unloadable(specifier, cause);
    const known = found.get(key);
    if (known === undefined) throw error;
    return { now: () => Promise.reject(error), before: () => importFrom(known, specifier), accept: () => {} };
  }
  const { url, before, accept } = version;
  return {
    now: () => importFrom(url, specifier),
    before: before === undefined ? undefined : () => importFrom(before, specifier),
    accept: () => {
      accept();
      found.set(key, url);
    },
  };
}

/** Where agents were that work, by the folder of the configuration and the name in it: Node still has those that are gone. */
const found = new Map<string, string>();

/** Imports an agent named in the configuration. Throws AGENT_INVALID. */
export async function importAgent(specifier: string, configFile: string): Promise<Agent> {
  const { now, accept } = findAgent(specifier, configFile);
  const agent = await now();
  accept();
  return agent;
}

async function importFrom(url: string, specifier: string): Promise<Agent> {
  shareOwnCopies(['@troupe/core', '@troupe/ddl'], import.meta.url);
  let module: { default?: unknown };
  try {
    module = (await import(url)) as { default?: unknown };
  } catch (cause) {
    throw unloadable(specifier, cause);
  }
  // What a CommonJS module exports as its default is an export of what Node takes for the default.
  const given = module.default as (Partial<Agent> & { readonly default?: Partial<Agent> }) | undefined;
  const agent = typeof given?.setup === 'function' ? given : (given?.default ?? given);
  if (typeof agent?.setup !== 'function' || typeof agent.ddl !== 'object') {
    throw new TroupeError(
      'AGENT_INVALID',
      `agents: "${specifier}" has no agent as its default export: use defineAgent`,
    );
  }
  return agent as Agent;
}

function unloadable(specifier: string, cause: unknown): TroupeError {
  const why = messageOf(cause).split('\n')[0];
  return new TroupeError('AGENT_INVALID', `agents: cannot load "${specifier}": ${why}`, { cause });
}

function locate(specifier: string, folder: string): string {
  if (specifier.startsWith('.') || isAbsolute(specifier))
    return pathToFileURL(resolve(folder, specifier)).href;
  const found = resolveFrom(specifier, [pathToFileURL(join(folder, 'mcod.yaml')).href, import.meta.url]);
  if (found !== undefined) return found;
  throw new TroupeError('AGENT_INVALID', `no such npm package in sight of ${folder} or of mcod itself`);
}
