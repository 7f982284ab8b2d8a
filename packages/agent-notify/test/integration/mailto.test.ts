import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { ActionError } from '@troupe/core';
import { createTempFolder, skip, type TempFolder, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { openConfig } from '../../src/config.js';
import { deliver } from '../../src/deliver.js';
import { DeliveryError } from '../../src/delivery-error.js';
import { rejection, sendmsg } from '../call.js';
import { makePemFiles, type PemFiles } from '../pem-files.js';
import { SmtpServer, smtpServerMissing } from './smtp-server.js';

describe('mailto and a real mail server', function () {
  this.timeout(60_000);
  let folder: TempFolder;
  let pem: PemFiles;
  let password: string;
  let server: SmtpServer | undefined;
  let started = 0;

  before(async function () {
    const missing = smtpServerMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder();
    pem = await makePemFiles(folder, 'mail.test');
    password = folder.join('password');
    writeFileSync(password, 'geheim\n', { mode: 0o600 });
  });
  afterEach(() => server?.stop());
  after(() => folder?.close());

  async function start(...args: string[]): Promise<SmtpServer> {
    started += 1;
    server = await SmtpServer.start(folder.join(`maildir-${started}`), args);
    return server;
  }

  function startTls(mode: 'starttls' | 'tls', ...args: string[]): Promise<SmtpServer> {
    return start('--tls', mode, '--certificate', pem.certificate, '--key', pem.key, ...args);
  }

  function section(port: number, more: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      mailto: { server: '127.0.0.1', port, from: 'troupe@example.com', tls: 'none', timeout: 20, ...more },
    };
  }

  const input = {
    recipient: 'mailto://ops@example.com',
    subject: 'web1 is provisioned',
    message: 'It took 42 s.',
  };

  it('delivers, and says what it delivered', async () => {
    const server = await start();
    const output = await sendmsg(section(server.port), input, { requestId: 'abc123' });
    expect(output).to.deep.equal({
      msg: 'Delivered to mailto://ops@example.com',
      state: 'delivered',
      protocol: 'mailto',
      recipient: 'mailto://ops@example.com',
      id: 'abc123',
    });
    const [mail] = await server.mails();
    const headers = new Map(mail?.headers);
    expect(headers.get('from')).to.equal('troupe@example.com');
    expect(headers.get('to')).to.equal('ops@example.com');
    expect(headers.get('subject')).to.equal('web1 is provisioned');
    expect(headers.get('message-id')).to.equal('<abc123@example.com>');
    expect(headers.get('auto-submitted')).to.equal('auto-generated');
    expect(headers.get('x-rcptto')).to.equal('ops@example.com');
    expect(mail?.body.trim()).to.equal('It took 42 s.');
    const [file = ''] = readdirSync(`${server.maildir}/new`);
    expect(readFileSync(`${server.maildir}/new/${file}`, 'utf8')).to.include('Subject: web1 is provisioned');
  });

  it('keeps every character of subject and message', async () => {
    const server = await start();
    const subject = 'Größe „42“ 🎭 =?utf-8?q?x?=';
    const message = `Zeile 1\n.\n..\nFrom somebody\n${'ä'.repeat(2000)}\nlast`;
    await sendmsg(section(server.port), { recipient: 'mailto://ops@example.com', subject, message });
    const [mail] = await server.mails();
    expect(new Map(mail?.headers).get('subject')).to.equal(subject);
    expect(mail?.body.replaceAll('\r\n', '\n').trimEnd()).to.equal(message);
  });

  it('says which host it is from when there is no subject', async () => {
    const server = await start();
    for (const subject of [undefined, '', '  ']) {
      await sendmsg(section(server.port), { ...input, subject: subject ?? '' });
    }
    const subjects = (await server.mails()).map(({ headers }) => new Map(headers).get('subject'));
    expect(subjects).to.deep.equal(Array(3).fill('Message from notifier.example.com'));
  });

  it('lets nothing become a header or another recipient', async () => {
    const server = await start();
    await sendmsg(
      section(server.port),
      {
        recipient: 'mailto://ops@example.com',
        subject: 'x\r\nBcc: evil@example.com\r\n\r\nbody',
        message: 'To: evil@example.com\r\n\r\n.\r\nMAIL FROM:<evil@example.com>\r\n',
      },
      { requestId: 'x>\r\nBcc: <evil@example.com' },
    );
    const [mail, ...others] = await server.mails();
    expect(others).to.deep.equal([]);
    const names = mail?.headers.map(([name]) => name);
    expect(names).to.not.include('bcc');
    expect(names?.filter((name) => name === 'to')).to.have.length(1);
    expect(new Map(mail?.headers).get('x-rcptto')).to.equal('ops@example.com');
    expect(mail?.body).to.include('MAIL FROM:<evil@example.com>');
  });

  for (const address of [
    'ops',
    'ops@',
    '@example.com',
    'a@b@c',
    'a,b@example.com',
    'a@example.com,b@example.com',
    'Ops<a@example.com>',
    'a@example.com\r\nBcc: b@example.com',
    'a@example.com?bcc=b@example.com',
    '"a b"@example.com',
    'ops@example.com>',
    'ops@-example.com',
  ]) {
    it(`takes ${JSON.stringify(address)} for no mail address`, async () => {
      const error = await rejection(sendmsg(section(1), { ...input, recipient: `mailto://${address}` }));
      expect(error).to.be.instanceOf(ActionError);
      expect(error.status).to.equal(4);
    });
  }

  it('says what the server said when it refuses a recipient', async () => {
    const server = await start('--reject', 'ops@example.com');
    const error = await rejection(sendmsg(section(server.port), input));
    expect(error).to.be.instanceOf(ActionError);
    expect(error.status).to.equal(1);
    expect(error.message).to.equal(
      `The mail server 127.0.0.1:${server.port} did not accept the message: 550 5.1.1 No such mailbox here (to RCPT TO)`,
    );
  });

  for (const [answer, isFinal] of [
    ['550 5.1.1 No such mailbox here', true],
    ['451 4.7.1 Greylisted, come back later', false],
  ] as const) {
    it(`tries ${isFinal ? 'no more' : 'again'} after ${answer}`, async () => {
      const server = await start('--reject', 'ops@example.com', '--reject-with', answer);
      const routes = openConfig(section(server.port));
      const about = { time: new Date(), caller: 'rip.mcollective', host: 'notifier', fields: {} };
      const error = await rejection(
        deliver(routes, { id: '1', ...about, ...input }, new AbortController().signal),
      );
      expect(error).to.be.instanceOf(DeliveryError);
      expect(error.message).to.include(answer);
      expect((error as DeliveryError).isFinal).to.equal(isFinal);
    });
  }

  for (const tls of ['starttls', 'tls'] as const) {
    it(`delivers over ${tls} after a login`, async () => {
      const server = await startTls(tls, '--username', 'troupe', '--password-file', password);
      const config = section(server.port, { tls, ca: pem.ca, username: 'troupe', password_file: password });
      await sendmsg(config, input);
      expect(server.count).to.equal(1);
    });

    it(`refuses a ${tls} server whose certificate it cannot verify`, async () => {
      const server = await startTls(tls);
      const error = await rejection(sendmsg(section(server.port, { tls }), input));
      expect(error.message).to.match(
        /Cannot deliver through mail server .*: .*(self-signed certificate|unable to verify)/,
      );
      expect(server.count).to.equal(0);
    });

    it(`refuses a ${tls} server whose certificate has another name`, async () => {
      const server = await startTls(tls);
      const config = section(server.port, { tls, ca: pem.ca, server: 'localhost' });
      const error = await rejection(sendmsg(config, input));
      expect(error.message).to.match(
        /Cannot deliver through mail server .*: .*does not match certificate's altnames/,
      );
      expect(server.count).to.equal(0);
    });
  }

  it('sends nothing in clear when STARTTLS is asked for and not offered', async () => {
    const server = await start();
    const error = await rejection(sendmsg(section(server.port, { tls: 'starttls' }), input));
    expect(error.message).to.include(`The mail server 127.0.0.1:${server.port} did not accept the message: `);
    expect(server.count).to.equal(0);
  });

  it('says that the login was refused, without the password', async () => {
    const server = await startTls('starttls', '--username', 'troupe', '--password-file', password);
    const wrong = folder.join('wrong');
    writeFileSync(wrong, 'not-the-password', { mode: 0o600 });
    const config = section(server.port, {
      tls: 'starttls',
      ca: pem.ca,
      username: 'troupe',
      password_file: wrong,
    });
    const error = await rejection(sendmsg(config, input));
    expect(error.message).to.match(/did not accept the message: 535 5\.7\.8 .*\(to AUTH/);
    expect(error.message).to.not.include('not-the-password');
    expect(server.count).to.equal(0);
  });

  it('says that a login is needed', async () => {
    const server = await startTls('starttls', '--username', 'troupe', '--password-file', password);
    const error = await rejection(sendmsg(section(server.port, { tls: 'starttls', ca: pem.ca }), input));
    expect(error.message).to.include('530 5.7.0 Authentication required');
  });

  it('does not deliver without the login that is configured', async () => {
    const server = await start();
    const config = section(server.port, { username: 'troupe', password_file: password });
    const error = await rejection(sendmsg(config, input));
    expect(error.message).to.match(/did not accept the message: .*(AUTH|login)/i);
    expect(server.count).to.equal(0);
  });

  it('says that nobody listens', async () => {
    const server = await start();
    await server.stop();
    const error = await rejection(sendmsg(section(server.port), input));
    expect(error.message).to.match(/Cannot deliver through mail server .*: .*ECONNREFUSED/);
  });

  describe('a server that never comes to the point', function () {
    this.timeout(10_000);
    let endless: Server;
    let connections: number;

    before(async () => {
      connections = 0;
      endless = createServer((socket) => {
        connections += 1;
        const talking = setInterval(() => socket.write('220-just a moment\r\n'), 20);
        socket.on('error', () => {});
        socket.on('close', () => {
          clearInterval(talking);
          connections -= 1;
        });
      }).listen(0, '127.0.0.1');
      await once(endless, 'listening');
    });
    after(() => endless.close());

    const port = () => (endless.address() as AddressInfo).port;

    it('is given up after the configured time', async () => {
      const error = await rejection(sendmsg(section(port(), { timeout: 0.2 }), input));
      expect(error.message).to.equal(`The mail server 127.0.0.1:${port()} timed out after 0.2 s`);
      await waitFor('the connection to end', () => connections === 0);
    });

    it('is left when the call is cancelled', async () => {
      const controller = new AbortController();
      const call = rejection(sendmsg(section(port()), input, { signal: controller.signal }));
      await waitFor('the connection', () => connections === 1);
      controller.abort();
      expect((await call).message).to.equal(`Delivery through mail server 127.0.0.1:${port()} was cancelled`);
      await waitFor('the connection to end', () => connections === 0);
    });
  });
});
