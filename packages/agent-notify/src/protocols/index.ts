import type { ConfigOf, ConfigSchema } from '@troupe/core';
import { caldav } from './caldav.js';
import { exec } from './exec.js';
import { mailto } from './mailto.js';
import { mastodon } from './mastodon.js';
import type { ProtocolName } from './names.js';
import { ntfy } from './ntfy.js';
import type { ProtocolKind } from './protocol.js';
import { pushover } from './pushover.js';
import { slack } from './slack.js';
import { stdout } from './stdout.js';
import { webhook } from './webhook.js';
import { xmpp } from './xmpp/xmpp.js';

/** The schema of the section of each protocol, by the name that recipients and the configuration give it. */
export const protocolSchemas = {
  caldav: caldav.schema,
  exec: exec.schema,
  mailto: mailto.schema,
  mastodon: mastodon.schema,
  ntfy: ntfy.schema,
  pushover: pushover.schema,
  slack: slack.schema,
  stdout: stdout.schema,
  webhook: webhook.schema,
  xmpp: xmpp.schema,
} as const satisfies Readonly<Record<ProtocolName, ConfigSchema>>;

/** The sections of those that are configured. */
export type ProtocolConfigs = {
  readonly [N in ProtocolName]?: ConfigOf<(typeof protocolSchemas)[N]>;
};

/** Every protocol, by the same name. */
export const kinds: { readonly [N in ProtocolName]: ProtocolKind<(typeof protocolSchemas)[N]> } = {
  caldav,
  exec,
  mailto,
  mastodon,
  ntfy,
  pushover,
  slack,
  stdout,
  webhook,
  xmpp,
};
