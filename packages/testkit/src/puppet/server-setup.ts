import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { installCode } from './environments.js';
import { asServerUser, serverUser } from './installation.js';
import { defaultPort, type PuppetServerOptions } from './puppet-server-options.js';
import { writeServerConfig } from './server-config.js';
import type { ServerPaths } from './server-paths.js';

/** Writes configuration and code, and makes the CA where there is none yet. */
export async function prepareServer(options: PuppetServerOptions, paths: ServerPaths): Promise<void> {
  const { name, address, certname, folder } = options;
  await mkdir(folder, { recursive: true });
  await writeServerConfig(paths, {
    ...{ name, address, certname },
    port: options.port ?? defaultPort,
    dnsAltNames: options.dnsAltNames ?? ['puppet'],
    keyLength: options.keyLength ?? 2048,
    // Ruby's HTTP client waits 30 s for nothing on a TLS 1.3 connection that Jetty keeps alive.
    tlsVersions: options.tlsVersions ?? ['TLSv1.2'],
  });
  await installCode(paths.environments, options.code);
  await writeFile(paths.restartFile, '0');
  await handOver(folder);
  await checkReachable(folder);
  if (existsSync(paths.caCertificate)) return;
  const [file = '', ...args] = asServerUser(folder);
  const setup = [...args, 'puppetserver', 'ca', 'setup', '--config', paths.puppetConf];
  await execa(file, setup, options.signal ? { cancelSignal: options.signal } : {});
}

/** Gives what root made to the server's user. */
export async function handOver(folder: string): Promise<void> {
  const user = serverUser();
  if (user) await execa('chown', ['--recursive', `${user}:${user}`, folder]);
  await execa('chmod', ['--recursive', 'u+rwX', folder]);
}

async function checkReachable(folder: string): Promise<void> {
  const [file = '', ...args] = asServerUser(folder);
  const { exitCode } = await execa(file, [...args, 'test', '-x', folder], { reject: false });
  if (exitCode === 0) return;
  const user = serverUser() ?? 'the current user';
  throw new Error(
    `permission denied: ${user} cannot access ${folder}; use a folder whose parents are accessible to all users (mode 0711)`,
  );
}
