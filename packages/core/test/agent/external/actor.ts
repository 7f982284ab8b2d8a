import { fileURLToPath } from 'node:url';
import { externalAgent } from '../../../src/agent/external/index.js';
import type { ActionDdl } from '../../../src/ddl/ddl.js';
import { parseDdl } from '../../../src/ddl/load.js';
import { createLogger, type Logger } from '../../../src/log.js';
import { type Trial, type TrialOptions, tryAgent } from '../../../src/plugin/trial.js';

export const actorProgram = fileURLToPath(
  new URL('../../../../test/agent/external/fixtures/actor', import.meta.url),
);

/** The DDL of an agent that has these actions. */
export function ddlOf(
  name: string,
  actions: Readonly<Record<string, Partial<ActionDdl>>>,
  version = '1.0.0',
) {
  return parseDdl(
    {
      metadata: {
        name,
        description: 'For tests',
        author: 'x',
        license: 'Apache-2.0',
        version,
        url: 'https://example.net',
        timeout: 20,
        provider: 'external',
      },
      actions: Object.entries(actions).map(([action, more]) => ({
        action,
        description: action,
        mutating: false,
        input: {},
        output: { out: { description: 'What it says', display_as: 'Out' } },
        ...more,
      })),
    },
    name,
  );
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
