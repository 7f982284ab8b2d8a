import { dirname, resolve } from 'node:path';
import { type Agent, messageOf, TroupeError } from '@troupe/core';
import { locateModule, shareOwnCopies } from '@troupe/core/modules';
import { type ModuleVersion, moduleVersion } from './module-version.js';

/** An agent's module as it is now, and, where its files have changed since this process imported it, as it was. */
export interface ImportedAgent {
  /** Throws AGENT_INVALID. */
  readonly now: () => Promise<Agent>;
  readonly before: (() => Promise<Agent>) | undefined;
  /** To be called when it works as it is now. */
  readonly accept: () => void;
}

/** Where agents were that work, by the folder of the configuration and the name in it: Node still has those that are gone. */
const lastWorking = new Map<string, string>();

/**
 * Finds an agent named in the configuration: an npm package that the configuration's folder or this program can see,
 * or a path relative to the configuration. Throws AGENT_INVALID.
 */
export function findAgent(specifier: string, configFile: string): ImportedAgent {
  const file = resolve(configFile);
  const key = `${dirname(file)}\n${specifier}`;
  let version: ModuleVersion;
  try {
    version = moduleVersion(locate(specifier, file));
  } catch (cause) {
    const error = unloadable(specifier, cause);
    const known = lastWorking.get(key);
    if (known === undefined) throw error;
    return { now: () => Promise.reject(error), before: () => importFrom(known, specifier), accept: () => {} };
  }
  const { url, before, accept } = version;
  return {
    now: () => importFrom(url, specifier),
    before: before === undefined ? undefined : () => importFrom(before, specifier),
    accept: () => {
      accept();
      lastWorking.set(key, url);
    },
  };
}

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
      `agents: the default export of "${specifier}" is not an agent: export the result of defineAgent`,
    );
  }
  return agent as Agent;
}

function unloadable(specifier: string, cause: unknown): TroupeError {
  const why = messageOf(cause).split('\n')[0];
  return new TroupeError('AGENT_INVALID', `agents: cannot load "${specifier}": ${why}`, { cause });
}

function locate(specifier: string, file: string): string {
  const found = locateModule(specifier, { file, own: import.meta.url });
  if (found !== undefined) return found;
  throw new TroupeError(
    'AGENT_INVALID',
    `npm package not found from ${dirname(file)} or from the installation of mcod`,
  );
}
