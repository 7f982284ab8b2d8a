import { type DdlPlaces, localDdl, localDdls } from '@troupe/client';
import type { Ddl, InputDdl } from '@troupe/core';
import type { Command, Option } from 'commander';
import type { Shell } from '../../command-line/shell.js';
import type { Candidate, Sources } from './sources.js';

/** What may come where the cursor is, from commands, from the DDLs on this machine, and from nodes where only they know. */
export async function candidates(
  shell: Shell,
  sources: Sources,
  line: string,
): Promise<readonly Candidate[]> {
  const words = line.trimStart().split(/\s+/).slice(1);
  const current = words.pop() ?? '';
  const place = await placeOf(shell, words);
  const all = isNodePlace(place, current)
    ? sources.nodes().map(plainCandidate)
    : ((await ofNetwork(sources, place, current)) ?? (await allAt(shell, sources.places, place, current)));
  return all.filter(({ value }) => value.startsWith(current));
}

/** The agents whose DDL is on this machine. */
export async function agentCandidates(places: DdlPlaces): Promise<readonly Candidate[]> {
  const names = [...(await localDdls(places)).keys()].sort();
  const ddls = await Promise.all(names.map((name) => localDdl(places, name).catch(() => undefined)));
  return ddls.flatMap((ddl) =>
    ddl ? [{ value: ddl.metadata.name, meaning: ddl.metadata.description }] : [],
  );
}

/** The actions of an agent. */
export function actionCandidates(ddl: Ddl | undefined): readonly Candidate[] {
  return (ddl?.actions ?? []).map(({ action, description }) => ({ value: action, meaning: description }));
}

/** The inputs of an action, each ready for its value. */
export function inputCandidates(ddl: Ddl | undefined, action: string | undefined): readonly Candidate[] {
  const inputs = ddl?.actions.find((one) => one.action === action)?.input ?? {};
  return Object.entries(inputs).map(([name, { description }]) => ({
    value: `${name}=`,
    meaning: description,
  }));
}

// Where the cursor is: in which command, after which of its arguments, and for which option's value.
interface Place {
  readonly command: Command;
  readonly given: readonly string[];
  readonly option: Option | undefined;
}

function isNodePlace({ command, given, option }: Place, current: string): boolean {
  if (option) return option.long === '--with-identity' || option.long === '--wi';
  return command.name() === 'inventory' && given.length === 0 && !current.startsWith('-');
}

// What stands where only the nodes know: facts with their values, classes and ids of requests.
async function ofNetwork(
  { network, collectives }: Sources,
  { command, given, option }: Place,
  current: string,
): Promise<readonly Candidate[] | undefined> {
  switch (option?.long) {
    case '--with-fact':
    case '--wf':
      return conditions(await network.facts(), current);
    case '--with-class':
    case '--wc':
      return (await network.classes()).map(plainCandidate);
    case '--with':
      return [
        ...conditions(await network.facts(), current),
        ...(await network.classes()).map(plainCandidate),
      ];
    case '--target':
      return collectives.map(plainCandidate);
  }
  if (option || current.startsWith('-')) return undefined;
  const isJob = command.parent?.name() === 'job' && command.registeredArguments.length > 0;
  if (isJob) return given.length === 0 ? network.jobs() : [];
  if (command.name() === 'facts')
    return given.length === 0 ? [...(await network.facts()).keys()].map(plainCandidate) : [];
  const isGetFact = command.name() === 'rpc' && given[0] === 'rpcutil' && given[1] === 'get_fact';
  if (isGetFact && current.startsWith('fact='))
    return [...(await network.facts()).keys()].map((path) => plainCandidate(`fact=${path}`));
  return undefined;
}

// The names of facts, each ready for its value; behind one that is whole, its values.
function conditions(facts: ReadonlyMap<string, readonly string[]>, current: string): readonly Candidate[] {
  const [, name, operator] = /^([^\s=!<>~]+)(==|!=|<=|>=|=|<|>)/.exec(current) ?? [];
  if (name === undefined) return [...facts.keys()].map((path) => plainCandidate(`${path}=`));
  return (facts.get(name) ?? []).map((value) => plainCandidate(`${name}${operator}${value}`));
}

