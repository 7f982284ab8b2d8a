import type { Share } from '@troupe/client';
import { type Command, Option } from 'commander';
import { duration, failures, gather, pause, seconds, share, whole } from './values.js';

/** The options of every command. */
export interface GlobalOptions {
  readonly config?: string;
  readonly verbose?: true;
  readonly quiet?: true;
  readonly color: boolean;
}

/** Which nodes. */
export interface FilterOptions {
  readonly withFact?: readonly string[];
  readonly withClass?: readonly string[];
  readonly withAgent?: readonly string[];
  readonly withIdentity?: readonly string[];
  readonly with?: readonly string[];
  readonly select?: readonly string[];
  /** MCollective's short spellings of the four first. */
  readonly wf?: readonly string[];
  readonly wc?: readonly string[];
  readonly wa?: readonly string[];
  readonly wi?: readonly string[];
  readonly target?: string;
}

/** How they are found. */
export interface DiscoveryOptions {
  readonly discoveryTimeout?: number;
  readonly nodes?: string;
  readonly discoveryMethod?: string;
  readonly discoveryOption?: readonly string[];
  /** MCollective's long spellings of these two. */
  readonly discMethod?: string;
  readonly discOption?: readonly string[];
}

/** How many of them. */
export interface LimitOptions {
  readonly limit?: Share;
  /** MCollective's other spelling of it. */
  readonly limitNodes?: Share;
  readonly limitSeed?: number;
  readonly one?: true;
}

/** And at what pace. */
export interface VolumeOptions extends LimitOptions {
  readonly batch?: Share;
  readonly batchSleep?: number;
  readonly maxFailures?: Share;
}

/** How long they may take. */
export interface TimeOptions {
  readonly timeout?: number;
  readonly ttl?: number;
}

export type Display = 'ok' | 'failed' | 'all' | 'none';

/** How replies are shown. */
export interface OutputOptions {
  readonly json?: true;
  readonly jsonl?: true;
  readonly table?: true;
  readonly senders?: true;
  readonly display?: Display;
  readonly sort?: true;
  readonly progress: boolean;
}

/** The headings of the options' groups in a help text, in their order there. */
export const groups = {
  filter: 'Filter:',
  discovery: 'Discovery:',
  request: 'Request:',
  output: 'Output:',
  general: 'General:',
} as const;

export function withGlobal(command: Command): Command {
  return addTo(command, groups.general, [
    new Option('-c, --config <file>', 'the configuration of this client'),
    new Option('-v, --verbose', 'say more; show where an error comes from'),
    new Option('-q, --quiet', 'only data, warnings and errors'),
    new Option('--no-color', 'no colours (NO_COLOR does the same, FORCE_COLOR the opposite)'),
  ]);
}

export function withTarget(command: Command): Command {
  return addTo(command, groups.filter, [
    new Option('-T, --target <collective>', 'the collective; else the first one of the configuration'),
  ]);
}

/** The conditions of a filter: where no network is needed. */
export function withConditions(command: Command): Command {
  const list = (flags: string, text: string) => new Option(flags, text).argParser(gather);
  return addTo(command, groups.filter, [
    list('-F, --with-fact <fact=value>', 'a fact; also != < <= > >= and fact=/regex/; os.family is a part'),
    list('-C, --with-class <class>', 'a class or a /regex/'),
    list('-A, --with-agent <agent>', 'an agent or a /regex/'),
    list('-I, --with-identity <identity>', 'a node, or a /regex/ of nodes; repeated: any of them'),
    list('-W, --with <words>', 'facts and classes in one, separated by blanks'),
    list('-S, --select <expression>', 'a compound filter: and, or, not, (), data functions'),
    list('--wf <fact=value>', '').hideHelp(),
    list('--wc <class>', '').hideHelp(),
    list('--wa <agent>', '').hideHelp(),
    list('--wi <identity>', '').hideHelp(),
  ]);
}

export function withFilter(command: Command): Command {
  return withTarget(withConditions(command));
}

export function withDiscovery(command: Command): Command {
  return addTo(command, groups.discovery, [
    new Option('--dt, --discovery-timeout <seconds>', 'wait exactly so long for nodes').argParser(seconds),
    new Option(
      '--nodes <file>',
      'these nodes: lines, JSON or YAML, such as the JSON of mco rpc --json; - is standard input',
    ).conflicts(['discoveryMethod', 'discMethod']),
    new Option(
      '--dm, --discovery-method <name>',
      'where nodes come from: broadcast, presence, flatfile, stdin, inventory, puppetdb, external; mco help discovery',
    ),
    new Option('--do, --discovery-option <k=v>', 'what the method needs; repeatable').argParser(gather),
    new Option('--disc-method <method>', '').hideHelp(),
    new Option('--disc-option <name=value>', '').argParser(gather).hideHelp(),
  ]);
}

export function withLimit(command: Command): Command {
  return addTo(command, groups.discovery, [
    new Option('--limit <n|n%>', 'at most so many nodes, picked at random').argParser(share),
    new Option('--ln, --limit-nodes <n|n%>', '').argParser(share).hideHelp(),
    new Option('--limit-seed <n>', 'the same seed picks the same nodes').argParser(whole),
    new Option('-1, --one', 'one node: the first that is found').conflicts([
      'limit',
      'limitNodes',
      'limitSeed',
    ]),
  ]);
}

export function withVolume(command: Command): Command {
  return addTo(withLimit(command), groups.discovery, [
    new Option('--batch <n|n%>', 'so many at a time').argParser(share),
    new Option('--batch-sleep <seconds>', 'the pause between two batches (default: 1)').argParser(pause),
    new Option('--max-failures <n|n%>', 'so many may fail; with one more, no other batch is asked').argParser(
      failures,
    ),
  ]);
}

export function withTime(command: Command): Command {
  return addTo(command, groups.request, [
    new Option('-t, --timeout <seconds>', 'end the action after so long; the DDL has the most').argParser(
      seconds,
    ),
    new Option('--ttl <seconds>', 'nodes may begin within so long (default: 60)').argParser(secondsOrTime),
  ]);
}

export function withOutput(command: Command): Command {
  return addTo(command, groups.output, [
    new Option('-j, --json', 'one JSON document').conflicts(['jsonl', 'table']),
    new Option('--jsonl', 'a line of JSON for each reply as it comes').conflicts(['table', 'senders']),
    new Option('--table', 'a table of the replies').conflicts('senders'),
    new Option('--senders', 'only the names of the nodes that answered'),
    new Option('--display <which>', "which replies; else as the action's DDL says").choices([
      'ok',
      'failed',
      'all',
      'none',
    ]),
    new Option('--sort', 'by name, when all have ended'),
    new Option('--np, --no-progress', 'no progress bar'),
  ]);
}

export function withJson(command: Command): Command {
  return addTo(command, groups.output, [new Option('-j, --json', 'one JSON document')]);
}

export function withJsonLines(command: Command): Command {
  return addTo(command, groups.output, [
    new Option('--jsonl', 'a line of JSON for each result as it comes').conflicts('json'),
  ]);
}

/** Adds options under one heading. */
export function addTo(command: Command, group: string, options: readonly Option[]): Command {
  for (const option of options) command.addOption(option.helpGroup(group));
  return command;
}

function secondsOrTime(text: string): number {
  return /[a-z]$/.test(text) ? duration(text) : seconds(text);
}
