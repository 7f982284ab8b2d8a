import { randomBytes } from 'node:crypto';
import {
  clientSecurity,
  connectMqtt,
  isName,
  type Logger,
  silentLogger,
  Topics,
  type Transport,
  TroupeError,
} from '@troupe/core';
import { configFileOf } from '@troupe/core/internal';
import { Client } from './client.js';
import { type ClientConfig, localCaller } from './config.js';
import { EventChannel } from './connection/event-channel.js';
import { NodeVersions } from './connection/node-versions.js';
import { Router } from './connection/router.js';
import { checkTraceparent } from './connection/traceparent.js';
import type { EarlierNodes } from './discovery/discovery.js';
import { PresenceViews } from './presence/presence-views.js';

export interface ConnectOptions {
  readonly config: ClientConfig;
  readonly log?: Logger;
  /** A name for this running client among those of the same caller, to be given as `replyTo`; random unless told. */
  readonly session?: string;
  /** W3C Trace Context of all requests of this client: `00-…`; a call can have another one. */
  readonly traceparent?: string;
  /** The default of the option `earlier` of discoveries and calls. */
  readonly earlier?: EarlierNodes;
  /** For tests and emulators: another way to a broker. */
  readonly transport?: Transport;
}

/** Connects to the broker of a configuration. Throws BROKER_UNREACHABLE, BROKER_REFUSED and what its security throws. */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { config, log = silentLogger } = options;
  const security = clientSecurity({
    config: config.security,
    broker: config.broker,
    name: localCaller(),
    log,
  });
  const topics = new Topics({ escape: config.topics.escape });
  const session = options.session ?? newSession();
  if (!isName(session))
    throw new TroupeError(
      'CONFIG_INVALID',
      `"${session}" is not a valid session name: use a-z, 0-9, "_", "-"`,
    );
  const { traceparent } = options;
  if (traceparent !== undefined) checkTraceparent(traceparent);
  // A configuration that was changed for one call still has the sections of its file.
  const file = configFileOf(config) ?? configFileOf(config.security);
  const transport =
    options.transport ??
    (await connectMqtt({
      ...config.broker,
      ...(file === undefined ? {} : { setting: `broker.urls in ${file}` }),
      clientId: `${security.signer.name}:${session}`,
      credentials: security.credentials,
      log,
      timeout: config.connect_timeout,
    }));
  const presence = new PresenceViews(transport, topics);
  const versions = new NodeVersions({
    least: config.security.minimum_protocol,
    claimedBy: (collective, identity) => presence.protocolOf(collective, identity),
    whenClaimed: (collective, identities) => presence.whenKnown(collective, identities),
    mayHaveVersion1: (collective) => presence.mayHaveVersion1(collective),
  });
  const router = new Router(session, {
    transport,
    topics,
    security,
    versions,
    log,
    ...(traceparent === undefined ? {} : { traceparent }),
  });
  presence.onGone((identity) => router.invalidateKey(identity));
  const events = new EventChannel({ transport, topics, security, log });
  const { credentials } = security;
  const { earlier } = options;
  return new Client({
    ...{ config, transport, presence, router, events, credentials, log },
    ...(earlier && { earlier }),
  });
}

// It tells nodes that this client speaks version 2, so that nobody can talk the two into version 1 (docs/protocol.md).
function newSession(): string {
  return `v2-${randomBytes(8).toString('hex')}`;
}
