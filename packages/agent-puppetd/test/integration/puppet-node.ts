import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { identify, type ProcessIdentity } from '@troupe/host';
import type { PuppetServer } from '@troupe/testkit';
import { Puppet, type PuppetVerdict, type RunOptions } from '../../src/puppet/index.js';

/** A host with the real Puppet agent, all of whose files are in one folder. */
export interface PuppetNode {
  readonly certname: string;
  readonly puppet: Puppet;
  path(name: string): string;
  /** Runs Puppet to its end. */
  run(options?: RunOptions): Promise<PuppetVerdict>;
}

/** Makes a host below `parent`; its server is `address:port`. */
export async function puppetNode(
  parent: string,
  certname: string,
  server: { readonly address: string; readonly port: number },
): Promise<PuppetNode> {
  const folder = join(parent, certname);
  await mkdir(join(folder, 'puppet'), { recursive: true });
  // Each of these has an absolute default on Debian; confdir and vardir alone relocate little.
  const paths = { confdir: 'puppet', vardir: 'var', ssldir: 'ssl', codedir: 'code' };
  const below = { rundir: 'var/run', logdir: 'var/log', publicdir: 'var/public' };
  const lines = [
    '[main]',
    `certname = ${certname}`,
    'keylength = 2048',
    `server = ${server.address}`,
    `serverport = ${server.port}`,
    `ca_port = ${server.port}`,
    ...Object.entries({ ...paths, ...below }).map(([name, path]) => `${name} = ${join(folder, path)}`),
  ];
  await writeFile(join(folder, 'puppet', 'puppet.conf'), `${lines.join('\n')}\n`);
  const puppet = new Puppet({ confdir: join(folder, 'puppet') }, join(folder, 'state'));
  return {
    certname,
    puppet,
    path: (name) => join(folder, name),
    run: async (options) => (await puppet.start(options)).follow(),
  };
}

/** Speaks to the CA of a server with the server's own certificate; resolves with status and text. */
export async function askCa(
  server: PuppetServer,
  method: string,
  path: string,
  body?: string,
): Promise<string> {
  const { caCertificate, hostCertificate, hostKey } = server.paths;
  const sending = request(`${server.url}/puppet-ca/v1/${path}`, {
    method,
    ca: await readFile(caCertificate),
    cert: await readFile(hostCertificate),
    key: await readFile(hostKey),
    headers: { 'content-type': body?.startsWith('{') ? 'application/json' : 'text/plain' },
    agent: false,
  });
  return new Promise((resolve, reject) => {
    sending.on('error', reject);
    sending.on('response', (response) => {
      text(response).then((answer) => resolve(`${response.statusCode} ${answer}`.trim()), reject);
    });
    sending.end(body);
  });
}

/** Asks the CA to sign or revoke what it has of this name; throws where it does not. */
export async function setState(server: PuppetServer, certname: string, state: 'signed' | 'revoked') {
  const answer = await askCa(
    server,
    'PUT',
    `certificate_status/${certname}`,
    JSON.stringify({ desired_state: state }),
  );
  if (!answer.startsWith('204')) throw new Error(`The CA did not make ${certname} ${state}: ${answer}`);
}

/** The processes that were given this word as an argument. */
export function processesRunning(word: string): ProcessIdentity[] {
  const hasWord = (pid: number) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
    } catch {
      return false; // It has ended.
    }
  };
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && hasWord(pid))
    .map(identify)
    .filter((found): found is ProcessIdentity => found !== undefined);
}
