import { randomBytes } from 'node:crypto';
import type { Client, Event } from '@troupe/client';
import type { Build } from './builds.js';
import { WireTap } from './wire-tap.js';

/** A client of the library of one version in this process. */
export interface Library extends AsyncDisposable {
  readonly client: Client;
  readonly tap: WireTap;
  publishEvent(kind: string, data: Event['data']): Promise<void>;
  onEvent(listener: (event: Event) => void): Promise<() => Promise<void>>;
}

/** A client whose methods for events have the names of before. */
interface OldClient {
  tell: Client['publishEvent'];
  hear: Client['onEvent'];
}

/** Connects the client library of a version with the configuration of an `mco`; `tap` sees its messages. */
export async function connectLibrary(build: Build, configFile: string): Promise<Library> {
  const [{ connect, loadClientConfig }, { clientSecurity, connectMqtt, silentLogger: log }] =
    await Promise.all([
      build.load<typeof import('@troupe/client')>('client'),
      build.load<typeof import('@troupe/core')>('core'),
    ]);
  const config = loadClientConfig(configFile);
  const { broker, security } = config;
  const { credentials, signer } = clientSecurity({ config: security, broker, name: 'nobody', log });
  const clientId = `${signer.name}:${randomBytes(8).toString('hex')}`;
  const tap = new WireTap(await connectMqtt({ ...broker, clientId, credentials, log, timeout: 30 }));
  const client = await connect({ config, transport: tap });
  const old = client as Client & Partial<OldClient>;
  return {
    client,
    tap,
    publishEvent: (kind, data) => (old.tell ? old.tell(kind, data) : client.publishEvent(kind, data)),
    onEvent: (listener) => (old.hear ? old.hear(listener) : client.onEvent(listener)),
    [Symbol.asyncDispose]: () => client.close(),
  };
}
