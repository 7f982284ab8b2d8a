import { type NodeRecord, readRecord } from '../node-record.js';
import { ExitCode } from './exit-code.js';
import type { Io } from './io.js';
import { type CommandSession, withSession } from './session.js';
import { type NodeState, stateOf } from './state.js';
import { table } from './table.js';

interface Line extends NodeState {
  readonly identity: string;
  readonly collective: string;
  readonly master: string | undefined;
  readonly owner: string | undefined;
}

/** `mcprovision status`: every node that has a provision agent, and how far it is. */
export function status(
  io: Io,
  options: { config?: string; all?: boolean; json?: boolean },
): Promise<ExitCode> {
  return withSession(io, options.config, async (session) => {
    const { enrolment, main } = session.peers;
    const collectives = options.all && main !== enrolment ? [enrolment, main] : [enrolment];
    const found = await Promise.all(collectives.map((collective) => linesOf(session, collective)));
    const lines = found.flatMap((each) => each.lines);
    const silent = found.flatMap((each) => each.silent);
    if (options.json) io.out(`${JSON.stringify({ nodes: lines, silent })}\n`);
    else io.out(screenOf(lines, silent));
    return ExitCode.ok;
  });
}

async function linesOf({ client, config, peers }: CommandSession, collective: string) {
  const filter = client.filter({ agents: [config.target.agent] });
  const { nodes, silent } = await client.discover({ collective, filter });
  const results = await peers.provision.status({}, { targets: nodes, collective, answerWithin: 5 }).all();
  const lines = results.flatMap(({ ok, sender, data }) => {
    return ok ? [lineOf(sender, collective, readRecord(data))] : [];
  });
  const mute = results.filter(({ ok }) => !ok).map(({ sender }) => sender);
  return { lines: lines.sort((a, b) => (a.identity < b.identity ? -1 : 1)), silent: [...silent, ...mute] };
}

function lineOf(identity: string, collective: string, record: NodeRecord): Line {
  return {
    identity,
    collective,
    ...stateOf(record),
    master: record.master?.identity ?? undefined,
    owner: record.lease?.owner,
  };
}

function screenOf(lines: readonly Line[], silent: readonly string[]): string {
  const rows = lines.map(({ identity, state, step, master, since, reason }) => [
    identity,
    state,
    step ?? '-',
    master ?? '-',
    since ?? '-',
    reason ?? '',
  ]);
  const head = ['NODE', 'STATE', 'STEP', 'MASTER', 'SINCE', ''];
  const body = lines.length > 0 ? table([head, ...rows]) : 'no node waits to be provisioned\n';
  return silent.length > 0 ? `${body}online, but silent: ${silent.join(', ')}\n` : body;
}
