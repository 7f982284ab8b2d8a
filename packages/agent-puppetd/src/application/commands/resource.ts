import type { Session } from '@troupe/client/application';
import { TroupeError } from '@troupe/core';
import { call, collect, isMeant, show } from './call.js';
import { ExitCode } from './exit.js';

/** Brings one resource into a state on all nodes of a session; the properties are `name=value`. */
export async function manageResource(
  session: Session,
  type: string,
  name: string,
  words: readonly string[],
  noop: boolean,
): Promise<number> {
  const properties = Object.fromEntries(words.map(property));
  if (!noop && !(await isMeant(session, `Manage ${type}[${name}]`))) return ExitCode.error;
  const input = { ...properties, type, name, ...(noop ? { noop } : {}) };
  const answers = await collect(session, call(session, 'resource', input), {
    tell: ({ data }) => (data.changed ? String(data.result) : undefined),
  });
  const changed = answers.ok.filter(({ data }) => data.changed).length;
  show(
    session,
    answers.ok.length === 0 ? [] : [`${changed} changed, ${answers.ok.length - changed} as they should be`],
  );
  return answers.exitCode;
}

function property(word: string): readonly [string, string] {
  const at = word.indexOf('=');
  const name = word.slice(0, at);
  if (at < 1 || name === 'type' || name === 'name')
    throw new TroupeError('INPUT_INVALID', `"${word}" is no property of the form NAME=VALUE`);
  return [name, word.slice(at + 1)];
}
