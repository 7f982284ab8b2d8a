import { type Client, type Result, stateOf } from '@troupe/client';
import { isName, type Reply } from '@troupe/core';
import { Interruption } from '../../call/interruption.js';
import { withClient } from '../../call/with-client.js';
import type { GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { UsageError } from '../../failure.js';
import { pieceLines, plainLine } from '../../output/plain.js';
import { record } from '../../output/record.js';
import type { Screen } from '../../terminal/screen.js';

/** The options of mco listen. */
export type ListenOptions = GlobalOptions & {
  readonly target?: string;
  readonly count?: number;
  readonly for?: number;
};

/** Prints the replies that come to a session, until a signal, a number or a time ends it. */
export async function listen({ screen }: Shell, session: string, options: ListenOptions): Promise<ExitCode> {
  screen.json?.stream();
  if (!isName(session))
    throw new UsageError(`"${session}" is not a valid session name: use a-z, 0-9, "_" and "-"`);
  const config = readClientConfig(options);
  const interruption = new Interruption(screen);
  try {
    return await withClient(
      screen,
      config,
      (client) => printReplies(screen, client, interruption, options),
      session,
    );
  } finally {
    interruption.stop();
  }
}

async function printReplies(
  screen: Screen,
  client: Client,
  interruption: Interruption,
  options: ListenOptions,
): Promise<ExitCode> {
  const limits = options.for === undefined ? [] : [AbortSignal.timeout(options.for * 1000)];
  const signal = AbortSignal.any([interruption.signal, ...limits]);
  const collective = options.target ?? client.mainCollective;
  let results = 0;
  screen.json?.summarize({ results });
  const replies = client.replies({ collective, signal });
  // The subscription starts with the first call of next(); only then is it true to print that it listens.
  let next = replies.next();
  screen.note(
    `Listening for replies as ${client.caller}, session ${client.session}, in the collective ${collective}`,
  );
  for (let { value: reply, done } = await next; done !== true; { value: reply, done } = await next) {
    show(screen, reply);
    if (reply.kind === 'result') results += 1;
    screen.json?.summarize({ results });
    if (options.count !== undefined && results >= options.count) return ExitCode.ok;
    next = replies.next();
  }
  return interruption.exitCode ?? ExitCode.ok;
}

function show(screen: Screen, reply: Reply): void {
  const { id, sender, agent, action } = reply;
  const about = { requestid: id, sender, agent, action };
  if (reply.kind === 'progress') {
    if (screen.json) screen.json.event('progress', { ...about, data: reply.data });
    else for (const line of pieceLines(reply.data)) screen.print(`${sender}: ${line}`);
  } else if (reply.kind === 'result') {
    const { outcome, statuscode, statusmsg, data } = reply;
    if (screen.json) screen.json.result({ ...about, state: outcome, statuscode, statusmsg, data });
    else {
      screen.print(plainLine(`${agent} ${action} (${id})`));
      screen.print(record(screen, resultOf(reply), undefined));
    }
  }
}

function resultOf(reply: Extract<Reply, { kind: 'result' }>): Result {
  const { sender, outcome, statuscode, statusmsg, data } = reply;
  return { sender, state: stateOf(outcome), ok: outcome === 'ok', statuscode, statusmsg, data, seconds: 0 };
}
