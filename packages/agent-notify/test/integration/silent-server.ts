import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A server that takes connections and says nothing, or one line for ever. */
export async function startSilentServer() {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => {
      connections -= 1;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: () => server.close(),
  };
}
