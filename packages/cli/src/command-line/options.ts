import type { Share } from '@troupe/client';
import { type Command, Option } from 'commander';
import { failures, gather, pause, seconds, share, whole } from './values.js';

/** The options of every command. */
export interface GlobalOptions {
  readonly config?: string;
  readonly verbose?: true;
  readonly quiet?: true;
  readonly color: boolean;
}

/** Which nodes a command addresses. */
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

/** How nodes are discovered. */
export interface DiscoveryOptions {
  readonly discoveryTimeout?: number;
  readonly nodes?: string;
  readonly discoveryMethod?: string;
  readonly discoveryOption?: readonly string[];
  /** MCollective's long spellings of these two. */
  readonly discMethod?: string;
  readonly discOption?: readonly string[];
}

/** How many of the discovered nodes are called. */
export interface LimitOptions {
  readonly limit?: Share;
  /** MCollective's other spelling of it. */
  readonly limitNodes?: Share;
  readonly limitSeed?: number;
  readonly one?: true;
}

/** How many nodes are called at a time, and when no more are called. */
export interface VolumeOptions extends LimitOptions {
  readonly batch?: Share;
  readonly batchSleep?: number;
  readonly maxFailures?: Share;
}

/** How long nodes may take. */
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

/** The forms of a duration, for the descriptions of options. */
export const durationText = 'seconds, or 90s, 5m, 1h';

export function withGlobal(command: Command): Command {
  return addTo(command, groups.general, [
    new Option(
      '-c, --config <file>',
      'client configuration file (default: the environment variable TROUPE_CONFIG, else ~/.config/troupe/client.yaml or /etc/troupe/client.yaml)',
    ),
    new Option('-v, --verbose', 'print more details, and a stack trace with each error'),
    new Option('-q, --quiet', 'print only data, warnings and errors'),
    new Option(
      '--no-color',
      'disable colors, as the environment variable NO_COLOR does (FORCE_COLOR enables them)',
    ),
  ]);
}

export function withTarget(command: Command): Command {
  return addTo(command, groups.filter, [
    new Option(
      '-T, --target <collective>',
      'collective, a named group of nodes (default: the first one in the configuration)',
    ),
  ]);
}

/** The options of a filter that need no network. */
export function withConditions(command: Command): Command {
  const list = (flags: string, text: string) => new Option(flags, text).argParser(gather);
  return addTo(command, groups.filter, [
    list(
      '-F, --with-fact <fact=value>',
      'match a fact, with one of = != =~ !~ < <= > >=; the value can be a /regex/; use dots for nested facts (os.family)',
    ),
    list('-C, --with-class <class>', 'match a class or a /regex/'),
    list('-A, --with-agent <agent>', 'match an agent or a /regex/'),
    list('-I, --with-identity <identity>', 'match an identity or a /regex/; repeat to match any of several'),
    list('-W, --with <words>', 'match facts and classes in one argument, separated by spaces'),
    list('-S, --select <expression>', 'match a compound filter: and, or, not, parentheses, data functions'),
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
    new Option(
      '--dt, --discovery-timeout <duration>',
      `wait this long for nodes to respond to discovery: ${durationText} (default: until all online nodes have responded)`,
    ).argParser(seconds),
    new Option(
      '--nodes <file>',
      'read node names from this file: lines, JSON (also from mco rpc --json) or YAML; - for standard input',
    ).conflicts(['discoveryMethod', 'discMethod']),
    new Option(
      '--dm, --discovery-method <name>',
      'discovery method: broadcast, presence, flatfile, stdin, inventory, puppetdb, external; see mco help discovery',
    ),
    new Option('--do, --discovery-option <k=v>', 'option of the discovery method; repeatable').argParser(
      gather,
    ),
    new Option('--disc-method <method>', '').hideHelp(),
    new Option('--disc-option <name=value>', '').argParser(gather).hideHelp(),
  ]);
}

export function withLimit(command: Command): Command {
  return addTo(command, groups.discovery, [
    new Option('--limit <n|n%>', 'select at most this many nodes at random').argParser(share),
    new Option('--ln, --limit-nodes <n|n%>', '').argParser(share).hideHelp(),
    new Option('--limit-seed <n>', 'seed for --limit: the same seed selects the same nodes').argParser(whole),
    new Option('-1, --one', 'select only the first node that is found').conflicts([
      'limit',
      'limitNodes',
      'limitSeed',
    ]),
  ]);
}

export function withVolume(command: Command): Command {
  return addTo(withLimit(command), groups.request, [
    new Option('--batch <n|n%>', 'number of nodes to call at a time (default: all)').argParser(share),
    new Option('--batch-sleep <duration>', `wait between batches: ${durationText} (default: 1s)`).argParser(
      pause,
    ),
    new Option(
      '--max-failures <n|n%>',
      'stop sending batches after more than this many failures (default: no limit)',
    ).argParser(failures),
  ]);
}

export function withTime(command: Command): Command {
  return addTo(command, groups.request, [
    new Option(
      '-t, --timeout <duration>',
      `how long the action may run: ${durationText} (default and maximum: the timeout in its DDL, the description of the agent)`,
    ).argParser(seconds),
    new Option(
      '--ttl <duration>',
      `how long a node may take to start the action, after which the request expires: ${durationText} (default: 60s)`,
    ).argParser(seconds),
  ]);
}

export function withOutput(command: Command): Command {
  return addTo(command, groups.output, [
    new Option('-j, --json', 'print one JSON document').conflicts(['jsonl', 'table']),
    new Option('--jsonl', 'print each reply as a line of JSON when it arrives').conflicts([
      'table',
      'senders',
    ]),
    new Option('--table', 'print the replies as a table').conflicts('senders'),
    new Option('--senders', 'print only the names of the nodes that replied'),
    new Option('--display <which>', "replies to show (default: as the action's DDL specifies)").choices([
      'ok',
      'failed',
      'all',
      'none',
    ]),
    new Option('--sort', 'print the replies sorted by node name, after all have arrived'),
    new Option('--np, --no-progress', 'do not show a progress bar'),
  ]);
}

export function withJson(command: Command): Command {
  return addTo(command, groups.output, [new Option('-j, --json', 'print one JSON document')]);
}

export function withJsonLines(command: Command): Command {
  return addTo(command, groups.output, [
    new Option('--jsonl', 'print each result as a line of JSON when it arrives').conflicts('json'),
  ]);
}

/** Adds options under one heading. */
export function addTo(command: Command, group: string, options: readonly Option[]): Command {
  for (const option of options) command.addOption(option.helpGroup(group));
  return command;
}
