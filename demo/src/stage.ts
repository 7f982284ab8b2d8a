import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DirectoryHost,
  type Host,
  NamespaceHost,
  Network,
  namespacesMissing,
  type RunningProcess,
  writePolicies,
} from '@troupe/testkit';
import { stringify } from 'yaml';
import { operator } from './cast.js';

const mcod = fileURLToPath(import.meta.resolve('@troupe/daemon/mcod'));

/** What the hosts of the demo are made of: namespaces on a network of their own, or folders on loopback. */
export class Stage {
  /** The address of this machine that hosts can reach. */
  readonly address: string;
  /** In words, for the screen. */
  readonly description: string;
  readonly #network: Network | undefined;
  readonly #hosts: Host[] = [];

  private constructor(network: Network | undefined, why: string | undefined) {
    this.#network = network;
    this.address = network?.address ?? '127.0.0.1';
    this.description = network
      ? `hosts run in network namespaces on ${network.subnet}.0/24`
      : `hosts are folders and share loopback (network namespaces not available: ${why})`;
  }

  static async create(): Promise<Stage> {
    const why = namespacesMissing();
    return new Stage(why === undefined ? await Network.create() : undefined, why);
  }

  /** Boots a host; `number` (from 2) tells apart hosts that share loopback. */
  async host(identity: string, number: number, facts: Readonly<Record<string, string>>): Promise<Host> {
    const host = this.#network
      ? await NamespaceHost.create({ identity, network: this.#network, facts })
      : await DirectoryHost.create({ identity, address: `127.0.0.${number}`, facts });
    this.#hosts.push(host);
    return host;
  }

  async close(): Promise<void> {
    for (const host of this.#hosts) await host.close();
    await this.#network?.close();
  }
}

/** Whether a host is a folder of this machine, in which absolute paths are not what they seem. */
export function rootOf(host: Host): string {
  return host.pathOnHost('/').replace(/\/$/, '');
}

/** Writes a file on a host, readable by its owner only. */
export async function writeOn(host: Host, path: string, content: string): Promise<void> {
  await mkdir(dirname(host.file(path)), { recursive: true });
  await writeFile(host.file(path), content, { mode: 0o600 });
}

/** Starts the daemon on a host with a configuration. */
export async function startMcod(
  host: Host,
  config: object,
  facts: Readonly<Record<string, string>>,
): Promise<RunningProcess> {
  const common = {
    facts: { paths: [host.pathOnHost('/etc/troupe/facts.d')] },
    state_dir: host.pathOnHost('/var/lib/troupe'),
    log: { level: 'info', file: host.pathOnHost('/var/log/troupe/mcod.log') },
    authorization: { policies: host.pathOnHost('/etc/troupe/policies') },
    audit: { file: host.pathOnHost('/var/log/troupe/audit.jsonl') },
  };
  writePolicies(host.file('/etc/troupe'), [operator]);
  await writeOn(host, '/etc/troupe/facts.d/site.yaml', stringify({ ipaddress: host.address, ...facts }));
  await writeOn(host, '/etc/troupe/mcod.yaml', stringify({ ...common, ...config }));
  return host.spawn(process.execPath, [mcod, '--config', host.pathOnHost('/etc/troupe/mcod.yaml')]);
}
