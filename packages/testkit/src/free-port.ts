import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below those that Linux gives to outgoing connections (32768 and more): a server that takes seconds to start would
// find one of these taken by then.
const lowest = 15_000;
const highest = 32_000;

/** A TCP port that was free on `address` a moment ago. */
export function freePort(address = '127.0.0.1'): Promise<number> {
  return firstFree(1, address);
}

/** The first of `count` TCP ports in a row that were free a moment ago. */
export function freePorts(count: number): Promise<number> {
  return firstFree(count, '127.0.0.1');
}

async function firstFree(count: number, address: string): Promise<number> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const first = randomInt(lowest, highest - count);
    const free = Array.from({ length: count }, (_, index) => isFree(first + index, address));
    if ((await Promise.all(free)).every(Boolean)) return first;
  }
  throw new Error(`no ${count} consecutive free TCP ports on ${address}`);
}

async function isFree(port: number, address: string): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, address), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}
