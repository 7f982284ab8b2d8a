import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCsr, generateKeyPair } from '@troupe/core/pki';
import { DirectoryHost, type PuppetServer, type RunningProcess } from '@troupe/testkit';
import { runFiles } from '../../src/puppet/record.js';
import { askCa, setState } from './puppet-node.js';

const mcod = fileURLToPath(import.meta.resolve('@troupe/daemon/mcod'));
const agent = fileURLToPath(new URL('../../src/index.js', import.meta.url));
const ssl = '/var/lib/puppet/ssl';
const config = '/etc/troupe/mcod.yaml';

/** When a run was on, by the host's own record: milliseconds since 1970. */
export interface Span {
  readonly from: number;
  /** Nothing where it did not end. */
  readonly to: number | undefined;
}

/** A host with the real Puppet agent, certified by a real Puppet Server, and the real daemon. */
export class ManagedHost {
  readonly host: DirectoryHost;
  #daemon: RunningProcess;

  static async create(identity: string, server: PuppetServer, broker: string): Promise<ManagedHost> {
    const host = await DirectoryHost.create({ identity, puppetPort: server.port });
    await enrol(host, server);
    await write(
      host,
      config,
      JSON.stringify({
        identity,
        broker: { urls: [broker] },
        security: { mode: 'none' },
        agents: [agent],
        facts: { paths: [] },
        state_dir: host.pathOnHost('/var/lib/troupe'),
        plugins: {
          puppetd: {
            command: host.pathOnHost('/bin/puppet'),
            extra_args: ['--server', server.address],
          },
        },
      }),
    );
    return new ManagedHost(host);
  }

  private constructor(host: DirectoryHost) {
    this.host = host;
    this.#daemon = this.#start();
  }

  get identity(): string {
    return this.host.identity;
  }

  /** Resolves when the daemon has said so. */
  async ready(): Promise<void> {
    await this.#daemon.waitForLine(/"msg":"ready"/, { timeoutSeconds: 60 });
  }

  /** Has the daemon read its configuration again. */
  reload(): void {
    this.#daemon.kill('SIGHUP');
  }

  /** Kills the daemon, and nothing else. */
  async kill(): Promise<void> {
    process.kill(this.#daemon.pid, 'SIGKILL');
    await this.#daemon.exited;
  }

  restart(): void {
    this.#daemon = this.#start();
  }

  /** The output of the daemon that runs. */
  get output(): string {
    return this.#daemon.output;
  }

  /** Whether every run that has begun has printed something. */
  async hasOutput(): Promise<boolean> {
    const folder = this.host.file('/var/lib/troupe/agents/puppetd/runs');
    const ids = await readdir(folder).catch(() => []);
    const sizes = ids.map(
      async (id) => (await stat(join(folder, id, runFiles.output)).catch(() => undefined))?.size ?? 0,
    );
    return (await Promise.all(sizes)).every((size) => size > 0);
  }

  /** The runs of this host. */
  async spans(): Promise<Span[]> {
    const folder = this.host.file('/var/lib/troupe/agents/puppetd/runs');
    const ids = await readdir(folder).catch(() => []);
    return Promise.all(
      ids.map(async (id) => {
        const { startedAt } = JSON.parse(await readFile(join(folder, id, 'run.json'), 'utf8'));
        const end = await stat(join(folder, id, 'exit')).catch(() => undefined);
        return { from: startedAt as number, to: end?.mtimeMs };
      }),
    );
  }

  close(): Promise<void> {
    return this.host.close();
  }

  #start(): RunningProcess {
    return this.host.spawn(process.execPath, [mcod, '--config', this.host.pathOnHost(config)]);
  }
}

// Without Ruby, which would take four seconds for each host.
async function enrol(host: DirectoryHost, server: PuppetServer): Promise<void> {
  const { identity } = host;
  const { privateKeyPem } = await generateKeyPair();
  const csr = createCsr({ commonName: identity, privateKeyPem });
  const answer = await askCa(server, 'PUT', `certificate_request/${identity}`, csr);
  if (!answer.startsWith('200')) throw new Error(`The CA did not take the request of ${identity}: ${answer}`);
  await setState(server, identity, 'signed');
  const get = async (path: string) => (await askCa(server, 'GET', path)).replace(/^200 /, '').concat('\n');
  await write(host, `${ssl}/private_keys/${identity}.pem`, privateKeyPem);
  await write(host, `${ssl}/certs/${identity}.pem`, await get(`certificate/${identity}`));
  await write(host, `${ssl}/certs/ca.pem`, await get('certificate/ca'));
  await write(host, `${ssl}/crl.pem`, await get('certificate_revocation_list/ca'));
}

async function write(host: DirectoryHost, path: string, text: string): Promise<void> {
  await mkdir(dirname(host.file(path)), { recursive: true });
  await writeFile(host.file(path), text, { mode: 0o600 });
}
