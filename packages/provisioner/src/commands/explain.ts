import { certificateDetailsOf, type NodeRecord } from '../node/node-record.js';
import { StepFailure } from '../rpc/failure.js';
import { arrivalsNamed } from './arrivals-named.js';
import { ExitCode } from './exit-code.js';
import { findAny } from './find-node.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { isTelling, type KnownArrival, reasonOfArrival } from './known-arrivals.js';
import { withSession } from './session.js';
import { stateOf } from './state.js';
import { askProvisioners, wordsOfOwed } from './status.js';
import { table } from './table.js';

/**
 * `mcprovision explain NODE`: the provisioning history of the node, as recorded on the node; what provisioners know if it
 * does not reply.
 */
export function explain(
  io: Io,
  given: string,
  options: { config?: string; json?: boolean },
): Promise<ExitCode> {
  return withSession(io, options.config, async ({ client, config, peers }) => {
    const [found, { provisioners, known: machines }] = await Promise.all([
      findAny(given, peers).catch(unlessSilent),
      askProvisioners(io, { client, config, peers }),
    ]);
    const arrivals = arrivalsNamed(machines, given);
    if (found instanceof StepFailure) {
      if (arrivals.length === 0 || found.kind !== 'unreachable') throw found;
      if (options.json)
        io.out(jsonLine({ identity: given, ...stateOfArrival(arrivals), record: null, arrivals }));
      else io.out(`${arrivals.map(wordsOfArrival).join('')}  ${found.message}\n`);
      return ExitCode.ok;
    }
    const { name: identity } = found;
    if (!('record' in found)) {
      const reason =
        'it has no provision agent: its provisioning has ended, and its history is in the logs of the provisioners';
      if (options.json) io.out(jsonLine({ identity, collective: found.collective, state: 'done', reason }));
      else io.out(`${identity} in ${found.collective}: done\n  ${reason}\n`);
      return ExitCode.ok;
    }
    const { node, record } = found;
    const names = [identity, node.identity, certificateDetailsOf(record).certname];
    const debts = provisioners
      .flatMap((provisioner) => provisioner.debts)
      .filter((debt) => names.includes(debt.identity) || names.includes(debt.certname));
    if (options.json) {
      const known = { ...stateOf(record), record, debts, arrivals };
      io.out(jsonLine({ identity, node: node.identity, collective: node.collective, ...known }));
      return ExitCode.ok;
    }
    const { state, since, reason } = stateOf(record);
    io.out(`${identity} in ${node.collective}: ${state}${since === undefined ? '' : ` since ${since}`}\n`);
    if (reason !== undefined) io.out(`  ${reason}\n`);
    if (node.identity !== identity) io.out(`  identity until it has a certificate: ${node.identity}\n`);
    io.out(detailsOf(record));
    for (const arrival of arrivals)
      if (isTelling(arrival, state)) io.out(`  provisioner: ${wordsOfArrival(arrival)}`);
    for (const debt of debts) io.out(`  ${wordsOfOwed(debt)}\n`);
    io.out(historyOf(record, io.columns));
    return ExitCode.ok;
  });
}

function unlessSilent(error: unknown): StepFailure {
  if (error instanceof StepFailure) return error;
  throw error;
}

function stateOfArrival([arrival]: readonly KnownArrival[]) {
  const { collective, state, reason, since } = arrival ?? {};
  return { collective, state, reason, since };
}

function wordsOfArrival(arrival: KnownArrival): string {
  const { identity, collective, state, since } = arrival;
  return `${identity} in ${collective}: ${state} since ${since}\n  ${reasonOfArrival(arrival)}\n`;
}

function detailsOf({ master, lease, run, damaged, isOwed }: NodeRecord): string {
  const lines = [
    master
      ? `master: ${master.identity ?? 'unknown'} (${master.address ?? 'no address'}): ${master.reason ?? ''}`
      : '',
    lease ? `lease: held by ${lease.owner} until ${lease.expires}` : '',
    isOwed ? 'notification: not sent yet' : '',
    run?.running ? `Puppet run in progress: ${run.stage} since ${run.since} (${run.id})` : '',
    damaged ? `damaged record: ${damaged.reason}; kept as ${damaged.file}` : '',
  ];
  return lines
    .filter((line) => line !== '')
    .map((line) => `  ${line}\n`)
    .join('');
}

function historyOf({ history }: NodeRecord, width: number | undefined): string {
  if (history.length === 0) return '  no history yet\n';
  const rows = history.map(({ time, step, attempt, outcome, seconds, owner, reason }) => [
    time,
    step,
    attempt === null ? '' : `#${attempt}`,
    outcome,
    seconds === null ? '' : `${seconds.toFixed(1)} s`,
    owner ?? '',
    reason ?? '',
  ]);
  return table([['TIME', 'STEP', 'ATTEMPT', 'OUTCOME', 'DURATION', 'OWNER', 'REASON'], ...rows], width);
}
