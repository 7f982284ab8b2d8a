import type { Session } from '@troupe/client/application';
import { TroupeError } from '@troupe/core';
import { call, collect, isConfirmed, show } from './call.js';
import { ExitCode } from './exit.js';

/** Manages one resource on all nodes of a session; the properties are `name=value`. */
export async function manageResource(
  session: Session,
  type: string,
  name: string,
  words: readonly string[],
  noop: boolean,
): Promise<number> {
  const properties = Object.fromEntries(words.map(property));
  if (!noop && !(await isConfirmed(session, `Manage ${type}[${name}]`))) return ExitCode.error;
  const input = { ...properties, type, name, ...(noop ? { noop } : {}) };
  const answers = await collect(session, call(session, 'resource', input), {
    lineOf: ({ data }) => (data.changed ? String(data.result) : undefined),
  });
  const changed = answers.ok.filter(({ data }) => data.changed).length;
  show(
    session,
    answers.ok.length === 0 ? [] : [`${changed} changed, ${answers.ok.length - changed} unchanged`],
  );
  return answers.exitCode;
}

function property(word: string): readonly [string, string] {
  const at = word.indexOf('=');
  const name = word.slice(0, at);
  if (at < 1 || name === 'type' || name === 'name')
    throw new TroupeError(
      'INPUT_INVALID',
      `invalid property "${word}": expected NAME=VALUE, where NAME is not type or name`,
    );
  return [name, word.slice(at + 1)];
}
