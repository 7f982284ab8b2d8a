import type { Event } from '@troupe/client';
import { naturalOrder, unknownCaller, wordsOfPause } from '@troupe/core/internal';
import provisionerDdl from '@troupe/ddl/provisioner.json' with { type: 'json' };
import { eventKind } from '../events/event-publisher.js';
import type { StatusPage } from '../monitoring/status-page.js';
import { fullNameOf } from '../node/full-name.js';
import { type NodeRecord, readRecord } from '../node/node-record.js';
import { wordsOfClock } from '../rpc/node-clocks.js';
import { ExitCode } from './exit-code.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { arrivalsHere, isTelling, type KnownArrival, merged, reasonOfArrival } from './known-arrivals.js';
import { provisionerHosts } from './provisioner-hosts.js';
import { type CommandSession, withSession } from './session.js';
import { type NodeState, stateOf } from './state.js';
import { table } from './table.js';

export interface StatusOptions {
  readonly config?: string;
  readonly all?: boolean;
  /** Seconds between refreshes; `true` for the default. */
  readonly watch?: number | true;
  readonly json?: boolean;
}

interface Line extends Omit<NodeState, 'state'> {
  /** For people: see {@link fullNameOf}. */
  readonly identity: string;
  /** The identity under which it is called. */
  readonly node: string;
  readonly state: string;
  readonly collective: string;
  readonly master: string | undefined;
  readonly owner: string | undefined;
}

/** A host with a provisioner, as its agent reports it. */
interface ProvisionerLine {
  readonly host: string;
  readonly running: boolean;
  /** Description of the pause, if it is paused. */
  readonly paused: string | undefined;
  readonly inHand: number;
  readonly mastersAway: Owed['masters_away'];
  readonly debts: Owed['debts'];
  readonly debtsTotal: number;
  readonly notifications: StatusPage['notifications'] | undefined;
  readonly arrivals: readonly KnownArrival[];
}

type Owed = Pick<StatusPage, 'masters_away' | 'debts'>;

interface Snapshot {
  readonly nodes: readonly Line[];
  readonly silent: readonly string[];
  readonly provisioners: readonly ProvisionerLine[];
}

const usualSeconds = 5;
/** Milliseconds in which several events cause one refresh. */
const settle = 200;

/**
 * `mcprovision status`: every node that has a provision agent, and its progress, and the machines that provisioners know
 * and that do not reply; with `watch`, repeatedly.
 */
export function status(io: Io, options: StatusOptions): Promise<ExitCode> {
  return withSession(io, options.config, async (session) => {
    if (options.watch === undefined) {
      show(io, await snapshotOf(io, session, options), options);
      return ExitCode.ok;
    }
    const seconds = options.watch === true ? usualSeconds : options.watch;
    await watch(io, session, { ...options, seconds });
    return ExitCode.ok;
  });
}

async function watch(io: Io, session: CommandSession, options: StatusOptions & { seconds: number }) {
  const stop = new AbortController();
  let wake = () => {};
  // Events that arrive while a snapshot is taken appear in the next one.
  let isOld = false;
  const stopListening = io.onSignal(() => {
    stop.abort();
    wake();
  });
  const onEvent = ({ kind }: Event) => {
    if (kind !== eventKind || isOld) return;
    isOld = true;
    setTimeout(() => wake(), settle);
  };
  const unsubscribe = await session.client.onEvent(onEvent, session.peers.main);
  try {
    while (!stop.signal.aborted) {
      isOld = false;
      const snapshot = await snapshotOf(io, session, options);
      if (!options.json && io.isScreen) io.clear();
      show(io, snapshot, options);
      if (!options.json && !io.isScreen) io.out('\n');
      if (stop.signal.aborted) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, options.seconds * 1000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (isOld) setTimeout(() => wake(), settle);
      });
    }
  } finally {
    stopListening();
    await unsubscribe();
  }
}

async function snapshotOf(io: Io, session: CommandSession, { all }: StatusOptions): Promise<Snapshot> {
  const { enrolment, main } = session.peers;
  const collectives = all && main !== enrolment ? [enrolment, main] : [enrolment];
  const [{ provisioners, known }, ...found] = await Promise.all([
    askProvisioners(io, session),
    ...collectives.map((collective) => linesOf(session, collective)),
  ]);
  const nodes = withArrivals(
    found.flatMap((each) => each.lines),
    known,
  );
  const named = new Set(nodes.map(({ node }) => node));
  return {
    nodes,
    silent: found.flatMap((each) => each.silent).filter((identity) => !named.has(identity)),
    provisioners,
  };
}

// A node that cannot say what keeps it, or does not reply, has its state from a provisioner.
function withArrivals(lines: readonly Line[], known: readonly KnownArrival[]): readonly Line[] {
  const byName = new Map(lines.map((line) => [line.node, line]));
  const shown = new Map<string, Line>(lines.map((line) => [line.node, line]));
  for (const arrival of known) {
    const line = byName.get(arrival.identity);
    if (line && !isTelling(arrival, line.state)) continue;
    const { identity, collective, state, since } = arrival;
    const nothing = { step: undefined, master: undefined, owner: undefined };
    const key = state === 'refused' ? `${identity} ${arrival.address}` : identity;
    shown.set(key, {
      ...nothing,
      identity,
      node: identity,
      ...line,
      collective,
      state,
      since,
      reason: reasonOfArrival(arrival),
    });
  }
  return [...shown.values()].sort((a, b) => naturalOrder(a.identity, b.identity));
}

