import { join } from 'node:path';
import {
  type Agent,
  type DataLookup,
  type Logger,
  openMqtt,
  protocolVersions,
  type Security,
  Topics,
  type Transport,
  TroupeError,
  version,
  type Will,
} from '@troupe/core';

import {
  type Announcement,
  announce,
  endEnrolment,
  type Link,
  offlineWill,
  PauseFile,
} from '@troupe/core/internal';

import { Agents } from './agents/agents.js';
import { builtinData } from './agents/builtin.js';
import { discoveryAgent } from './agents/discovery.js';
import { nodeAgent } from './agents/node-agent.js';
import { Registry } from './agents/registry.js';
import { rpcutilAgent } from './agents/rpcutil.js';
import { Audit } from './audit/audit.js';
import { AuditPublisher } from './audit/audit-publisher.js';
import type { DaemonConfig } from './config.js';
import { type Loss, lossesIn } from './loss.js';
import { ClassSource } from './node/classes.js';
import { hostAddress } from './node/facts.js';
import type { Node } from './node/node.js';
import { presenceRecord } from './node/presence-record.js';
import { instanceOfProcess } from './node/twin-watch.js';
import { Twins } from './node/twins.js';
import { PolicyStore, policyOptionsOf } from './policy/index.js';

import { prepare } from './preparation.js';
import { ActionCounts } from './request/action-counts.js';

import { Admission } from './request/admission.js';
import { ClockSkew } from './request/clock-skew.js';
import { Dispatcher } from './request/dispatcher.js';
import { Jobs } from './request/jobs.js';
import { Replier } from './request/replier.js';
import { RunQueue } from './request/run-queue.js';
import { newStats } from './request/stats.js';
import { Version1Callers } from './request/version1-callers.js';
import { StateFolder } from './state-folder.js';
import type { DaemonStatus } from './status/status.js';
import { statusOf } from './status/status-of.js';

/** A daemon at work. */
export interface Daemon {
  readonly node: Node;
  /** What it keeps of its requests, for the daemon after it. */
  readonly jobs: Jobs;
  /** How it fares now. */
  status(): DaemonStatus;
  /** Begins nothing new, waits for what runs until `patience` aborts (at once without), aborts the rest, sends its replies and takes leave of the broker. */
  close(options?: { patience?: AbortSignal }): Promise<void>;
}

export interface DaemonOptions {
  readonly config: DaemonConfig;
  /** Where the configuration came from; paths of agents are relative to it. */
  readonly configFile: string;
  readonly log: Logger;
  /** Called when an agent asks for a new start with a configuration read again. */
  readonly onReload?: () => void;
  /** Called when something happened that its status tells: the broker came or went, it begins to end. */
  readonly onChange?: () => void;
  /** Ends the start while agents are loaded: it throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** What the daemon before this one kept of its requests. */
  readonly jobs?: Jobs;
  /** What is known already to keep the daemon from starting: named together with what else is found. */
  readonly faults?: readonly TroupeError[];
  /** What the daemon runs without besides what it finds itself, for its status. */
  readonly without?: () => readonly Loss[];
  /** For tests and emulators: agents beside those of the configuration, and another way to a broker. */
  readonly agents?: readonly Agent[];
  readonly connect?: (options: { clientId: string; will: Will; security: Security }) => Transport;
}

