import { mkdir, readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { BuiltinCa } from '@troupe/agent-puppetca/ca';
import { createCsr, generateKeyPair, sha256Fingerprint } from '@troupe/core/pki';
import { type Host, PuppetServer, type TempFolder } from '@troupe/testkit';
import type { Master as Role } from './cast.js';
import { puppetCode } from './puppet-code.js';
import type { Identity, Site } from './site.js';
import { startMcod } from './stage.js';

const port = 8140;

/** A master on its host: a CA that nodes can reach, and a daemon with the agent puppetca. */
export interface Master {
  readonly identity: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly address: string;
  readonly caFile: string;
  /** Its Puppet Server, unless it is emulated. */
  readonly server?: PuppetServer;
  close(): Promise<void>;
}

export interface MasterOptions {
  readonly role: Role;
  readonly host: Host;
  readonly site: Site;
  readonly folder: TempFolder;
  readonly brokerUrl: string;
  readonly aotJar: Promise<string | undefined>;
  readonly signal: AbortSignal;
}

/** Starts a real Puppet Server. */
export async function startPuppetMaster(options: MasterOptions): Promise<Master> {
  const { role, host, site, folder, brokerUrl, aotJar, signal } = options;
  const own = folder.join(role.identity);
  await mkdir(own, { mode: 0o711 });
  const server = await PuppetServer.start({
    name: role.identity,
    folder: own,
    address: host.address,
    certname: role.identity,
    dnsAltNames: ['puppet'],
    code: puppetCode({ brokerUrl, caPem: site.caPem }),
    exec: host.prefix,
    aotJar,
    signal,
  });
  const { caCertificate, hostCertificate, hostKey, crl } = server.paths;
  await site.trust(caCertificate);
  const puppetca = {
    backend: 'http',
    url: server.url,
    server_name: role.identity,
    ca: caCertificate,
    certificate: hostCertificate,
    key: hostKey,
    crl,
    address: host.address,
    port,
  };
  await startDaemon(options, { certificate: hostCertificate, key: hostKey }, puppetca);
  return {
    identity: role.identity,
    facts: role.facts,
    address: host.address,
    caFile: caCertificate,
    server,
    close: () => server.stop(),
  };
}

/** Starts a daemon with the built-in CA instead of a Puppet Server. */
export async function startEmulatedMaster(options: MasterOptions): Promise<Master> {
  const { role, host, site, folder } = options;
  const cadir = folder.join(role.identity);
  await mkdir(cadir);
  // Made before the daemon starts, so that the broker and the operator can know it.
  await BuiltinCa.open({ cadir, certname: role.identity });
  const caFile = `${cadir}/ca_crt.pem`;
  await site.trust(caFile);
  const listen = { address: host.address, port };
  const puppetca = {
    backend: 'builtin',
    cadir,
    certname: role.identity,
    alt_names: ['puppet'],
    address: host.address,
    port,
    listen,
  };
  await startDaemon(options, await site.issue(role.identity), puppetca);
  return { identity: role.identity, facts: role.facts, address: host.address, caFile, close: async () => {} };
}

async function startDaemon(
  { role, host, site, brokerUrl }: MasterOptions,
  own: Identity,
  puppetca: object,
): Promise<void> {
  const config = {
    broker: { urls: [brokerUrl] },
    security: { ca: site.caFile, ...own },
    agents: ['@troupe/agent-puppetca'],
    plugins: { puppetca },
  };
  await startMcod(host, config, role.facts);
}

/** Sends a master a CSR under a name, as any machine can; returns its fingerprint. */
export async function submitCsr(master: Master, certname: string): Promise<string> {
  const { privateKeyPem } = await generateKeyPair();
  const csr = createCsr({ commonName: certname, privateKeyPem });
  const ca = await readFile(master.caFile, 'utf8');
  const path = `/puppet-ca/v1/certificate_request/${certname}`;
  const status = await new Promise<number>((resolve, reject) => {
    const headers = { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(csr) };
    const sent = request(
      { host: master.address, port, path, method: 'PUT', ca, servername: 'puppet', headers },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end(csr);
  });
  if (status !== 200)
    throw new Error(`${master.identity} refused a CSR for ${certname}: HTTP status ${status}`);
  return sha256Fingerprint(csr);
}
