import { readFileSync } from 'node:fs';
import { type ClientConfig, localDdl } from '@troupe/client';
import { printable } from '@troupe/core/internal';
import { knownNodes } from '../../call/node-cache.js';
import type { GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { UsageError } from '../../failure.js';
import { plainLine } from '../../output/plain.js';
import { actionCandidates, agentCandidates, candidates, inputCandidates } from './candidates.js';
import type { Candidate, NetworkSource, Sources } from './sources.js';

/** The options of mco completion. */
export interface CompletionOptions extends GlobalOptions {
  readonly line?: string;
  readonly listApplications?: true;
  readonly listAgents?: true;
  readonly listActions?: true;
  readonly listInputs?: true;
  readonly agent?: string;
  readonly action?: string;
}

/** Prints a script for a shell, or what may come next on a line. */
export async function complete(
  shell: Shell,
  name: string | undefined,
  options: CompletionOptions,
): Promise<ExitCode> {
  const { screen } = shell;
  if (options.line !== undefined) {
    // A tab between value and meaning: fish takes it as it is, the other scripts take it apart.
    const found = await candidates(shell, sources(options), options.line);
    for (const { value, meaning } of found.filter(isPrintable))
      screen.print(`${value}\t${plainLine(meaning)}`);
    return ExitCode.ok;
  }
  if (name !== undefined) {
    const script = new URL(import.meta.resolve(`@troupe/cli/completion/mco.${name}`));
    screen.print(readFileSync(script, 'utf8').trimEnd());
    return ExitCode.ok;
  }
  for (const { value, meaning } of await listed(shell, options)) {
    screen.print(screen.isVerbose ? `${value}:${meaning}` : value);
  }
  return ExitCode.ok;
}

// Names and values come from nodes too: one with an unprintable character could not be typed anyway.
const isPrintable = ({ value }: Candidate) => printable(value) === value;

async function listed(shell: Shell, options: CompletionOptions): Promise<readonly Candidate[]> {
  if (options.listApplications) {
    return shell.program.commands.map((one) => ({ value: one.name(), meaning: one.summary() }));
  }
  if (options.listAgents) return agentCandidates(sources(options).places);
  if (!options.listActions && !options.listInputs) {
    throw new UsageError('no shell given: use mco completion bash, zsh or fish');
  }
  if (options.agent === undefined)
    throw new UsageError('--list-actions and --list-inputs require --agent NAME');
  const ddl = await localDdl(sources(options).places, options.agent);
  if (!ddl)
    throw new UsageError(`unknown agent "${options.agent}": no DDL (agent description) on this machine`);
  if (options.listActions) return actionCandidates(ddl);
  if (options.action === undefined) throw new UsageError('--list-inputs requires --action NAME');
  return inputCandidates(ddl, options.action).map(({ value, meaning }) => ({
    value: value.replace(/=$/, ''),
    meaning,
  }));
}

// The Tab key must not print an error about the configuration.
function sources(options: GlobalOptions): Sources {
  try {
    const config = readClientConfig(options);
    return {
      places: config,
      nodes: () => knownNodes(config),
      collectives: config.collectives,
      network: networkOf(config),
    };
  } catch {
    const network = { facts: async () => new Map(), classes: async () => [], jobs: async () => [] };
    return { places: undefined, nodes: () => [], collectives: [], network };
  }
}

// Loaded when it is asked: most that is completed needs no network.
function networkOf(config: ClientConfig): NetworkSource {
  const loaded = async () => (await import('./network.js')).networkSource(config);
  return {
    facts: async () => (await loaded()).facts(),
    classes: async () => (await loaded()).classes(),
    jobs: async () => (await loaded()).jobs(),
  };
}
