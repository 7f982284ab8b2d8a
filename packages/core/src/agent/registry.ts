import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CompiledDdl, compileDdl } from '../ddl/compile.js';
import { ddlHash } from '../ddl/hash.js';
import { parseDdl } from '../ddl/load.js';
import { messageOf, TroupeError } from '../errors.js';
import type { Agent, AgentConfig, AnyHandler, Host } from './agent.js';

/** An agent that is at work on this node. */
export interface LoadedAgent {
  readonly name: string;
  readonly compiled: CompiledDdl;
  readonly hash: string;
  readonly handlers: Readonly<Record<string, AnyHandler>>;
}

export type HostFor = (agent: string, stateDir: string) => Host;

/** The agents of a node, by name. */
export class Registry {
  readonly #agents = new Map<string, LoadedAgent>();

  get(name: string): LoadedAgent | undefined {
    return this.#agents.get(name);
  }

  names(): readonly string[] {
    return [...this.#agents.keys()].sort();
  }

  all(): readonly LoadedAgent[] {
    return [...this.#agents.values()];
  }

  /** Checks an agent against its DDL and sets it up; false where it does not apply to this host. Throws AGENT_INVALID, DDL_INVALID, CONFIG_INVALID. */
  async add(agent: Agent, where: string, config: AgentConfig, host: Host): Promise<boolean> {
    const ddl = parseDdl(agent.ddl, where);
    const { name } = ddl.metadata;
    if (this.#agents.has(name))
      throw new TroupeError('AGENT_INVALID', `${where}: there is an agent "${name}" already`);
    const handlers = await setUp(agent, where, config, host);
    if (!handlers) return false;
    const actions = ddl.actions.map(({ action }) => action);
    const missing = actions.filter((action) => typeof handlers[action] !== 'function');
    const undeclared = Object.keys(handlers).filter((action) => !actions.includes(action));
    if (missing.length > 0)
      throw new TroupeError('AGENT_INVALID', `${where}: no handler for ${missing.join(', ')}`);
    if (undeclared.length > 0) {
      throw new TroupeError('AGENT_INVALID', `${where}: the DDL has no action ${undeclared.join(', ')}`);
    }
    this.#agents.set(name, { name, compiled: compileDdl(ddl), hash: ddlHash(ddl), handlers });
    return true;
  }
}

async function setUp(agent: Agent, where: string, config: AgentConfig, host: Host) {
  try {
    return await agent.setup(config, host);
  } catch (cause) {
    if (cause instanceof TroupeError)
      throw new TroupeError(cause.code, `${where}: ${cause.message}`, { cause });
    throw new TroupeError('AGENT_INVALID', `${where}: its set-up failed: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Imports an agent named in the configuration: an npm package that the configuration's folder or this program
 * can see, or a path relative to the configuration. Throws AGENT_INVALID.
 */
export async function importAgent(specifier: string, configFile: string): Promise<Agent> {
  const folder = dirname(resolve(configFile));
  let module: { default?: unknown };
  try {
    module = (await import(locate(specifier, folder))) as { default?: unknown };
  } catch (cause) {
    throw new TroupeError(
      'AGENT_INVALID',
      `agents: cannot load "${specifier}": ${messageOf(cause).split('\n')[0]}`,
      { cause },
    );
  }
  const agent = module.default as Partial<Agent> | undefined;
  if (typeof agent?.setup !== 'function' || typeof agent.ddl !== 'object') {
    throw new TroupeError(
      'AGENT_INVALID',
      `agents: "${specifier}" has no agent as its default export: use defineAgent`,
    );
  }
  return agent as Agent;
}

function locate(specifier: string, folder: string): string {
  if (specifier.startsWith('.') || isAbsolute(specifier))
    return pathToFileURL(resolve(folder, specifier)).href;
  for (const from of [join(folder, 'mcod.yaml'), import.meta.url]) {
    try {
      return pathToFileURL(createRequire(from).resolve(specifier)).href;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  throw new TroupeError('AGENT_INVALID', `no such npm package in sight of ${folder} or of mcod itself`);
}

function isNotFound(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
}

/** The folder of an agent's own, made if need be. */
export function agentStateDir(stateDir: string, agent: string): string {
  const folder = join(stateDir, 'agents', agent);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}
