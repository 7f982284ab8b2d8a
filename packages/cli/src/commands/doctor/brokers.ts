import type { X509Certificate } from 'node:crypto';
import { connect as connectTls } from 'node:tls';
import { type Client, type ClientConfig, connect } from '@troupe/client';
import { messageOf } from '@troupe/core';
import { validityOfCertificate } from '@troupe/core/internal';
import { earlierIn } from '../../call/reach.js';
import { about, type Finding } from './finding.js';
import { validityFinding } from './validity.js';

/** The result of connecting to each broker: the client of the first connection stays open for the caller. */
export interface BrokerCheck {
  readonly findings: readonly Finding[];
  readonly client: Client | undefined;
}

/** Connects to each broker of a configuration. */
export async function checkBrokers(config: ClientConfig): Promise<BrokerCheck> {
  const report = about('broker');
  if (config.broker.urls.length === 0)
    return {
      findings: [report.fault('broker.urls is empty: add the URL of a broker to the configuration')],
      client: undefined,
    };
  const findings: Finding[] = [];
  let first: Client | undefined;
  for (const url of config.broker.urls) {
    const start = Date.now();
    try {
      const client = await connect({
        config: { ...config, broker: { ...config.broker, urls: [url] } },
        earlier: earlierIn(config),
      });
      findings.push(report.ok(`connected to ${url} in ${Date.now() - start} ms`));
      if (first) await client.close();
      else first = client;
    } catch (error) {
      findings.push(report.fault(messageOf(error)));
      continue;
    }
    const certificate = await certificateOf(url);
    if (certificate) {
      const validity = validityOfCertificate('certificate', `the certificate of ${url}`, certificate);
      findings.push(validityFinding('broker', validity));
    }
  }
  // If only some of several brokers are down, everything still works.
  const softened = first
    ? findings.map((finding) =>
        finding.level === 'fault' ? { ...finding, level: 'warn' as const } : finding,
      )
    : findings;
  return { findings: softened, client: first };
}

/** Milliseconds for a broker to present its certificate. */
const patience = 5_000;

// Only for its dates: the connection has just shown whether it is trusted.
function certificateOf(url: string): Promise<X509Certificate | undefined> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'mqtts:') return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connectTls({
      host,
      port: Number(port || 8883),
      rejectUnauthorized: false,
      timeout: patience,
    });
    const end = (certificate?: X509Certificate) => {
      socket.destroy();
      resolve(certificate);
    };
    socket.once('secureConnect', () => end(socket.getPeerX509Certificate()));
    socket.once('timeout', () => end()).once('error', () => end());
  });
}
