import { type ActionDdl, createLogger, type Logger, parseDdl } from '@troupe/core';
import { actorDdl, actorProgram } from '@troupe/test-support';
import { externalAgent } from '../../../src/agents/external/index.js';
import { type Trial, type TrialOptions, tryAgent } from '../../../src/agents/trial.js';

/** The DDL of an agent that has these actions. */
export function ddlOf(name: string, actions: Readonly<Record<string, Partial<ActionDdl>>>, version?: string) {
  return parseDdl(actorDdl(name, actions, version), name);
}

/** The actor, with these actions of its own, in this process. */
export function tryActor(
  actions: Readonly<Record<string, Partial<ActionDdl>>>,
  options: TrialOptions = {},
  commands: readonly string[] = [actorProgram],
): Promise<Trial> {
  return tryAgent(externalAgent({ ddl: ddlOf('actor', actions), commands }), options);
}

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** A log that keeps its lines. */
export function keptLog(): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) };
  return { log: createLogger({ level: 'trace', destination }), lines };
}
