import { dirname, resolve } from 'node:path';
import { type ClientConfig, clientSchema, findClientConfig, loadClientConfig } from '@troupe/client';
import {
  type ConfigOf,
  checkConfig,
  compilePattern,
  type Expression,
  type Filter,
  type LogFormat,
  type LogLevel,
  loadConfig,
  parseConfig,
  TroupeError,
} from '@troupe/core';
import type { HttpAddress } from '@troupe/core/internal/metrics';
import { readExpression, readFilter } from './expression.js';
import { type Hook, readHooks } from './hooks.js';
import { type PolicyConfig, readPolicy } from './policy.js';
import { type FallbackConfig, readFallback, readRecipients } from './recipients.js';
import { readStepActions, type StepActions } from './replacements.js';
import { provisionerSchema } from './schema.js';
import { isOn, readSwitches, type Switches } from './switches.js';

/** An agent, and the nodes on which it is called. */
export interface Role {
  readonly agent: string;
  /** The agent's name is part of it. */
  readonly filter: Filter;
}

/** Settings of one step; each step has defaults. */
export interface StepSettings {
  /** Seconds. */
  readonly timeout?: number;
  readonly attempts?: number;
  /** The step is skipped on nodes that do not match this. */
  readonly condition?: { readonly text: string; readonly expression: Expression };
  /** Puppet's environment, for the two runs. */
  readonly environment?: string;
}

/** The configuration of `mcprovision`, complete with its defaults. */
export interface ProvisionerConfig {
  readonly steps: Switches;
  /** Actions of the site that do the work of built-in steps. */
  readonly stepActions: StepActions;
  readonly stepSettings: Readonly<Partial<Record<string, StepSettings>>>;
  readonly hooks: readonly Hook[];
  readonly master: Role & {
    readonly criteria: readonly string[];
    readonly addressFact?: string;
    /** Seconds for which a master that is away is waited for, instead of another one. */
    readonly fallbackSeconds: number;
  };
  readonly target: Role & { readonly addressFact?: string };
  readonly notify: Role & {
    readonly targets: readonly string[];
    /** Notifications that are sent singly within an hour. */
    readonly singles: number;
    /** Seconds without progress of a machine after which people are told. */
    readonly stuckAfterSeconds: number;
    /** How notifications are sent without a notifier. */
    readonly fallback?: FallbackConfig;
  };
  /** Seconds between searches for nodes whose arrival was missed. */
  readonly sleeptime: number;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat; readonly file?: string };
  readonly daemonize: boolean;
  readonly pidFile: string;
  /** While this file exists, no new nodes are started. */
  readonly pauseFile: string;
  /** Where the names of hosts that were seen are kept. */
  readonly journalFile: string;
  /** Where metrics and status are served; nowhere when absent. */
  readonly http?: HttpAddress;
  /** A file with the metrics, if there is one, and the seconds between two writes. */
  readonly metrics: { readonly textfile?: string; readonly interval: number };
  /** Whether events are published on the network. */
  readonly publishesEvents: boolean;
  readonly collectives: { readonly enrolment: string; readonly main: string };
  /** Nodes that are provisioned at the same time. */
  readonly workers: number;
  readonly limitPerMaster: number;
  /** Seconds that the lease of a node lasts from its last renewal. */
  readonly leaseSeconds: number;
  /** Failures of one step after which a node is put in quarantine. */
  readonly attempts: number;
  /** Seconds before a failed step is tried again, at first and at most. */
  readonly backoff: { readonly first: number; readonly most: number };
  /** Names that are never cleaned, signed or given to a node. */
  readonly isProtected: (name: string) => boolean;
  /** Which nodes may be provisioned. */
  readonly policy: PolicyConfig;
  readonly client: ClientConfigSource;
  /** What a reader of the file should know about its meaning. */
  readonly notes: readonly string[];
  /** What does not work any more, and what to use instead. */
  readonly warnings: readonly string[];
}

/** Where the client's configuration comes from: a file, or this file's own sections. */
export type ClientConfigSource = { readonly file: string | undefined } | { readonly inline: ClientConfig };

type RawConfig = ConfigOf<typeof provisionerSchema>;
type RawRole = RawConfig['target'];

/** Reads `provisioner.yaml`, one of 2010 or of today. Throws FILE_UNREADABLE or CONFIG_INVALID. */
export function loadProvisionerConfig(file: string): ProvisionerConfig {
  return complete(loadConfig(file, provisionerSchema), file);
}

/** The configuration out of a YAML text, for tests and embedding. Throws CONFIG_INVALID. */
export function parseProvisionerConfig(text: string, where = 'the configuration'): ProvisionerConfig {
  return complete(parseConfig(text, provisionerSchema, where), where);
}