/**
 * Loads the agents, and serves until closed, connecting in the background. An agent of the configuration that is at fault is left out.
 * Throws what is wrong with the configuration, all at once, or with a given agent.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const begun: (() => Promise<void>)[] = [];
  try {
    return await start(options, begun);
  } catch (error) {
    for (const end of begun.reverse()) await end();
    throw error;
  }
}

async function start(options: DaemonOptions, begun: (() => Promise<void>)[]): Promise<Daemon> {
  const { config, log, faults = [] } = options;
  const hasTransport = options.connect !== undefined;
  // Throws them all; nothing is written to a folder that others can write.
  if (faults.length > 0) await prepare({ config, log, hasTransport, faults, isTrial: true });
  const stateFolder = new StateFolder(config.state_dir, log);
  const { settings, security, facts } = await prepare({ config, log, hasTransport });
  begun.push(() => facts.close());
  const { identity, mainCollective } = settings;
  const topics = new Topics({ escape: settings.escape });
  const data = new Map<string, DataLookup>();
  const classes = new ClassSource(config.classes_file, log);
  const node: Node = {
    identity,
    version,
    config: { ...config, collectives: settings.collectives },
    configFile: options.configFile,
    mainCollective,
    registry: new Registry(),
    stats: newStats(),
    actions: new ActionCounts(),
    clockSkew: new ClockSkew(),
    version1: new Version1Callers(log),
    startedAt: Date.now(),
    data,
    facts: () => facts.read(),
    classes: () => classes.read(),
  };
  for (const [name, lookup] of Object.entries(builtinData(node))) data.set(name, lookup);
  const { registry } = node;
  const reload = () => options.onReload?.();
  const { acceptReceipt } = security;
  let changed = () => {};
  const agents = new Agents({
    config,
    configFile: options.configFile,
    log,
    registry,
    data,
    node,
    reload,
    changed: () => changed(),
    ...(acceptReceipt && { acceptReceipt }),
  });
  const pause = new PauseFile(join(config.state_dir, 'paused.json'));
  let presence: Announcement | undefined;
  const jobs = options.jobs ?? openJobs(config, log);
  begun.push(async () => jobs.close());
  // Machines that enrol have the agents of the provisioning only.
  const paused = config.security.mode === 'token' ? [] : [nodeAgent(pause, () => void presence?.update())];
  const given = [rpcutilAgent(node), discoveryAgent(node, jobs), ...paused, ...(options.agents ?? [])];
  await agents.load(given, options.signal);
  begun.push(() => agents.close());

  let twins: Twins | undefined;
  let link: () => Link | undefined = () => undefined;
  const record = () =>
    presenceRecord(node, {
      leftOut: agents.leftOut.map(({ what }) => what),
      certificateEnd: security.expires?.(),
      isPaused: pause.read() !== undefined,
      instance: instanceOfProcess,
      address: addressOf(link()),
      twin: twins?.twin && (twins.twin.address ?? 'unknown'),
    });
  const open = (wanted: { clientId: string; will?: Will }) =>
    openMqtt({ ...settings.broker, ...wanted, credentials: security.credentials, log });
  const connect = options.connect ?? open;
  const will = offlineWill(topics, mainCollective, record());
  const transport = connect({ clientId: identity, will, security });
  link = () => transport.link;
  begun.push(() => transport.close());
  const publisher = new AuditPublisher({
    signer: security.signer,
    topics,
    transport,
    collective: mainCollective,
    log,
  });
  const audit = openAudit(config, log, publisher);
  const policies = new PolicyStore({
    ...policyOptionsOf(config),
    refusesUnsafe: true,
    ...(settings.callers && { callers: settings.callers }),
    facts: () => node.facts(),
    actions: (agent) => (agent === 'default' ? allActions(registry) : actionsOf(registry.get(agent))),
    // With a token, those of the finished host are not loaded yet.
    ...(config.security.mode === 'token' ? {} : { agents: () => registry.names() }),
  });
  const { errors, unread, warnings } = policies.check();
  for (const reason of errors) log.error({ reason }, 'invalid policy: every call that it covers is denied');
  for (const reason of unread) log.error({ reason }, 'a file that looks like a policy is not read');
  for (const reason of warnings) log.warn({ reason }, 'policy warning');
  const replier = new Replier({ security, topics, transport, stats: node.stats, log });
  const { concurrency, queue: most } = config.limits;
  const queue = new RunQueue({ concurrency, most });
  const admission = new Admission({ node, security, jobs, queue, policies, pause });
  const dispatcher = new Dispatcher({ node, admission, jobs, queue, replier, audit, log });

  const subscribe = (filter: string, isBroadcast: boolean) =>
    transport.subscribe(filter, (payload) => void dispatcher.receive(payload, { isBroadcast }));
  for (const collective of settings.collectives) await subscribe(topics.node(collective, identity), false);
  await agents.serve(async (agent) => {
    const stops: (() => Promise<void>)[] = [];
    for (const collective of settings.collectives)
      for (const v of protocolVersions) stops.push(await subscribe(topics.agent(collective, agent, v), true));
    return async () => {
      for (const stop of stops) await stop();
    };
  });
  presence = announce({ transport, topics, log }, mainCollective, identity, record);
  // Machines that enrol share an account, which may not read presence; the embedded broker lets in one of each name.
  if (config.security.mode !== 'token') {
    twins = await Twins.open({
      identity,
      collective: mainCollective,
      since: node.startedAt,
      topics,
      transport,
      log,
      // With another client id: that of the node would end the connection of the other machine.
      look: () => {
        const clientId = `${security.signer.name}:look.${instanceOfProcess}`;
        const credentials = { ...security.credentials, clientId };
        return openMqtt({ ...settings.broker, clientId, credentials, log });
      },
      update: () => void presence?.update(),
    });
    begun.push(async () => twins?.close());
  }
  changed = () => {
    void presence.update();
    options.onChange?.();
  };
  transport.onChange?.(() => options.onChange?.());
  let connects = 0;
  transport.onConnect(() => {
    connects += 1;
  });
  // The broker has accepted its certificate: the way back to the token is not needed any more.
  if (config.security.mode === 'x509') transport.onConnect(() => endEnrolment(config.state_dir, log));
  let state: DaemonStatus['state'] = 'running';
  const without = () => [
    ...(options.without?.() ?? []),
    ...stateLosses(stateFolder, jobs),
    ...lossesIn({ 'audit.file': audit?.fault }),
    ...agents.leftOut.map(({ what, reason }) => ({ kind: 'agent', what: `the agent ${what}`, reason })),
    ...facts
      .status()
      .faults.map(({ source, reason }) => ({ kind: 'facts', what: `facts of ${source}`, reason })),
    // Those that were corrected since are not broken any more.
    ...(errors.length === 0
      ? []
      : policies.check().errors.map((reason) => ({ kind: 'policy', what: 'a policy', reason }))),
  ];
  log.info({ identity, collectives: settings.collectives, agents: node.registry.names() }, 'ready');

  return {
    node,
    jobs,
    status: () =>
      statusOf({
        state,
        node,
        transport,
        connects,
        security,
        jobs,
        queue,
        facts,
        twin: twins?.twin,
        pause: pause.read(),
        without: without(),
      }),
    close: async ({ patience = AbortSignal.abort() } = {}) => {
      state = 'ending';
      options.onChange?.();
      admission.beginNothing();
      await drained(jobs, patience);
      for (const job of jobs.running())
        job.abort.abort(new TroupeError('NOT_CONNECTED', 'the daemon of this node is shutting down'));
      await drained(jobs, AbortSignal.timeout(1000));
      await agents.close();
      await facts.close();
      await replier.idle();
      await publisher.idle();
      twins?.close();
      await presence?.leave({ forget: config.security.mode === 'token' });
      await transport.close();
      jobs.close();
      audit?.close();
      state = 'ended';
    },
  };
}

// A broker on the same host says nothing about which host it is.
function addressOf(link: Link | undefined): string | undefined {
  const isOfHost = link?.address !== undefined && !/^(127\.|::1$|::ffff:127\.)/.test(link.address);
  return isOfHost ? link.address : hostAddress();
}

// A folder that cannot be written has no record of requests, either.
function stateLosses({ fault }: StateFolder, jobs: Jobs): readonly Loss[] {
  return lossesIn(fault === undefined ? { 'mutating requests': jobs.fault } : { state_dir: fault });
}

function allActions(registry: Registry): readonly string[] {
  return [...new Set(registry.all().flatMap((agent) => actionsOf(agent) ?? []))];
}

function actionsOf(agent: ReturnType<Registry['get']>): readonly string[] | undefined {
  return agent?.compiled.ddl.actions.map(({ action }) => action);
}

function openAudit(config: DaemonConfig, log: Logger, publisher: AuditPublisher): Audit | undefined {
  const { file, max_bytes: maxBytes, keep, events } = config.audit;
  if (file !== undefined) {
    const onLine = events ? (line: string) => publisher.publish(line) : undefined;
    return new Audit(file, { maxBytes, keep, log, isAnchored: true, ...(onLine && { onLine }) });
  }
  return undefined;
}

function openJobs({ state_dir: folder, limits }: DaemonConfig, log: Logger): Jobs {
  return new Jobs({
    file: join(folder, 'requests.jsonl'),
    keepSeconds: limits.keep_replies,
    most: limits.keep_requests,
    mostBytes: limits.keep_bytes,
    mostIds: limits.keep_ids,
    log,
  });
}

async function drained(jobs: Jobs, patience: AbortSignal): Promise<void> {
  while (jobs.running().length > 0 && !patience.aborted)
    await new Promise((resolve) => setTimeout(resolve, 20));
}
