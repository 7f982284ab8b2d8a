import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '@troupe/core';
import { absent } from '@troupe/core/durable-file';
import { systemReasonOf, warnOfEnds, warnOfEndsDaily } from '@troupe/core/internal';
import { readCertificate } from '@troupe/core/pki';
import {
  type BuiltinConfig,
  type CliConfig,
  type HttpConfig,
  invalid,
  type PuppetcaConfig,
} from '../config.js';
import { BuiltinCa } from './builtin/builtin-ca.js';
import { startBuiltinServer } from './builtin/builtin-server.js';
import type { Ca } from './ca.js';
import { GuardedCa } from './guarded-ca.js';
import { CaHttpClient } from './puppetserver/ca-http-client.js';
import { CliCa } from './puppetserver/cli-ca.js';
import { HttpCa } from './puppetserver/http-ca.js';

/** A CA that is open, and what closes its connections and its server. */
export interface OpenCa {
  readonly ca: Ca;
  close(): Promise<void>;
}

/** What a CA needs to know of the host. */
export type CaHost = Pick<Host, 'identity' | 'stateDir' | 'log' | 'isCheck'>;

/** Opens the CA that the configuration names; throws CONFIG_INVALID. A Puppet Server need not be running yet. */
export function openCa(config: PuppetcaConfig, host: CaHost): Promise<OpenCa> {
  if (config.backend === 'http') return openHttp(config, host);
  return config.backend === 'cli' ? openCli(config, host) : openBuiltin(config, host);
}

async function openHttp(config: HttpConfig, { log }: CaHost): Promise<OpenCa> {
  const administrator = await commonNameIn(config.certificate);
  const files = { certificate: config.certificate, ca: config.ca, crl: config.crl, callers: {} };
  warnOfEnds(files, log);
  const stopWarning = warnOfEndsDaily(files, log);
  const url = new URL(config.url);
  const client = new CaHttpClient({
    url: config.url,
    files: {
      ca: config.ca,
      certificate: config.certificate,
      key: config.key,
      ...(config.crl === undefined ? {} : { crl: config.crl }),
    },
    ...(config.server_name === undefined ? {} : { serverName: config.server_name }),
    timeoutSeconds: config.timeout,
  });
  const certname = config.certname ?? administrator;
  const [host, port] = [url.hostname.replace(/^\[|\]$/g, ''), Number(url.port || 443)];
  const place = { certname, address: config.address ?? host, port: config.port ?? port };
  // A compile master, whose CA is on another server.
  const isApart = place.address !== host || place.port !== port;
  const ca = new GuardedCa(new HttpCa(client, [certname, administrator]), { ...place, isApart }, config);
  return {
    ca,
    close: async () => {
      stopWarning();
      client.close();
    },
  };
}

async function openCli(config: CliConfig, host: CaHost): Promise<OpenCa> {
  const certname = config.certname ?? host.identity;
  const backend = new CliCa({
    command: config.command,
    ...(config.config === undefined ? {} : { config: config.config }),
    cadir: config.cadir,
    certname,
    timeoutSeconds: config.timeout,
  });
  // Of the CA's files, nothing tells that the server is down.
  const place = { certname, address: config.address, port: config.port, isApart: true };
  return { ca: new GuardedCa(backend, place, config), close: async () => {} };
}

async function openBuiltin(config: BuiltinConfig, host: CaHost): Promise<OpenCa> {
  const certname = config.certname ?? host.identity;
  const address = config.address ?? config.listen?.address;
  if (address === undefined || address === '0.0.0.0' || address === '::') {
    throw invalid('"address" is missing: set it to the address at which nodes connect to the CA');
  }
  if (config.port === undefined && !config.listen)
    throw invalid('"port" is missing: set it to the port at which nodes connect to the CA');
  const backend = await BuiltinCa.open({
    cadir: host.isCheck ? await likeCadir(config.cadir, host) : (config.cadir ?? join(host.stateDir, 'ca')),
    certname,
    ...(config.days === undefined ? {} : { days: config.days }),
    ...(config.max_requests === undefined ? {} : { maxRequests: config.max_requests }),
  });
  const server = config.listen
    ? await startBuiltinServer({
        ca: backend,
        ...config.listen,
        // The port may be that of the daemon which runs.
        ...(host.isCheck && { port: 0 }),
        altNames: [address, ...config.alt_names],
        log: host.log,
      })
    : undefined;
  const place = { certname, address, port: config.port ?? server?.port ?? 0 };
  return { ca: new GuardedCa(backend, place, config), close: async () => server?.close() };
}

// A check makes and changes nothing in the folder of the CA: it opens one that has the same files.
async function likeCadir(cadir: string | undefined, { stateDir }: CaHost): Promise<string> {
  const folder = join(stateDir, 'ca');
  if (cadir === undefined) return folder;
  await mkdir(folder, { mode: 0o700 });
  const names = await readdir(cadir).catch(absent);
  for (const name of names ?? []) {
    if (/^(ca_(crt|key|crl)\.pem|serial)$/.test(name)) await symlink(join(cadir, name), join(folder, name));
  }
  return folder;
}

async function commonNameIn(path: string): Promise<string> {
  try {
    const { subject } = readCertificate(await readFile(path, 'utf8'));
    const [, commonName] = /^CN=(.+)$/m.exec(subject) ?? [];
    if (commonName !== undefined) return commonName;
  } catch (cause) {
    throw invalid(`cannot read the certificate ${path}: ${systemReasonOf(cause)}`);
  }
  throw invalid(`the certificate ${path} has no common name`);
}
