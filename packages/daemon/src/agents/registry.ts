import { join } from 'node:path';
import {
  type Agent,
  type AgentConfig,
  type AnyHandler,
  type CompiledDdl,
  compileDdl,
  ddlHash,
  type Host,
  messageOf,
  parseDdl,
  TroupeError,
} from '@troupe/core';
import { makeFolderSync } from '@troupe/core/durable-file';
import { isDataName } from '@troupe/core/internal';
import { inAgent } from './agent-scope.js';
import { inTime } from './in-time.js';

/** Milliseconds that an agent has to set itself up: one that hangs must not keep the others from serving. */
const longestSetUp = 60_000;

/** An agent that is at work on this node. */
export interface LoadedAgent {
  readonly name: string;
  readonly compiled: CompiledDdl;
  readonly hash: string;
  readonly handlers: Readonly<Record<string, AnyHandler>>;
}

/** The agents of a node, by name. */
export class Registry {
  // no peer fills this: it holds the agents of the configuration
  readonly #agents = new Map<string, LoadedAgent>();

  readonly #reserved: readonly string[];

  /** `reserved` are names that no agent may have here, because of agents that are not loaded. */
  constructor(reserved: readonly string[] = []) {
    this.#reserved = reserved;
  }

  get(name: string): LoadedAgent | undefined {
    return this.#agents.get(name);
  }

  names(): readonly string[] {
    return [...this.#agents.keys()].sort();
  }

  all(): readonly LoadedAgent[] {
    return [...this.#agents.values()];
  }

  /**
   * Sets an agent up, in the place of the one of its name only where it `replaces` it; false where it does not apply
   * to this host. What runs is finished by the agent that began it. Throws AGENT_INVALID, DDL_INVALID, CONFIG_INVALID.
   */
  async add(
    agent: Agent,
    where: string,
    config: AgentConfig,
    host: Host,
    { replaces = false, setUpTime }: { readonly replaces?: boolean; readonly setUpTime?: number } = {},
  ): Promise<boolean> {
    const { name } = agent.ddl.metadata;
    const checkName = () => {
      if (replaces || !(this.#agents.has(name) || this.#reserved.includes(name))) return;
      throw new TroupeError('AGENT_INVALID', `${where}: an agent named "${name}" is already loaded`);
    };
    checkName();
    const loaded = await loadAgent(agent, where, config, host, setUpTime);
    if (!loaded) return false;
    // Another one may have come while this one was set up.
    checkName();
    this.#agents.set(name, loaded);
    return true;
  }

  remove(name: string): void {
    this.#agents.delete(name);
  }
}

/** Checks an agent against its DDL and sets it up; nothing where it does not apply to this host. Throws AGENT_INVALID, DDL_INVALID, CONFIG_INVALID. */
export async function loadAgent(
  agent: Agent,
  where: string,
  config: AgentConfig,
  host: Host,
  setUpTime = longestSetUp,
): Promise<LoadedAgent | undefined> {
  const { compiled, hash } = prepare(agent, where);
  const { ddl } = compiled;
  const { name } = ddl.metadata;
  for (const validator of compiled.skippedValidators) {
    host.log.warn(
      { validator },
      'the DDL uses a validator that this node does not have: the agent must check this input itself',
    );
  }
  const handlers = await setUp(agent, where, config, host, setUpTime);
  if (!handlers) return undefined;
  const actions = ddl.actions.map(({ action }) => action);
  const missing = actions.filter((action) => typeof handlers[action] !== 'function');
  const undeclared = Object.keys(handlers).filter((action) => !actions.includes(action));
  if (missing.length > 0)
    throw new TroupeError('AGENT_INVALID', `${where}: no handler for ${missing.join(', ')}`);
  if (undeclared.length > 0) {
    throw new TroupeError(
      'AGENT_INVALID',
      `${where}: handlers for actions that the DDL does not declare: ${undeclared.join(', ')}`,
    );
  }
  return { name, compiled, hash, handlers };
}

type Prepared = Pick<LoadedAgent, 'compiled' | 'hash'>;

// Once for each DDL, however often its agent is loaded: a daemon reloads, and an emulator has thousands of daemons.
// no peer fills this: it holds the agents of the configuration
const prepared = new WeakMap<object, Prepared>();

function prepare(agent: Agent, where: string): Prepared {
  const known = agent.compileOptions ? undefined : prepared.get(agent.ddl);
  if (known) return known;
  const ddl = parseDdl(agent.ddl, where);
  const made = { compiled: compileDdl(ddl, agent.compileOptions), hash: ddlHash(ddl) };
  if (!agent.compileOptions) prepared.set(agent.ddl, made);
  return made;
}

async function setUp(agent: Agent, where: string, config: AgentConfig, host: Host, setUpTime: number) {
  const provideData: Host['provideData'] = (plugin, lookup) => {
    if (!isDataName(plugin))
      throw new TroupeError('AGENT_INVALID', `"${plugin}" is not a valid name for a data plugin`);
    host.provideData(plugin, (query) => inAgent(agent.ddl.metadata.name, () => lookup(query)));
  };
  try {
    const given = { ...host, provideData };
    const words = `it did not finish within ${setUpTime / 1000} s`;
    return await inTime(
      setUpTime,
      words,
      inAgent(agent.ddl.metadata.name, async () => agent.setup(config, given)),
    );
  } catch (cause) {
    if (cause instanceof TroupeError)
      throw new TroupeError(cause.code, `${where}: ${cause.message}`, { cause });
    throw new TroupeError('AGENT_INVALID', `${where}: setup failed: ${messageOf(cause)}`, { cause });
  }
}

/** The folder of an agent's own, made if need be. Throws what the file system throws. */
export function agentStateDir(stateDir: string, agent: string): string {
  const folder = join(stateDir, 'agents', agent);
  makeFolderSync(folder, 0o700);
  return folder;
}
