import { existsSync } from 'node:fs';
import type { Client } from '@troupe/client';
import { createLogger, type Logger, TroupeError } from '@troupe/core';
import { clientConfigOf, loadProvisionerConfig, type ProvisionerConfig } from '../config/config.js';
import type { Peers } from '../rpc/peers.js';
import { peersOf } from '../rpc/peers-of.js';
import type { Io } from './io.js';
import { logDestination } from './log-destination.js';

const places = ['/etc/troupe/provisioner.yaml', '/etc/mcollective/provisioner.yaml'];

/** The configuration that is meant: the one named, `TROUPE_PROVISIONER_CONFIG`, or the first that exists. */
export function findConfig(named: string | undefined): string {
  const wanted = named ?? process.env.TROUPE_PROVISIONER_CONFIG ?? places.find((place) => existsSync(place));
  if (wanted !== undefined) return wanted;
  throw new TroupeError(
    'FILE_UNREADABLE',
    `no configuration file found: specify one with --config or the environment variable TROUPE_PROVISIONER_CONFIG, or create ${places.join(' or ')}`,
  );
}

/** What a command that uses the network works with. */
export interface CommandSession {
  readonly config: ProvisionerConfig;
  readonly client: Client;
  readonly peers: Peers;
  readonly log: Logger;
}

/** Connects, runs the command and disconnects. */
export async function withSession<T>(
  io: Io,
  file: string | undefined,
  command: (session: CommandSession) => Promise<T>,
): Promise<T> {
  const config = loadProvisionerConfig(findConfig(file));
  const log = createLogger({ level: 'error', format: config.log.format, ...logDestination(io) });
  const client = await io.connect(clientConfigOf(config), log);
  try {
    return await command({ config, client, peers: peersOf(client, config), log });
  } finally {
    await client.close();
  }
}
