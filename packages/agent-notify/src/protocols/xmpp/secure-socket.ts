import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where an XMPP server is, and whom its certificate must name. */
export interface SecureAddress {
  readonly host: string;
  readonly port: number;
  /** The domain of the account: the certificate must be for it, whatever the host is called. */
  readonly domain: string;
  readonly tls: 'starttls' | 'tls';
  /** PEM of the CAs against which the certificate is verified; default: those of Node.js. */
  readonly ca: string | undefined;
}

const MAX_CLEAR = 16_384;

// @xmpp/client cannot use a private CA, and continues unencrypted if a server offers no STARTTLS: hence a socket that
// exists only with TLS.
/** A socket for @xmpp/client: it is connected when the server's certificate has been verified. */
export class SecureSocket extends EventEmitter {
  readonly secure = true;
  #socket: Socket | undefined;

  connect({ host, port, domain, tls, ca }: SecureAddress): void {
    const trust = { servername: domain, ...(ca === undefined ? {} : { ca }) };
    if (tls === 'tls') {
      this.#attach(connectTls({ host, port, ...trust }));
      return;
    }
    const clear = connect({ host, port });
    this.#socket = clear;
    negotiate(clear, domain).then(
      () => this.#attach(connectTls({ socket: clear, ...trust })),
      (error: Error) => {
        clear.destroy();
        this.emit('error', error);
        this.emit('close');
      },
    );
  }

  write(data: string, done: (error?: Error | null) => void): void {
    if (this.#socket) this.#socket.write(data, done);
    else done(new Error('not connected'));
  }

  end(): void {
    this.#socket?.end();
  }

  destroy(): void {
    this.#socket?.destroy();
  }

  #attach(socket: ReturnType<typeof connectTls>): void {
    this.#socket = socket;
    socket.on('secureConnect', () => this.emit('connect'));
    socket.on('data', (data: Buffer) => this.emit('data', data));
    socket.on('error', (error: Error) => this.emit('error', error));
    socket.on('close', () => this.emit('close'));
  }
}

/** RFC 6120, 5.4: asks for TLS on a connection in clear. Rejects where the server has none. */
async function negotiate(socket: Socket, domain: string): Promise<void> {
  const header =
    `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' ` +
    `xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
  const features = await reply(socket, header, /<\/(\w+:)?features\s*>|<(\w+:)?features\s*\/>/);
  if (!/<starttls[\s/>]/.test(features)) throw new Error('the server does not offer STARTTLS');
  // RFC 6120, 5.4.3.3: what came before TLS is forgotten, and so is what was put in behind this answer.
  const answer = await reply(socket, `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, />/);
  if (!/<proceed[\s/>]/.test(answer)) throw new Error('the server refused STARTTLS');
}

function reply(socket: Socket, text: string, end: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const settle = (done: () => void) => {
      socket.off('data', onData).off('error', onError).off('close', onClose);
      done();
    };
    const onData = (data: Buffer) => {
      received += data.toString('latin1');
      if (end.test(received)) settle(() => resolve(received));
      else if (received.length > MAX_CLEAR)
        onError(new Error('the server sent too much data before STARTTLS'));
    };
    const onError = (error: Error) => settle(() => reject(error));
    const onClose = () => onError(new Error('the server closed the connection before STARTTLS'));
    socket.on('data', onData).on('error', onError).on('close', onClose);
    socket.write(text);
  });
}
