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
        "The account that writes, such as `troupe@example.com`; the server's certificate must be for what stands behind the @.",
    },
    password_file: file('File with its password.'),
    server: {
      type: 'string',
      minLength: 1,
      description: 'Otherwise what stands behind the @ of `jid`; DNS is not asked for SRV records.',
    },
    port: { ...port, description: 'By `tls`: 5222 (`starttls`) or 5223 (`tls`).' },
    tls: {
      enum: ['starttls', 'tls'],
      default: 'starttls',
      description: 'How the connection is encrypted; there is no way in clear.',
    },
    ca,
    rooms: {
      type: 'array',
      items: { type: 'string', pattern: JID },
      default: [],
      description: 'The recipients that are rooms, such as `ops@conference.example.com`.',
    },
    nick: {
      type: 'string',
      pattern: '^[A-Za-z0-9._ -]{1,60}$',
      default: 'troupe',
      description: 'The name of the account in rooms.',
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
    const layout = withTemplates(layoutOf('{{subject}}\n{{message}}', asIs), config.template);
    return {
      layout: (address) => {
        if (new RegExp(JID).test(address)) return layout;
        throw new RecipientError(`${JSON.stringify(address)} is no XMPP address such as ops@example.com`);
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
    if (signal.aborted) throw new DeliveryError(`The delivery through ${where} was cancelled`, { cause });
    if (limit.aborted)
      throw new DeliveryError(`The ${where} took longer than ${timeoutSeconds} s`, { cause });
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
    throw new DeliveryError(`The ${where} cannot be used: ${reason}`, { cause });
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
