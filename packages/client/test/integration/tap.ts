import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls';
import type { IssuedCertificate, TestPki } from '@troupe/testkit';

/** Stands where the broker stands: ends the TLS of clients, and passes everything on to the broker. */
export interface Tap extends AsyncDisposable {
  readonly port: number;
  /** All that passed in the clear: the parts of signed and encrypted messages decoded. */
  read(): string;
}

/** Starts a tap before a broker on this machine, which it connects to with the certificate of a caller. */
export async function startTap(
  brokerPort: number,
  { pki, caller }: { readonly pki: TestPki; readonly caller: IssuedCertificate },
): Promise<Tap> {
  const ca = await readFile(pki.caCertificate);
  const own = await pki.issue('tap.lab', { ipAddresses: ['127.0.0.1'] });
  const toBroker = { cert: await readFile(caller.certificate), key: await readFile(caller.key), ca };
  const passed: Buffer[][] = [];
  const sockets = new Set<TLSSocket>();
  const record = (socket: TLSSocket) => {
    const chunks: Buffer[] = [];
    passed.push(chunks);
    sockets.add(socket);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer(
    { cert: await readFile(own.certificate), key: await readFile(own.key), ca, requestCert: true },
    (client) => {
      const broker = connectTls({ host: '127.0.0.1', port: brokerPort, ...toBroker });
      for (const socket of [client, broker]) record(socket);
      client.pipe(broker).pipe(client);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    read: () => passed.map((chunks) => decoded(Buffer.concat(chunks).toString('latin1'))).join('\n'),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function decoded(text: string): string {
  const parts = text.match(/[\w-]{16,}/g) ?? [];
  return [text, ...parts.map((part) => Buffer.from(part, 'base64url').toString('utf8'))].join('\n');
}
