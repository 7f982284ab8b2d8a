import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { readCrl } from '@troupe/core/pki';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { createTempFolder, createTestPki, type TempFolder, type TestPki } from '../../src/index.js';

describe('createTestPki', () => {
  let folder: TempFolder;
  let pki: TestPki;

  before(async () => {
    folder = await createTempFolder();
    pki = await createTestPki(folder.join('pki'));
  });

  after(() => folder.close());

  it('issues certificates that are of its CA and for the names asked', async () => {
    const { certificate } = await pki.issue('broker.lab', {
      dnsNames: ['broker'],
      ipAddresses: ['127.0.0.1'],
    });
    const x509 = new X509Certificate(await readFile(certificate));
    expect(x509.verify(new X509Certificate(await readFile(pki.caCertificate)).publicKey)).to.equal(true);
    expect(x509.subject).to.equal('CN=broker.lab');
    expect(x509.subjectAltName).to.equal('DNS:broker.lab, DNS:broker, IP Address:127.0.0.1');
  });

  it('keeps keys to the owner', async () => {
    const { key } = await pki.issue('web1.lab');
    for (const path of [key, pki.caKey]) expect((await stat(path)).mode & 0o777).to.equal(0o600);
  });

  it('serves for TLS with certificates on both ends', async () => {
    const [ca, server, client] = [
      await readFile(pki.caCertificate),
      await pki.issue('a.lab'),
      await pki.issue('b.lab'),
    ];
    const load = async (files: { certificate: string; key: string }) => ({
      ca,
      cert: await readFile(files.certificate),
      key: await readFile(files.key),
    });
    const listener = createServer({ ...(await load(server)), requestCert: true }, (socket) => {
      socket.end(`${socket.getPeerCertificate().subject.CN}`);
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', servername: 'a.lab', ...(await load(client)) });
    const [greeting] = await once(socket, 'data');
    expect(String(greeting)).to.equal('b.lab');
    socket.destroy();
    listener.close();
  });

  it('puts what is revoked on its list, and nothing else', async () => {
    const { certificate } = await pki.issue('gone.lab');
    const before = readCrl(await readFile(pki.crl, 'utf8'));
    await pki.revoke('gone.lab');
    const after = readCrl(await readFile(pki.crl, 'utf8'));
    expect([...before.revokedSerials]).to.deep.equal([]);
    expect([...after.revokedSerials]).to.deep.equal([
      new X509Certificate(await readFile(certificate)).serialNumber,
    ]);
    expect(after.number).to.be.greaterThan(before.number ?? 0);
    expect(after.verify(await readFile(pki.caCertificate, 'utf8'))).to.equal(true);
  });

  it('knows whom it has issued nothing', async () => {
    const error = await pki.revoke('nobody.lab').catch((error: Error) => error);
    expect(String(error)).to.contain('no certificate for nobody.lab');
  });
});
