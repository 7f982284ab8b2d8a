import type { Session } from '@troupe/client/application';
import type { ActionOf, DataOf } from '@troupe/core';
import ddl from '@troupe/ddl/puppetd.json' with { type: 'json' };
import { call, collect, isConfirmed, show } from './call.js';
import { ExitCode } from './exit.js';
import { isFailure } from './outcome.js';

type Status = DataOf<ActionOf<typeof ddl, 'status'>>;

/** Shows the status of each Puppet agent on a line. */
export async function showStatus(session: Session): Promise<number> {
  const answers = await collect(session, statusCall(session), { lineOf: ({ data }) => lineOf(data) });
  if (answers.ok.length > 0) show(session, ['', ...countLines(answers.ok.map(({ data }) => data))]);
  return answers.exitCode;
}

/** Shows how many Puppet agents are in which status. */
export async function showCount(session: Session): Promise<number> {
  const answers = await collect(session, statusCall(session), { isSummed: true });
  const all = answers.ok.map(({ data }) => data);
  session.json?.result(countsOf(all));
  show(session, all.length === 0 ? [] : countLines(all));
  return answers.exitCode;
}

function statusCall({ client, collective, filter, signal }: Session) {
  return client.agent(ddl).status({}, { collective, filter, signal });
}

function lineOf({ message, enabled, disable_message }: Status): string {
  return enabled || !disable_message ? (message ?? '') : `${message}; disabled: ${disable_message}`;
}

function countsOf(all: readonly Status[]) {
  const count = (test: (status: Status) => boolean | null) => all.filter(test).length;
  return {
    total: all.length,
    enabled: count(({ enabled }) => enabled),
    disabled: count(({ enabled }) => enabled === false),
    applying: count(({ applying }) => applying),
    stopped: count(({ status }) => status === 'stopped'),
    daemons: count(({ daemon_present }) => daemon_present),
    idling: count(({ idling }) => idling),
    lastrun_failed: count(({ lastrun_outcome }) => isFailure(lastrun_outcome)),
  };
}

function countLines(all: readonly Status[]): string[] {
  const { total, enabled, disabled, applying, stopped, daemons, idling, lastrun_failed } = countsOf(all);
  const rows: readonly (readonly [string, number])[] = [
    ['nodes with Puppet', total],
    ['enabled', enabled],
    ['disabled', disabled],
    ['applying a catalog', applying],
    ['stopped', stopped],
    ["Puppet's daemon running", daemons],
    ["Puppet's daemon idle", idling],
    ['last run failed', lastrun_failed],
  ];
  return rows.map(([what, count]) => `${what.padStart(23)}: ${count}`);
}

/** Enables Puppet. */
export async function enable(session: Session): Promise<number> {
  if (!(await isConfirmed(session, 'Enable Puppet'))) return ExitCode.error;
  return changed(session, 'enable', {});
}

/** Disables Puppet. */
export async function disable(session: Session, message: string | undefined): Promise<number> {
  if (!(await isConfirmed(session, 'Disable Puppet'))) return ExitCode.error;
  return changed(session, 'disable', message === undefined ? {} : { message });
}

async function changed(session: Session, action: string, input: Record<string, unknown>): Promise<number> {
  const answers = await collect(session, call(session, action, input));
  const after = answers.all.filter(({ data }) => typeof data.enabled === 'boolean');
  const enabled = after.filter(({ data }) => data.enabled).length;
  show(session, after.length === 0 ? [] : [`${enabled} enabled, ${after.length - enabled} disabled`]);
  return answers.exitCode;
}