/** Whether people are notified at all. */
export function notifiesPeople({ steps, notify }: Pick<ProvisionerConfig, 'steps' | 'notify'>): boolean {
  return steps.notify && (notify.targets.length > 0 || notify.fallback !== undefined);
}

/** The client's configuration that a provisioner's names or holds. Throws FILE_UNREADABLE or CONFIG_INVALID. */
export function clientConfigOf({ client }: ProvisionerConfig): ClientConfig {
  return 'inline' in client ? client.inline : loadClientConfig(findClientConfig(client.file));
}

function complete(raw: RawConfig, where: string): ProvisionerConfig {
  const notes: string[] = [];
  const steps = readSwitches(raw.steps, where, notes);
  const { targets, warnings } = readRecipients(raw.notify, where);
  if (steps.notify && (raw.notify.targets ?? []).length === 0 && !raw.notify.fallback)
    notes.push('notify.targets is empty: no notifications are sent');
  if (raw.backoff.first > raw.backoff.most) {
    throw new TroupeError('CONFIG_INVALID', `${where}: backoff.first is greater than backoff.most`);
  }
  return Object.freeze({
    steps,
    stepActions: readStepActions(raw.steps, where),
    stepSettings: readStepSettings(raw, where),
    hooks: readHooks(raw.hooks ?? [], where),
    master: {
      ...roleOf(raw.master, 'master', where),
      criteria: raw.master.criteria ?? [],
      ...addressFactOf(raw.master),
      fallbackSeconds: raw.master.fallback,
    },
    target: { ...roleOf(raw.target, 'target', where), ...addressFactOf(raw.target) },
    notify: {
      ...roleOf(notifierOf(raw.notify, notes), 'notify', where),
      targets,
      singles: raw.notify.singles,
      stuckAfterSeconds: raw.notify.stuck_after,
      ...(raw.notify.fallback ? { fallback: readFallback(raw.notify.fallback, where) } : {}),
    },
    sleeptime: raw.sleeptime,
    log: {
      level: raw.loglevel,
      format: raw.logformat,
      ...(raw.logfile === undefined ? {} : { file: raw.logfile }),
    },
    daemonize: isOn(raw.daemonize),
    pidFile: raw.pid_file,
    pauseFile: raw.pause_file,
    journalFile: raw.journal,
    metrics: raw.metrics,
    ...(raw.http.enabled ? { http: { address: raw.http.address, port: raw.http.port } } : {}),
    publishesEvents: raw.events,
    collectives: raw.collectives,
    workers: raw.workers,
    limitPerMaster: raw.limit_per_master,
    leaseSeconds: raw.lease,
    attempts: raw.attempts,
    backoff: raw.backoff,
    isProtected: readNames(raw.protected ?? [], `${where}: protected`),
    policy: readPolicy(raw.policy, where),
    client: readClient(raw, where),
    notes,
    warnings,
  });
}

function roleOf({ agent, filter }: RawRole, section: string, where: string): Role {
  return { agent, filter: readFilter(filter?.trim() ?? '', `${where}: ${section}.filter`, [agent]) };
}

function addressFactOf({ ipaddress_fact: fact }: RawRole) {
  return fact === undefined ? {} : { addressFact: fact };
}

function notifierOf<R extends RawRole>(raw: R, notes: string[]): R {
  if (raw.agent !== 'angelianotify') return raw;
  notes.push('notify.agent angelianotify is now called notify: the agent notify is used');
  return { ...raw, agent: 'notify' };
}

function readStepSettings({ step_settings }: RawConfig, where: string) {
  const settings = Object.entries(step_settings).map(([name, { condition: text, ...rest }]) => {
    if (text === undefined) return [name, rest] as const;
    const expression = readExpression(text, `${where}: step_settings.${name}.condition`);
    return [name, { ...rest, condition: { text, expression } }] as const;
  });
  return Object.fromEntries(settings);
}

function readNames(patterns: readonly string[], where: string): (name: string) => boolean {
  const compiled = patterns.map((pattern) => compilePattern(pattern, where));
  return (name) => compiled.some((pattern) => pattern.test(name));
}

function readClient(raw: RawConfig, where: string): ClientConfigSource {
  const { client, broker, security, topics, connect_timeout } = raw;
  const own = { broker, security, topics, connect_timeout };
  const inline = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const keys = Object.keys(inline);
  if (keys.length === 0) {
    // Relative to the configuration, as mcod takes the paths of its agents.
    return { file: client === undefined ? undefined : resolve(dirname(where), client) };
  }
  if (client !== undefined) {
    throw new TroupeError(
      'CONFIG_INVALID',
      `${where}: client cannot be combined with ${keys.join(', ')}: remove client or the other keys`,
    );
  }
  const collectives = [...new Set([raw.collectives.main, raw.collectives.enrolment])];
  return { inline: checkConfig({ ...inline, collectives }, clientSchema, where) };
}
