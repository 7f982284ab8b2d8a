import { writeFileSync } from 'node:fs';
import { createTempFolder, freePort, skip, type TempFolder, waitFor } from '@troupe/testkit';
import { type Element, xml } from '@xmpp/client';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { withSession } from '../../src/protocols/xmpp/session.js';
import { readConfigured } from '../../src/section/secret-file.js';
import { rejection, sendmsg } from '../call.js';
import { makePemFiles, type PemFiles } from '../pem-files.js';
import { startSilentServer } from './silent-server.js';
import { XmppServer, xmppServerMissing } from './xmpp-server.js';

const domain = 'xmpp.test';

describe('xmpp and a real XMPP server', function () {
  this.timeout(90_000);
  let folder: TempFolder;
  let pem: PemFiles;
  let password: string;
  let server: XmppServer;
  let otherPem: PemFiles;
  let misnamed: XmppServer;

  before(async function () {
    const missing = xmppServerMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder();
    pem = await makePemFiles(folder, domain);
    password = folder.join('password');
    writeFileSync(password, 'geheim\n', { mode: 0o600 });
    const users = { troupe: 'geheim', ops: 'of-ops' };
    server = await XmppServer.start({ folder: folder.join('server'), domain, pem, users });
    otherPem = await makePemFiles(folder, 'other.test');
    misnamed = await XmppServer.start({ folder: folder.join('misnamed'), domain, pem: otherPem, users });
  });
  after(async () => {
    await server?.stop();
    await misnamed?.stop();
    await folder?.close();
  });

  function section(more: Record<string, unknown> = {}): Record<string, unknown> {
    const jid = `troupe@${domain}`;
    const reach = { server: '127.0.0.1', port: server.port, ca: pem.ca };
    return { xmpp: { jid, password_file: password, ...reach, timeout: 60, ...more } };
  }

  const input = { recipient: `xmpp://ops@${domain}`, subject: 'web1 is up', message: 'It took <42> & s.' };

  /** Logs in as ops and returns the first so many messages that come. */
  async function read(count: number): Promise<Element[]> {
    const account = { username: 'ops', password: 'of-ops' };
    const reach = { host: '127.0.0.1', port: server.port, domain, tls: 'starttls' as const };
    const ca = readConfigured(pem.ca, 'ca');
    const signal = AbortSignal.timeout(60_000);
    return withSession({ ...account, ...reach, ca, timeoutSeconds: 60, signal }, async (session) => {
      const messages: Element[] = [];
      session.on('stanza', (stanza: Element) => {
        if (stanza.is('message') && stanza.getChildText('body') !== null) messages.push(stanza);
      });
      await session.send(xml('presence'));
      await waitFor(`${count} messages`, () => messages.length >= count, { timeoutSeconds: 60 });
      return messages;
    });
  }

  it('is short: the subject and the first line of the message', async () => {
    const message = '\nweb1 is in quarantine: the disk is full\n\nlock ok\nrelease it';
    await sendmsg(section(), { ...input, subject: 'Quarantined web1', message });
    const [first] = await read(1);
    expect(first?.getChildText('body')).to.equal('Quarantined web1\nweb1 is in quarantine: the disk is full');
  });

  it('delivers over STARTTLS and over TLS, and loses no character', async () => {
    const message = 'line 1\nGröße „42“ 🎭 <body/> &amp; \u0000\u001b';
    await sendmsg(section(), input, { requestId: 'first' });
    const template = { body: '{{subject}}\n{{message}}' };
    await sendmsg(section({ tls: 'tls', port: server.tlsPort, template }), { ...input, message });
    const [first, second] = await read(2);
    expect(first?.attrs).to.include({ type: 'chat', id: 'first' });
    expect(first?.attrs.from).to.match(/^troupe@xmpp\.test\//);
    expect(first?.getChildText('subject')).to.equal('web1 is up');
    expect(first?.getChildText('body')).to.equal('web1 is up\nIt took <42> & s.');
    expect(second?.getChildText('body')).to.equal(
      'web1 is up\nline 1\nGröße „42“ 🎭 <body/> &amp; \ufffd\ufffd',
    );
  });

  it('speaks in a room', async () => {
    const room = `ops@conference.${domain}`;
    const output = await sendmsg(section({ rooms: [room] }), { ...input, recipient: `xmpp://${room}` });
    expect(output.state).to.equal('delivered');
  });

  it('says that there is no such account', async () => {
    const error = await rejection(sendmsg(section(), { ...input, recipient: `xmpp://nobody@${domain}` }));
    expect(error.message).to.equal(
      `The XMPP server 127.0.0.1:${server.port} did not accept the message: service-unavailable`,
    );
    expect(error.status).to.equal(1);
  });

  it('says that the login was refused, without the password', async () => {
    const wrong = folder.join('wrong');
    writeFileSync(wrong, 'not-the-password', { mode: 0o600 });
    const error = await rejection(sendmsg(section({ password_file: wrong }), input));
    expect(error.message).to.match(/refused the login of troupe@xmpp\.test: not-authorized/);
    expect(error.message).to.not.include('not-the-password');
  });

  for (const tls of ['starttls', 'tls'] as const) {
    it(`refuses a server whose certificate it cannot verify (${tls})`, async () => {
      const { ca, ...more } = section({ tls, port: tls === 'tls' ? server.tlsPort : server.port })
        .xmpp as Record<string, unknown>;
      expect(ca).to.equal(pem.ca);
      const error = await rejection(sendmsg({ xmpp: more }, input));
      expect(error.message).to.match(/Cannot deliver through XMPP server .*: (self-signed|unable to verify)/);
    });

    it(`refuses a server whose certificate is for another domain (${tls})`, async () => {
      const port = tls === 'tls' ? misnamed.tlsPort : misnamed.port;
      const error = await rejection(sendmsg(section({ tls, port, ca: otherPem.ca }), input));
      expect(error.message).to.match(
        /Cannot deliver through XMPP server .*: .*does not match certificate's altnames/,
      );
    });
  }

  it('does not log in where no TLS is offered', async () => {
    const users = { troupe: 'geheim', ops: 'of-ops' };
    const clear = await XmppServer.start({ folder: folder.join('clear'), domain, users });
    try {
      const error = await rejection(sendmsg(section({ port: clear.port }), input));
      expect(error.message).to.equal(
        `Cannot deliver through XMPP server 127.0.0.1:${clear.port}: the server does not offer STARTTLS`,
      );
      expect(clear.log).to.include('Client connected').and.not.include('Authenticated');
    } finally {
      await clear.stop();
    }
  });

  it('says that nobody listens', async () => {
    const error = await rejection(sendmsg(section({ port: await freePort() }), input));
    expect(error.message).to.match(/Cannot deliver through XMPP server .*: .*ECONNREFUSED/);
  });

  it('gives up on a server that says nothing, after the configured time', async () => {
    const silent = await startSilentServer();
    try {
      const error = await rejection(sendmsg(section({ port: silent.port, timeout: 0.3 }), input));
      expect(error.message).to.equal(`The XMPP server 127.0.0.1:${silent.port} timed out after 0.3 s`);
      await waitFor('the connection to end', () => silent.connections() === 0);
    } finally {
      silent.close();
    }
  });

  for (const address of ['ops', '@xmpp.test', 'a b@xmpp.test', "a'b@xmpp.test", 'a@b@c', 'a@b/home']) {
    it(`takes ${JSON.stringify(address)} for no XMPP address`, async () => {
      const error = await rejection(sendmsg(section(), { ...input, recipient: `xmpp://${address}` }));
      expect(error.status).to.equal(4);
    });
  }
});
