import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { startProcess } from './processes/process.js';

/** A port whose connections are neither accepted nor refused, as if a firewall dropped their packets. */
export interface DroppingPort extends AsyncDisposable {
  readonly port: number;
}

const program = `
const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  console.log('port ' + server.address().port);
  process.kill(process.pid, 'SIGSTOP');
});`;

/** Opens it: a process that is stopped accepts nothing, and the kernel drops what exceeds its backlog. */
export async function droppingPort(): Promise<DroppingPort> {
  const server = startProcess(process.execPath, ['-e', program]);
  const line = await server.waitForLine(/^port \d+$/);
  const port = Number(line.slice('port '.length));
  const sockets: Socket[] = [];
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {});
    sockets.push(socket);
    const isQueued = await once(socket, 'connect', { signal: AbortSignal.timeout(500) }).then(
      () => true,
      () => false,
    );
    if (!isQueued) break;
  }
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      process.kill(server.pid, 'SIGCONT');
      await server.stop();
    },
  };
}
