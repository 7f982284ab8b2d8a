import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentConfig, type Logger, messageOf } from '@troupe/core';
import { replaceFileSync } from '@troupe/core/durable-file';
import { readRegularFileSync } from '@troupe/core/regular-file';

/** How an agent that is not in the configuration any more is loaded all the same. */
export interface StayingAgent {
  readonly name: string;
  /** As the configuration named it. */
  readonly specifier: string;
  /** Its section, as it was. */
  readonly section: AgentConfig;
}

/**
 * Agents that have not finished: they are loaded at the next start too, whatever its configuration names, so that
 * a new configuration does not take away what is in the middle of its work.
 */
export class StayingAgents {
  readonly #file: string;
  readonly #log: Logger;
  #agents: readonly StayingAgent[];

  constructor(stateDir: string, log: Logger) {
    this.#file = join(stateDir, 'staying-agents.json');
    this.#log = log;
    this.#agents = this.#read();
  }

  list(): readonly StayingAgent[] {
    return this.#agents;
  }

  /** Remembered on disk when this returns. */
  keep(agent: StayingAgent): void {
    this.#write([...this.#others(agent.name), agent]);
  }

  release(name: string): void {
    const others = this.#others(name);
    if (others.length < this.#agents.length) this.#write(others);
  }

  #others(name: string): readonly StayingAgent[] {
    return this.#agents.filter((agent) => agent.name !== name);
  }

  #write(agents: readonly StayingAgent[]): void {
    replaceFileSync(this.#file, `${JSON.stringify(agents)}\n`, 0o600);
    this.#agents = agents;
  }

  #read(): readonly StayingAgent[] {
    if (!existsSync(this.#file)) return [];
    try {
      const agents = JSON.parse(readRegularFileSync(this.#file).toString('utf8')) as readonly StayingAgent[];
      return agents.filter(
        ({ name, specifier }) => typeof name === 'string' && typeof specifier === 'string',
      );
    } catch (error) {
      this.#log.warn(
        { file: this.#file, reason: messageOf(error) },
        'cannot read the list of agents with unfinished work: they are not loaded',
      );
      return [];
    }
  }
}
