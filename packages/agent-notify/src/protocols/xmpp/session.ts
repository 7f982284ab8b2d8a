import { type Client, client, type Element, xml } from '@xmpp/client';
import TlsConnection from '@xmpp/tls/lib/Connection.js';
import { type SecureAddress, SecureSocket } from './secure-socket.js';

export interface SessionOptions extends SecureAddress {
  readonly username: string;
  readonly password: string;
  readonly timeoutSeconds: number;
  /** Cuts the connection. */
  readonly signal: AbortSignal;
}

/** A message that the server or a room rejected. `isFinal` as in its error. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly isFinal: boolean;

  constructor(stanza: Element) {
    const error = stanza.getChild('error');
    const condition = error?.getChildElements()[0]?.name ?? 'unknown error';
    const text = error?.getChildText('text');
    super(text ? `${condition}: ${text}` : condition);
    // RFC 6120, 8.3.2
    this.isFinal = error?.attrs.type !== 'wait';
  }
}

/** Logs in, does the work and logs out. Rejects with the first error. */
export async function withSession<T>(
  options: SessionOptions,
  work: (session: Client) => Promise<T>,
): Promise<T> {
  const { domain, username, password, timeoutSeconds, signal } = options;
  const sockets: SecureSocket[] = [];
  const session = client({ service: 'xmpps://', domain, username, password, timeout: timeoutSeconds * 1000 });
  session.reconnect.stop();
  session.transports.splice(0, session.transports.length, transportTo(options, sockets));
  let fail = (_: unknown) => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // Nobody may be listening any more when it fails.
  failed.catch(() => {});
  const cutOff = () => fail(signal.reason);
  session.on('error', (error: unknown) => fail(error));
  signal.addEventListener('abort', cutOff, { once: true });
  if (signal.aborted) cutOff();
  try {
    await Promise.race([session.start(), failed]);
    const result = await Promise.race([work(session), failed]);
    // The server has taken what it was given: how the farewell goes changes nothing.
    await Promise.race([session.stop().catch(() => {}), failed.catch(() => {})]);
    return result;
  } finally {
    signal.removeEventListener('abort', cutOff);
    for (const socket of sockets) socket.destroy();
  }
}

/** Sends a message to an account, and returns when the server has processed it. Rejects with Refused. */
export async function sendChat(
  session: Client,
  to: string,
  domain: string,
  message: { readonly id: string; readonly subject: string; readonly body: string },
): Promise<void> {
  const { id, subject, body } = message;
  const bounced = new Promise<never>((_, reject) => {
    session.on('stanza', (stanza: Element) => {
      if (stanza.is('message') && stanza.attrs.type === 'error' && stanza.attrs.id === id)
        reject(new Refused(stanza));
    });
  });
  bounced.catch(() => {});
  await session.send(
    xml('message', { type: 'chat', to, id }, xml('subject', {}, subject), xml('body', {}, body)),
  );
  // A server handles what one session sends in its order (RFC 6120, 10.1), so that its answer to a ping comes after.
  await Promise.race([ping(session, domain), bounced]);
}

const MUC = 'http://jabber.org/protocol/muc';

/** Joins a room, sends a message and returns when the room has distributed it. Rejects with Refused. */
export async function sendToRoom(
  session: Client,
  room: string,
  nick: string,
  message: { readonly id: string; readonly body: string },
): Promise<void> {
  const { id, body } = message;
  const received = (is: (stanza: Element) => boolean) => {
    const stanza = new Promise<void>((resolve, reject) => {
      session.on('stanza', (stanza: Element) => {
        if (!stanza.attrs.from?.startsWith(room)) return;
        if (stanza.attrs.type === 'error') reject(new Refused(stanza));
        else if (is(stanza)) resolve();
      });
    });
    // It may fail before it is awaited.
    stanza.catch(() => {});
    return stanza;
  };
  const entered = received(isOwnPresence);
  await session.send(
    xml('presence', { to: `${room}/${nick}` }, xml('x', { xmlns: MUC }, xml('history', { maxstanzas: '0' }))),
  );
  await entered;
  const distributed = received((stanza) => stanza.is('message') && stanza.attrs.id === id);
  await session.send(xml('message', { type: 'groupchat', to: room, id }, xml('body', {}, body)));
  await distributed;
  await session.send(xml('presence', { to: `${room}/${nick}`, type: 'unavailable' }));
}

// XEP-0045, 7.2.2: the code 110 says that it is one's own.
function isOwnPresence(stanza: Element): boolean {
  const codes = stanza.getChild('x', `${MUC}#user`)?.getChildren('status') ?? [];
  return stanza.is('presence') && codes.some(({ attrs }) => attrs.code === '110');
}

async function ping(session: Client, domain: string): Promise<void> {
  const stanza = xml('iq', { type: 'get', to: domain }, xml('ping', { xmlns: 'urn:xmpp:ping' }));
  try {
    await session.iqCaller.request(stanza);
  } catch (error) {
    // That it knows no ping is an answer too.
    if (!(error instanceof Error) || error.name !== 'StanzaError') throw error;
  }
}

function transportTo({ host, port, domain, tls, ca }: SecureAddress, sockets: SecureSocket[]) {
  class Transport extends TlsConnection {
    override socketParameters() {
      return { host, port, domain, tls, ca };
    }
  }
  class OwnSocket extends SecureSocket {
    constructor() {
      super();
      sockets.push(this);
    }
  }
  Object.assign(Transport.prototype, { Socket: OwnSocket });
  return Transport;
}