/** The provisioners, and the machines that they and the one on this host know. */
export async function askProvisioners(
  io: Pick<Io, 'page'>,
  session: Pick<CommandSession, 'client' | 'config' | 'peers'>,
): Promise<{ readonly provisioners: readonly ProvisionerLine[]; readonly known: readonly KnownArrival[] }> {
  const [provisioners, here] = await Promise.all([provisionersOf(session), arrivalsHere(io, session.config)]);
  return { provisioners, known: merged([...here, ...provisioners.flatMap(({ arrivals }) => arrivals)]) };
}

/** The provisioners of the network, as their agents report them. */
async function provisionersOf({
  client,
  peers,
}: Pick<CommandSession, 'client' | 'peers'>): Promise<readonly ProvisionerLine[]> {
  const nodes = await provisionerHosts(client, peers.main);
  if (nodes.length === 0) return [];
  const options = { targets: nodes, collective: peers.main, answerWithin: 5 };
  const results = await client.agent(provisionerDdl).status({}, options).all();
  return results.map(({ sender: host, ok, data }) => {
    const { by, since, reason } = data;
    const pause = { by: by ?? unknownCaller, since: since ?? '', reason: reason ?? '' };
    return {
      host,
      running: ok && data.running === true,
      paused: data.paused ? wordsOfPause(pause) : undefined,
      inHand: data.nodes?.length ?? 0,
      mastersAway: (data.masters_away ?? []) as Owed['masters_away'],
      debts: (data.debts ?? []) as Owed['debts'],
      debtsTotal: data.debts_total ?? 0,
      notifications: (data.notifications ?? undefined) as StatusPage['notifications'] | undefined,
      arrivals: (data.arrivals ?? []) as readonly KnownArrival[],
    };
  });
}

async function linesOf({ client, config, peers }: CommandSession, collective: string) {
  const filter = client.filter({ agents: [config.target.agent] });
  const { nodes, silent, refused = [] } = await client.discover({ collective, filter });
  // Those that refuse a request to all say why if they are asked themselves.
  const targets = [...nodes, ...refused.map(({ sender }) => sender)];
  const results = await peers.provision.status({}, { targets, collective, answerWithin: 5 }).all();
  const lines = results.flatMap(({ ok, sender, state, data, clockOffset }): Line[] => {
    if (ok) return [lineOf(sender, collective, readRecord(data))];
    if (state !== 'expired' || clockOffset === undefined) return [];
    const nothing = { step: undefined, since: undefined, master: undefined, owner: undefined };
    const reason = `${wordsOfClock(clockOffset)}: check NTP on it`;
    return [{ identity: sender, node: sender, collective, state: 'clock-wrong', reason, ...nothing }];
  });
  const named = new Set(lines.map(({ node }) => node));
  const mute = results.filter(({ sender }) => !named.has(sender)).map(({ sender }) => sender);
  return { lines: lines.sort((a, b) => naturalOrder(a.identity, b.identity)), silent: [...silent, ...mute] };
}

function lineOf(identity: string, collective: string, record: NodeRecord): Line {
  return {
    identity: fullNameOf(identity, record.certname),
    node: identity,
    collective,
    ...stateOf(record),
    master: record.master?.identity ?? undefined,
    owner: record.lease?.owner,
  };
}

function show(io: Io, snapshot: Snapshot, { json }: StatusOptions): void {
  if (json) io.out(jsonLine(snapshot));
  else io.out(screenOf(snapshot, io.columns));
}

function screenOf({ nodes, silent, provisioners }: Snapshot, width: number | undefined): string {
  const rows = nodes.map(({ identity, state, step, master, since, reason }) => [
    identity,
    state,
    step ?? '-',
    master ?? '-',
    since ?? '-',
    reason ?? '',
  ]);
  const head = ['NODE', 'STATE', 'STEP', 'MASTER', 'SINCE', ''];
  const body = nodes.length > 0 ? table([head, ...rows], width) : 'no nodes with a provision agent found\n';
  const mute = silent.length > 0 ? `online, but did not reply: ${silent.join(', ')}\n` : '';
  return `${provisioners.map(wordsOfProvisioner).join('')}${body}${mute}`;
}

/** Debts that are listed for each provisioner; `--json` has more. */
const mostDebts = 10;

function wordsOfProvisioner(line: ProvisionerLine): string {
  const { host, running, paused, inHand, mastersAway, debts, debtsTotal, notifications } = line;
  const what = running
    ? `${inHand} ${inHand === 1 ? 'node' : 'nodes'} in progress`
    : 'not running, or not responding';
  const shown = debts.slice(0, mostDebts);
  const more = debtsTotal - shown.length;
  return [
    `provisioner on ${host}: ${paused === undefined ? what : `${what}, ${paused}`}`,
    ...wordsOfNotifications(notifications),
    ...mastersAway.map(({ identity, since }) => `  master ${identity} does not reply since ${since}`),
    ...shown.map((debt) => `  ${wordsOfOwed(debt)}`),
    ...(more > 0 ? [`  … and ${more} more, see --json and the metric troupe_provisioner_debts`] : []),
    '',
  ].join('\n');
}

function wordsOfNotifications(notifications: ProvisionerLine['notifications']): readonly string[] {
  if (!notifications || notifications.waiting === 0) return [];
  const { waiting, oldest_since: since, reason } = notifications;
  const what = waiting === 1 ? '1 notification waits' : `${waiting} notifications wait`;
  return [`  ${what} since ${since ?? 'a moment ago'}${reason === null ? '' : `: ${reason}`}`];
}

/** Describes a cleaning of a CA that is still to be done. */
export function wordsOfOwed({ certname, master, since, reason }: Owed['debts'][number]): string {
  return `to be cleaned on ${master}: ${certname}, since ${since}: ${reason}`;
}
