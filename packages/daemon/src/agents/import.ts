import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Agent, TroupeError } from '@troupe/core';
import { locateModule, moduleFaultOf, shareOwnCopies } from '@troupe/core/modules';
import { allowsUnsafeFiles, codeFault, pathFault } from '@troupe/core/trusted-path';
import { inAgent } from './agent-scope.js';
import { inTime } from './in-time.js';
import { type ModuleVersion, moduleVersion, packageFolder } from './module-version.js';

/** Milliseconds that a module has to be imported: it may wait for something that never comes. */
const importTime = 60_000;

/** An agent's module as it is now, and, where its files have changed since this process imported it, as it was. */
export interface ImportedAgent {
  /** Throws AGENT_INVALID. */
  readonly now: () => Promise<Agent>;
  readonly before: (() => Promise<Agent>) | undefined;
  /** To be called when it works as it is now. */
  readonly accept: () => void;
}

/** Where agents were that work, by the folder of the configuration and the name in it: Node still has those that are gone. */
// no peer fills this: it holds the agents of the configuration
const lastWorking = new Map<string, string>();

/**
 * Finds an agent named in the configuration: an npm package that the configuration's folder or this program can see,
 * or a path relative to the configuration. Throws AGENT_INVALID, and FILE_UNSAFE if others can write its files.
 */
export function findAgent(specifier: string, configFile: string): ImportedAgent {
  const file = resolve(configFile);
  const key = `${dirname(file)}\n${specifier}`;
  let version: ModuleVersion;
  const fault = allowsUnsafeFiles() ? undefined : agentFault(specifier, configFile);
  if (fault !== undefined)
    throw new TroupeError('FILE_UNSAFE', `agents: "${specifier}" is not loaded: ${fault}`);
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

/** Who else can write the code of an agent, in words; nothing if nobody can, or if there is no such agent. */
export function agentFault(specifier: string, configFile: string): string | undefined {
  let module: string;
  try {
    module = fileURLToPath(locate(specifier, resolve(configFile)));
  } catch {
    // Why it cannot be found is said where it is loaded.
    return undefined;
  }
  const folder = packageFolder(module);
  return pathFault(module) ?? (folder === undefined ? undefined : codeFault(folder));
}

/** Imports an agent named in the configuration. Throws AGENT_INVALID, FILE_UNSAFE. */
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
    const words = `importing it did not finish within ${importTime / 1000} s`;
    module = await inTime(
      importTime,
      words,
      inAgent(specifier, () => import(url)),
    );
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
  const why = moduleFaultOf(cause, import.meta.url);
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
