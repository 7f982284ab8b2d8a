import { mkdir, writeFile } from 'node:fs/promises';
import { brokerConfig } from '@troupe/core';
import { type Link, openLink } from '../fleet/link.js';
import { freePort } from '../free-port.js';
import { whereIs } from '../processes/installed.js';
import { type RunningProcess, startProcess } from '../processes/process.js';
import type { TestBrokerOptions } from './broker.js';

const account = 'nats.lab';

/** Two regions with a NATS Server each, which a leaf node connection joins: each keeps its own presence records. */
export interface NatsRegions extends AsyncDisposable {
  /** Where nodes and callers of each region connect; topics are escaped. */
  readonly urls: { readonly hub: string; readonly leaf: string };
  /** The connection of the two regions. */
  readonly link: Link;
}

/** Why they cannot run here, if they cannot. */
export function natsRegionsMissing(): string | undefined {
  return whereIs('nats-server') ? undefined : 'nats-server is not installed';
}

/** Starts the servers of both regions. */
export async function startNatsRegions(
  options: Pick<TestBrokerOptions, 'pki' | 'folder' | 'callers' | 'nodes'>,
): Promise<NatsRegions> {
  const { pki, folder, callers, nodes } = options;
  const [hubPort, leafPort, leafnodes] = [await freePort(), await freePort(), await freePort()];
  const own = await pki.issue(account, { ipAddresses: ['127.0.0.1'] });
  const running: RunningProcess[] = [];
  const start = async (region: string, port: number, leaf: string) => {
    const place = `${folder}/nats-${region}`;
    await mkdir(place);
    const made = brokerConfig('nats', {
      ...{ port, address: '127.0.0.1', ca: pki.caCertificate, ...own, callers },
      nodes: [...nodes, account],
      folder: place,
    });
    const [file] = made.files;
    const text = `${file?.text}`
      .replace('server_name: troupe', `server_name: troupe-${region}`)
      // Without a domain of its own, a leaf node stores nothing itself, and takes no client while the link is cut.
      .replace('jetstream {', `jetstream {\n  domain: ${region}`);
    await writeFile(`${place}/nats.conf`, `${text}leafnodes {\n${leaf}}\n`);
    const server = startProcess(whereIs('nats-server') ?? 'nats-server', ['-c', `${place}/nats.conf`]);
    running.push(server);
    await server.waitForLine('Server is ready');
  };
  // The address of the hub itself would be a way around the link.
  const link = await openLink({ host: '127.0.0.1', port: leafnodes });
  await start(
    'hub',
    hubPort,
    `  listen: "127.0.0.1:${leafnodes}"\n  advertise: "127.0.0.1:${link.port}"\n  authorization { user: leaf, password: secret }\n`,
  );
  await start(
    'leaf',
    leafPort,
    `  reconnect: 1\n  remotes: [ { url: "nats://leaf:secret@127.0.0.1:${link.port}" } ]\n`,
  );
  return {
    urls: { hub: `mqtts://127.0.0.1:${hubPort}`, leaf: `mqtts://127.0.0.1:${leafPort}` },
    link,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(running.map((server) => server.stop()));
      await link.close();
    },
  };
}
