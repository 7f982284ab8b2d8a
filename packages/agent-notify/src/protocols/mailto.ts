import { type ConfigOf, messageOf, optionalSection } from '@troupe/core';
import { oneLine } from '@troupe/core/internal';
import { createTransport } from 'nodemailer';
import { DeliveryError, RecipientError } from '../delivery-error.js';
import { configFault } from '../section/config-fault.js';
import { ca, file, loginKeys, port, timeout } from '../section/keys.js';
import { readConfigured, readSecret } from '../section/secret-file.js';
import { isThisMachine } from '../section/url.js';
import { asIs } from '../template/escape.js';
import { layoutOf, templateSchema, withTemplates } from '../template/template.js';
import { withoutSecrets } from '../text/without-secrets.js';
import type { Letter, Protocol, ProtocolKind } from './protocol.js';

// One plain mailbox of RFC 5321 without quoting: nothing in it can end a header or an SMTP command.
const ADDRESS =
  "^[A-Za-z0-9.!#$&'*+/=^_`{|}~-]{1,64}@(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$";
const PORTS = { starttls: 587, tls: 465, none: 25 };

// nodemailer encodes what a header or a body must not hold as it is.
const ownLayout = layoutOf('{{message}}', asIs);

const schema = {
  ...optionalSection(
    {
      server: { type: 'string', minLength: 1, description: 'Host name or address of the mail server.' },
      port: {
        ...port,
        description:
          'Port of the mail server (default: 587 with `starttls`, 465 with `tls`, 25 with `none`).',
      },
      from: { type: 'string', pattern: ADDRESS, description: 'Sender address of the mails.' },
      tls: {
        enum: ['starttls', 'tls', 'none'],
        default: 'starttls',
        description:
          'Encryption of the connection. With `starttls`, delivery fails if the server does not offer STARTTLS.',
      },
      ca,
      username: { type: 'string', minLength: 1, description: 'User name; requires `password_file`.' },
      password_file: file('File with the password.'),
      timeout: timeout(20),
      template: templateSchema,
    },
    'server',
    'from',
  ),
  dependencies: loginKeys,
} as const;

/** How to reach the mail server. */
export type MailtoConfig = ConfigOf<typeof schema>;

/** Mail through an SMTP server: `mailto://ops@example.com`. */
export const mailto: ProtocolKind<typeof schema> = {
  schema,
  open,
};

function open(config: MailtoConfig): Protocol {
  if (config.username !== undefined && config.tls === 'none' && !isThisMachine(config.server)) {
    throw configFault(
      'mailto.tls',
      `the password would be sent to ${config.server} unencrypted: use starttls or tls`,
    );
  }
  // A fault of the files must be reported at start, not when a notification is urgent.
  secretsOf(config);
  const layout = withTemplates(ownLayout, config.template);
  return {
    layout: (address) => {
      if (new RegExp(ADDRESS).test(address)) return layout;
      throw new RecipientError(`${JSON.stringify(address)} is not a mail address`);
    },
    deliver: (letter, signal) => deliver(config, letter, signal),
  };
}

async function deliver(
  config: MailtoConfig,
  { address, subject, body, notification: { id, time } }: Letter,
  signal: AbortSignal,
): Promise<void> {
  const { server, port = PORTS[config.tls], timeout } = config;
  const limit = AbortSignal.timeout(timeout * 1000);
  const { ca, password } = secretsOf(config);
  const transport = createTransport({
    host: server,
    port,
    secure: config.tls === 'tls',
    requireTLS: config.tls === 'starttls',
    ignoreTLS: config.tls === 'none',
    socketTimeout: timeout * 1000,
    tls: ca === undefined ? {} : { ca },
    // Without `forceAuth` a server that offers no login would get the mail without one.
    ...(password === undefined
      ? {}
      : { forceAuth: true, auth: { user: config.username ?? '', pass: password } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      messageId: `<${id}@${config.from.slice(config.from.indexOf('@') + 1)}>`,
      date: time,
      from: { name: '', address: config.from },
      to: { name: '', address },
      subject,
      text: body,
      // RFC 3834: no vacation notice comes back.
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal: AbortSignal.any([signal, limit]),
    });
  } catch (cause) {
    const where = `mail server ${server}:${port}`;
    if (signal.aborted) throw new DeliveryError(`Delivery through ${where} was cancelled`, { cause });
    if (limit.aborted) throw new DeliveryError(`The ${where} timed out after ${timeout} s`, { cause });
    const reason = withoutSecrets(reasonOf(cause), password === undefined ? [] : [password]);
    // RFC 5321, 4.2.1: what begins with 5 is permanent.
    const { responseCode } = cause as { responseCode?: unknown };
    const isFinal = typeof responseCode === 'number' && responseCode >= 500;
    const what = isAnswered(cause)
      ? `The ${where} did not accept the message`
      : `Cannot deliver through ${where}`;
    throw new DeliveryError(`${what}: ${reason}`, { cause, isFinal });
  }
}

/** The server's reply if there is one, otherwise what failed on the way to it. */
function reasonOf(error: unknown): string {
  if (!isAnswered(error)) return oneLine(messageOf(error), 300);
  const { response, command } = error;
  return oneLine(typeof command === 'string' ? `${response} (to ${command})` : response, 300);
}

function isAnswered(error: unknown): error is { readonly response: string; readonly command?: unknown } {
  const { response } = error as { response?: unknown };
  return typeof response === 'string' && response !== '';
}

function secretsOf({ ca, password_file }: MailtoConfig): { ca?: string; password?: string } {
  return {
    ...(ca === undefined ? {} : { ca: readConfigured(ca, 'mailto.ca') }),
    ...(password_file === undefined ? {} : { password: readSecret(password_file, 'mailto.password_file') }),
  };
}
