import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import type { ReadyRun } from '@troupe/agent-puppetd/puppet';
import { linesOf, onLine } from '@troupe/core';
import { isErrno } from '@troupe/core/durable-file';
import { ownIdentity, type ProcessIdentity } from '@troupe/host';
import { type Play, play } from './play.js';

/** Who plays the runs of emulated Puppets. */
export interface Players {
  ready(run: Play): Promise<ReadyRun>;
}

/** Plays runs in this process: they end with it. */
export function localPlayers(): Players {
  const own = ownIdentity();
  return {
    ready: async (run) => ({
      process: own,
      go: async () => {
        void play(run);
      },
    }),
  };
}

/** Has runs played by the process that serves `socket`, so that they outlive this one, as real ones outlive the daemon. */
export function remotePlayers(socket: string): Players {
  return {
    ready: async (run) => {
      const connection = connect(socket);
      await once(connection, 'connect');
      connection.write(`${JSON.stringify(run)}\n`);
      const line = await new Promise<string>((resolve) => onLine(connection, resolve));
      const go = async () => {
        connection.end('go\n');
        await once(connection, 'close');
      };
      return { process: JSON.parse(line) as ProcessIdentity, go };
    },
  };
}

/** Plays the runs that others ask for over a Unix socket; the result stops listening. */
export async function servePlayers(socket: string): Promise<() => void> {
  rmSync(socket, { force: true });
  const own = ownIdentity();
  const server = createServer((connection) => void serveRun(connection, own).catch(unlessCutOff));
  server.listen(socket);
  await once(server, 'listening');
  return () => server.close();
}

// A connection that ends before "go" leaves nothing behind: whoever asked died before its record was written.
async function serveRun(connection: Socket, own: ProcessIdentity): Promise<void> {
  let run: Play | undefined;
  connection.on('error', () => connection.destroy());
  for await (const line of linesOf(connection)) {
    if (line === 'go') {
      if (run) void play(run);
      connection.end();
      return;
    }
    run = JSON.parse(line) as Play;
    connection.write(`${JSON.stringify(own)}\n`);
  }
}

// Whoever asked was killed before it read the answer.
function unlessCutOff(error: unknown): void {
  if (!isErrno(error, 'ECONNRESET', 'EPIPE')) throw error;
}
