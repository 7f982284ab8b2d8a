import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createCsr, generateEcKeyPair } from '@troupe/core/pki';
import type { HostPaths } from '../puppet/host-paths.js';

/** Hands a CSR of a key of its own to the master of a host, under the host's name: what any machine can do. */
export async function plantCsr({ hostsFile, puppet }: HostPaths, port: number): Promise<void> {
  const hosts = await readFile(hostsFile, 'utf8');
  const host = /^(\S+)\s.*\bpuppet\b/m.exec(hosts)?.[1];
  if (host === undefined) return;
  const { privateKeyPem } = await generateEcKeyPair();
  const csr = createCsr({ commonName: puppet.certname, privateKeyPem });
  const path = `/puppet-ca/v1/certificate_request/${puppet.certname}`;
  const headers = { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(csr) };
  await new Promise<void>((resolve) => {
    // Whoever plants does not care whom it talks to, nor whether it worked.
    const options = { host, port, path, method: 'PUT', headers, agent: false, rejectUnauthorized: false };
    const sent = request({ ...options, timeout: 10_000 }, (answer) => {
      answer.resume();
      answer.on('end', resolve);
      answer.on('error', () => resolve());
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve());
    sent.end(csr);
  });
}
