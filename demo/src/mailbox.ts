import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** A message as it arrived. */
export interface Delivered {
  readonly protocol: 'mailto' | 'webhook';
  readonly subject: string;
  readonly text: string;
}

/** Where notifications arrive: a mail server and a web server on this machine, and what they were given. */
export class Mailbox {
  readonly delivered: Delivered[] = [];
  readonly #smtp: SMTPServer;
  readonly #web: Server;

  constructor() {
    this.#smtp = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      onData: (stream, _session, done) => {
        simpleParser(stream)
          .then(({ subject = '', text = '' }) => this.delivered.push({ protocol: 'mailto', subject, text }))
          .then(() => done(), done);
      },
    });
    this.#web = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { subject, message } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<
          string,
          unknown
        >;
        this.delivered.push({ protocol: 'webhook', subject: String(subject), text: String(message) });
        response.writeHead(204).end();
      });
    });
  }

  /** Starts both on free ports of 127.0.0.1. */
  async listen(): Promise<{ smtpPort: number; webPort: number }> {
    await new Promise<void>((resolve) => this.#smtp.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => this.#web.listen(0, '127.0.0.1', resolve));
    return {
      smtpPort: (this.#smtp.server.address() as AddressInfo).port,
      webPort: (this.#web.address() as AddressInfo).port,
    };
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#smtp.close(() => resolve()));
    await new Promise<void>((resolve) => {
      this.#web.close(() => resolve());
      this.#web.closeAllConnections();
    });
  }
}
