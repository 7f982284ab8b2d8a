import { type ConfigOf, messageOf, optionalSection } from '@troupe/core';
import { cut, oneLine } from '@troupe/core/internal';
import { DeliveryError, RecipientError } from '../../delivery-error.js';
import { ca, file, port, timeout } from '../../section/keys.js';
import { readConfigured, readSecret } from '../../section/secret-file.js';
import { asIs } from '../../template/escape.js';
import { layoutOf, templateSchema, withTemplates } from '../../template/template.js';
import { printable } from '../../text/printable.js';
import { withoutSecrets } from '../../text/without-secrets.js';
import type { Letter, Protocol, ProtocolKind } from '../protocol.js';
import { Refused, sendChat, sendToRoom, withSession } from './session.js';

// A bare address without what an XML attribute would have to quote.
const JID = '^[A-Za-z0-9._~!$*+,;=%#-]{1,255}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?$';
const PORTS = { starttls: 5222, tls: 5223 };
const MAX_BODY = 50_000;

const schema = optionalSection(
  {
    jid: {
      type: 'string',
      pattern: JID,
      description:
        "Sender account, such as `troupe@example.com`; the server's certificate must be for its domain.",
    },
    password_file: file('File with the password of the account.'),
    server: {
      type: 'string',
      minLength: 1,
      description:
        'Host name or address of the server (default: the domain of `jid`; DNS SRV records are not used).',
    },
    port: { ...port, description: 'Port of the server (default: 5222 with `starttls`, 5223 with `tls`).' },
    tls: {
      enum: ['starttls', 'tls'],
      default: 'starttls',
      description: 'Encryption of the connection; unencrypted connections are not supported.',
    },
    ca,
    rooms: {
      type: 'array',
      items: { type: 'string', pattern: JID },
      default: [],
      description: 'Addresses that are chat rooms, such as `ops@conference.example.com`.',
    },
    nick: {
      type: 'string',
      pattern: '^[A-Za-z0-9._ -]{1,60}$',
      default: 'troupe',
      description: 'Nickname in chat rooms.',
    },
    timeout: timeout(20),
    template: templateSchema,
  },
  'jid',
  'password_file',
);

/** The account that writes, and how to reach its server. */
export type XmppConfig = ConfigOf<typeof schema>;

/** A message by XMPP: `xmpp://ops@example.com`, an account or one of the `rooms`. */
export const xmpp: ProtocolKind<typeof schema> = {
  schema,
  open: (config): Protocol => {
    secretsOf(config);
    const layout = withTemplates(layoutOf('{{subject}}\n{{short}}', asIs), config.template);
    return {
      layout: (address) => {
        if (new RegExp(JID).test(address)) return layout;
        throw new RecipientError(
          `Invalid XMPP address ${JSON.stringify(address)}: expected an address such as ops@example.com`,
        );
      },
      deliver: (letter, signal) => deliver(config, letter, signal),
    };
  },
};

async function deliver(config: XmppConfig, letter: Letter, signal: AbortSignal): Promise<void> {
  const { jid, tls, rooms, nick, timeout: timeoutSeconds } = config;
  const [username = '', domain = ''] = jid.split('@');
  const { server: host = domain, port = PORTS[tls] } = config;
  const { password, ca } = secretsOf(config);
  const limit = AbortSignal.timeout(timeoutSeconds * 1000);
  const stop = AbortSignal.any([signal, limit]);
  const { address, subject, notification } = letter;
  const message = {
    id: notification.id,
    subject: printable(subject),
    body: cut(printable(letter.body), MAX_BODY),
  };
  try {
    await withSession(
      { host, port, domain, tls, ca, username, password, timeoutSeconds, signal: stop },
      (session) =>
        rooms.includes(address)
          ? sendToRoom(session, address, nick, message)
          : sendChat(session, address, domain, message),
    );
  } catch (cause) {
    const where = `XMPP server ${host}:${port}`;
    if (signal.aborted) throw new DeliveryError(`Delivery through ${where} was cancelled`, { cause });
    if (limit.aborted) throw new DeliveryError(`The ${where} timed out after ${timeoutSeconds} s`, { cause });
    const reason = withoutSecrets(oneLine(messageOf(cause), 300), [password]);
    if (cause instanceof Refused)
      throw new DeliveryError(`The ${where} did not accept the message: ${reason}`, {
        cause,
        isFinal: cause.isFinal,
      });
    if (isLoginRefused(cause))
      throw new DeliveryError(`The ${where} refused the login of ${jid}: ${reason}`, {
        cause,
        isFinal: true,
      });
    throw new DeliveryError(`Cannot deliver through ${where}: ${reason}`, { cause });
  }
}

// RFC 6120, 6.5: all the others are the server's own trouble.
function isLoginRefused(error: unknown): boolean {
  const conditions = ['not-authorized', 'account-disabled', 'credentials-expired', 'invalid-authzid'];
  const { name, condition } = error as { name?: unknown; condition?: unknown };
  return name === 'SASLError' && conditions.includes(String(condition));
}

function secretsOf({ password_file, ca }: XmppConfig) {
  return {
    password: readSecret(password_file, 'xmpp.password_file'),
    ca: ca === undefined ? undefined : readConfigured(ca, 'xmpp.ca'),
  };
}
