import { caldav } from './caldav.js';
import { exec } from './exec.js';
import { mailto } from './mailto.js';
import { mastodon } from './mastodon.js';
import { ntfy } from './ntfy.js';
import { pushover } from './pushover.js';
import { slack } from './slack.js';
import { stdout } from './stdout.js';
import { webhook } from './webhook.js';
import { xmpp } from './xmpp/xmpp.js';

/** Every protocol, by the name that recipients and the configuration give it. */
export const kinds = {
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
} as const;