function plainCandidate(value: string): Candidate {
  return { value, meaning: '' };
}

async function placeOf(shell: Shell, words: readonly string[]): Promise<Place> {
  let command = shell.program;
  let given: string[] = [];
  let option: Option | undefined;
  for (const word of words) {
    if (option) {
      option = undefined;
      continue;
    }
    if (word.startsWith('-')) {
      const known = optionsOf(command).find(({ short, long }) => word === short || word === long);
      option = known && (known.required || known.optional) ? known : undefined;
      continue;
    }
    const inner = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (inner && given.length === 0) {
      command = command === shell.program ? await shell.load(inner) : inner;
    } else given = [...given, word];
  }
  return { command, given, option };
}

async function allAt(
  shell: Shell,
  places: DdlPlaces,
  { command, given, option }: Place,
  current: string,
): Promise<readonly Candidate[]> {
  if (option) {
    if (option.long === '--with-agent' || option.long === '--wa') return agentCandidates(places);
    if (option.long === '--discovery-method') {
      const { discoveryMethods } = await import('../../call/discovery-method.js');
      return Object.entries(discoveryMethods).map(([value, { meaning }]) => ({ value, meaning }));
    }
    return (option.argChoices ?? []).map((value) => ({ value, meaning: '' }));
  }
  if (current.startsWith('-')) return optionCandidates(command);
  if (command.commands.length > 0) return commandCandidates(command);
  const [agent, action] = agentArguments(command, given);
  const ddl = agent === undefined ? undefined : await localDdl(places, agent).catch(() => undefined);
  switch (command.name()) {
    case 'rpc':
      if (agent === undefined) return agentCandidates(places);
      if (action === undefined) return actionCandidates(ddl);
      return inputsLeft(ddl, action, given.slice(2), current);
    case 'doc':
      return agent === undefined
        ? agentCandidates(places)
        : action === undefined
          ? actionCandidates(ddl)
          : [];
    case 'help':
      if (given.length === 0) {
        const exitCodes = { value: 'exit-codes', meaning: 'The exit codes' };
        const methods = { value: 'discovery', meaning: 'The discovery methods' };
        return [...commandCandidates(shell.program), exitCodes, methods];
      }
      if (given[0] !== 'rpc') return [];
      return agent === undefined
        ? agentCandidates(places)
        : action === undefined
          ? actionCandidates(ddl)
          : [];
    default:
      return [];
  }
}

function agentArguments(command: Command, given: readonly string[]): readonly (string | undefined)[] {
  return command.name() === 'help' ? given.slice(1) : given;
}

function inputsLeft(
  ddl: Ddl | undefined,
  action: string,
  given: readonly string[],
  current: string,
): readonly Candidate[] {
  const name = /^([^=]+)=/.exec(current)?.[1];
  const input = ddl?.actions.find((one) => one.action === action)?.input[name ?? ''];
  if (name !== undefined) {
    return valuesOf(input).map((value) => ({ value: `${name}=${value}`, meaning: '' }));
  }
  return inputCandidates(ddl, action).filter(({ value }) => !given.some((word) => word.startsWith(value)));
}

function valuesOf(input: InputDdl | undefined): readonly string[] {
  if (input?.type === 'boolean') return ['true', 'false'];
  return input?.list ?? [];
}

function commandCandidates(command: Command): readonly Candidate[] {
  return command.commands.map((one) => ({ value: one.name(), meaning: one.summary() }));
}

function optionCandidates(command: Command): readonly Candidate[] {
  return optionsOf(command)
    .filter(({ hidden }) => !hidden)
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', meaning: description }));
}

function optionsOf(command: Command): readonly Option[] {
  const help = command.createOption('-h, --help', 'help');
  const own: Option[] = [];
  for (let at: Command | null = command; at; at = at.parent) own.push(...at.options);
  return [...own, help];
}
