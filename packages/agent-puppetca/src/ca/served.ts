import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isErrno } from '@troupe/core/durable-file';
import { connectWithin } from '@troupe/core/internal';
import { CaError } from './error.js';

/** Milliseconds. */
const patience = 1000;

/**
 * Whether something listens where nodes connect to this host. Throws UNREACHABLE if the connection is refused. An address
 * that is not one of this host (behind NAT, a load balancer) is not checked: nothing follows from how it is reached here.
 */
export async function checkServed({ address, port }: { address: string; port: number }): Promise<void> {
  const own = await ownAddress(address);
  if (own === undefined) return;
  const socket = connect({ host: own, port });
  try {
    await connectWithin(socket, patience);
  } catch (cause) {
    if (!isErrno(cause, 'ECONNREFUSED')) return;
    throw new CaError(
      'UNREACHABLE',
      `Puppet Server at ${address}:${port} refuses connections: is it running?`,
      {
        cause,
      },
    );
  } finally {
    socket.destroy();
  }
}

async function ownAddress(name: string): Promise<string | undefined> {
  const found = await lookup(name).catch(() => undefined);
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.some(({ address }) => address === found?.address) ? found?.address : undefined;
}
