import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { Session } from '@troupe/client/application';
import ddl from '@troupe/ddl/notify.json' with { type: 'json' };
import { failWithoutNodes, plain } from './answers.js';
import { ExitCode } from './exit.js';

export interface SendWords {
  readonly recipient: string;
  /** Read from standard input when absent. */
  readonly message?: string;
  readonly subject?: string;
  readonly id?: string;
}

/**
 * Sends a message through one of the matching nodes; if one fails, the next one is tried. If none can deliver it now, the
 * first that can keeps it. All of them get the same id, so that none delivers it twice.
 */
export async function send(session: Session, words: SendWords): Promise<number> {
  const { client, collective, filter, signal } = session;
  const message = words.message ?? (await text(process.stdin));
  const { recipient, subject, id = randomUUID() } = words;
  const input = { recipient, message, id, ...(subject === undefined ? {} : { subject }) };
  const { nodes } = await client.discover({
    collective,
    filter: { ...filter, agents: [...filter.agents, 'notify'] },
  });
  if (nodes.length === 0) {
    failWithoutNodes(session);
    return ExitCode.error;
  }
  const first = Math.floor(Math.random() * nodes.length);
  const inTurn = [...nodes.slice(first), ...nodes.slice(0, first)];
  for (const spool of [false, true])
    for (const node of inTurn) {
      const result = await client
        .agent(ddl)
        .sendmsg({ ...input, spool }, { collective, targets: [node], signal })
        .one();
      if (signal.aborted) return ExitCode.interrupted;
      session.json?.reply(result);
      if (result.ok) {
        if (!session.json) session.print(plain(`${node}: ${result.data.msg}`));
        return ExitCode.ok;
      }
      session.note(plain(`${node}: ${result.state}: ${result.statusmsg}`));
    }
  return ExitCode.failed;
}
