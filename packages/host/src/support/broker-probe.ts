import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { type BrokerConfig, messageOf, type SecurityConfig } from '@troupe/core';
import { readRegularFile } from '@troupe/core/regular-file';
import { describeCertificate } from './certificates.js';

/** Milliseconds for each step. */
const patience = 3_000;

/** How far each broker of a configuration can be reached: its name, a TCP connection, TLS and its certificate. */
export async function brokerReport(broker: BrokerConfig, security: SecurityConfig): Promise<object> {
  const caFile = broker.ca ?? security.ca;
  const ca = caFile === undefined ? undefined : await readRegularFile(caFile).catch(() => undefined);
  const reports = broker.urls.map(async (url) => ({
    url,
    ...(await probe(new URL(url), ca)),
  }));
  return { brokers: await Promise.all(reports) };
}

async function probe({ protocol, hostname, port }: URL, ca: Buffer | undefined): Promise<object> {
  const isTls = protocol === 'mqtts:';
  const name = hostname.replace(/^\[|\]$/g, '');
  const to = { host: name, port: Number(port || (isTls ? 8883 : 1883)) };
  let addresses: readonly string[];
  try {
    addresses = (await within(lookup(name, { all: true }))).map(({ address }) => address);
  } catch (error) {
    return { failure: `cannot resolve ${name}: ${messageOf(error)}` };
  }
  const tcp = await Promise.all(
    addresses.map((host) => attempt(() => connectTcp({ host, port: to.port }), 'connect')),
  );
  const isReachable = tcp.some((report) => !('failure' in report));
  const report = { addresses: addresses.map((address, index) => ({ address, ...tcp[index] })) };
  if (!isTls || !isReachable) return report;
  // Anything is accepted, so that the report can name the certificate that a client refuses.
  const open = () =>
    connectTls({ ...to, ...(isIP(name) ? {} : { servername: name }), ca, rejectUnauthorized: false });
  const tls = await attempt(open, 'secureConnect', (socket) => ({
    protocol: socket.getProtocol(),
    is_trusted: socket.authorized,
    failure: socket.authorized ? undefined : String(socket.authorizationError),
    certificate: certificateOf(socket),
  }));
  return { ...report, tls };
}

function certificateOf(socket: ReturnType<typeof connectTls>): object | undefined {
  const certificate = socket.getPeerX509Certificate();
  return certificate && describeCertificate(certificate);
}

async function attempt<S extends Socket>(
  open: () => S,
  event: 'connect' | 'secureConnect',
  describe: (socket: S) => object = () => ({}),
): Promise<object> {
  const start = performance.now();
  let socket: S | undefined;
  try {
    socket = open();
    await once(socket, event, { signal: AbortSignal.timeout(patience) });
    return { milliseconds: Math.round(performance.now() - start), ...describe(socket) };
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'AbortError';
    return { failure: isLate ? `no answer within ${patience / 1000} s` : messageOf(error) };
  } finally {
    socket?.on('error', () => {}).destroy();
  }
}

async function within<T>(work: Promise<T>): Promise<T> {
  const isDone = new AbortController();
  const late = delay(patience, undefined, { signal: isDone.signal }).then(() => {
    throw new Error(`no answer within ${patience / 1000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => {});
    isDone.abort();
  }
}
