import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { createLogger, silentLogger } from '@troupe/core';
import { createCsr, generateKeyPair, type KeyPair, readCertificate, readCrl } from '@troupe/core/pki';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { BuiltinCa } from '../../../src/ca/builtin/builtin-ca.js';
import { type BuiltinServer, startBuiltinServer } from '../../../src/ca/builtin/builtin-server.js';
import { call } from '../behaviours.js';

describe('server of the built-in CA', () => {
  let folder: string;
  let ca: BuiltinCa;
  let server: BuiltinServer;
  let caCertificatePem: string;
  let node: KeyPair;

  before(async () => {
    node = await generateKeyPair();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-ca-'));
    ca = await BuiltinCa.open({ cadir: folder, certname: 'ca1', maxRequests: 2 });
    caCertificatePem = (await ca.caCertificate()).toString();
    server = await start([]);
  });

  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const start = (altNames: string[]) =>
    startBuiltinServer({ ca, address: '127.0.0.1', port: 0, altNames, log: silentLogger });
  const get = (path: string) => call({ ...server, caCertificatePem }, 'GET', path);
  const put = (path: string, body: string) => call({ ...server, caCertificatePem }, 'PUT', path, body);
  const csrOf = (commonName: string) => createCsr({ commonName, privateKeyPem: node.privateKeyPem });
  const ownCertificate = async () => readCertificate((await get('certificate/ca1')).text);

  it('hands out the CA and its list, byte for byte', async () => {
    expect(await get('certificate/ca')).to.deep.equal({ status: 200, text: caCertificatePem });
    const { text } = await get('certificate_revocation_list/ca?environment=production');
    expect(text).to.equal(await readFile(join(folder, 'ca_crl.pem'), 'utf8'));
  });

  for (const path of [
    'certificate/web1',
    'certificate/..%2fca_key',
    'certificate/%',
    'certificate/',
    'certificate_revocation_list/web1',
    'certificate_request/web1',
    'certificate_status/web1',
    'certificate_statuses/any_key',
  ]) {
    it(`has no ${path} for a node`, async () => {
      expect((await get(path)).status).to.equal(404);
    });
  }

  it('does not show the request of another', async () => {
    await put('certificate_request/web1', csrOf('web1'));
    expect((await get('certificate_request/web1')).status).to.equal(404);
  });

  it('lets no node sign, revoke or clean', async () => {
    await put('certificate_request/web1', csrOf('web1'));
    expect((await put('certificate_status/web1', '{"desired_state":"signed"}')).status).to.equal(404);
    expect((await put('clean', '{"certnames":["web1"]}')).status).to.equal(404);
    expect((await ca.status('web1')).state).to.equal('requested');
  });

  it('says what it found, and what is wrong with a request', async () => {
    expect(await get('certificate/web1')).to.deep.equal({
      status: 404,
      text: 'Could not find certificate web1',
    });
    expect(await get('certificate_revocation_list/web1')).to.deep.equal({
      status: 404,
      text: 'Could not find certificate_revocation_list web1',
    });
    expect(await get('nothing/web1')).to.deep.equal({ status: 404, text: 'Not Found' });
    expect(await put('certificate_request/web1', csrOf('web1'))).to.deep.equal({ status: 200, text: '' });
    expect(await put('certificate_request/web1', csrOf('web1'))).to.deep.equal({
      status: 400,
      text: 'web1 already has a requested certificate; ignoring certificate request',
    });
  });

  it('takes a request of 64 KiB for one, though it is none', async () => {
    const refused = { status: 400, text: 'The body is not a certificate request in PEM.' };
    expect(await put('certificate_request/web1', 'x'.repeat(64 * 1024))).to.deep.equal(refused);
    expect((await put('certificate_request/web1', 'x'.repeat(64 * 1024 + 1))).status).to.equal(413);
  });

  it('reads names that are escaped', async () => {
    await put('certificate_request/web%31', csrOf('web1'));
    await ca.sign('web1');
    expect((await get('certificate/%77eb1?environment=x')).text).to.equal(await ca.certificate('web1'));
  });

  it('says nothing of its own faults to a node, and all to its log', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    await server.close();
    server = await startBuiltinServer({ ca, address: '127.0.0.1', port: 0, log });
    expect(lines.join()).to.include(`"port":${server.port}`).and.include('built-in CA is listening');
    await rm(join(folder, 'ca_crl.pem'));
    await mkdir(join(folder, 'ca_crl.pem'));
    expect(await get('certificate_revocation_list/ca')).to.deep.equal({
      status: 500,
      text: 'Internal Server Error',
    });
    expect(lines.join()).to.include('built-in CA: request failed').and.include('EISDIR');
    await rm(join(folder, 'requests'), { recursive: true });
    expect((await put('certificate_request/web9', csrOf('web9'))).status).to.equal(500);
  });

  it('refuses a request that is too large, and more than may wait', async () => {
    expect(await put('certificate_request/web1', 'x'.repeat(70_000))).to.deep.equal({
      status: 413,
      text: 'The certificate request is too large.',
    });
    for (const name of ['a', 'b'])
      expect((await put(`certificate_request/${name}`, csrOf(name))).status).to.equal(200);
    expect((await put('certificate_request/c', csrOf('c'))).status).to.equal(503);
  });

  it('proves itself as its certname, as puppet, and under no other name', async () => {
    const certificate = await ownCertificate();
    expect(certificate.subjectAltName).to.equal('DNS:ca1, DNS:puppet');
    expect(certificate.verify(readCertificate(caCertificatePem).publicKey)).to.equal(true);
  });

  it('speaks TLS 1.2, for the sake of Puppet', async () => {
    const socket = connect({
      host: server.address,
      port: server.port,
      servername: 'puppet',
      ca: caCertificatePem,
    });
    await once(socket, 'secureConnect');
    expect(socket.getProtocol()).to.equal('TLSv1.2');
    socket.destroy();
  });

  it('keeps its certificate over a restart', async () => {
    const { serialNumber } = await ownCertificate();
    await server.close();
    server = await start([]);
    expect((await ownCertificate()).serialNumber).to.equal(serialNumber);
  });

  it('gets a new certificate when its names change, and revokes the old one', async () => {
    const old = await ownCertificate();
    await server.close();
    server = await start(['ca.example.net', '127.0.0.1', '::1']);
    const certificate = await ownCertificate();
    expect(certificate.subjectAltName).to.equal(
      'DNS:ca1, DNS:puppet, DNS:ca.example.net, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect([...readCrl(await ca.crl()).revokedSerials]).to.deep.equal([old.serialNumber]);
    await server.close();
    server = await start(['ca.example.net', '127.0.0.1', '::1']);
    expect((await ownCertificate()).serialNumber).to.equal(certificate.serialNumber);
  });

  it('gets a new certificate when its key is lost', async () => {
    const old = await ownCertificate();
    await rm(join(folder, 'private_keys', 'ca1.pem'));
    await server.close();
    server = await start([]);
    expect((await ownCertificate()).publicKey.equals(old.publicKey)).to.equal(false);
  });

  it('says where it cannot listen', async () => {
    const attempt = startBuiltinServer({ ca, address: '127.0.0.1', port: server.port, log: silentLogger });
    expect(await attempt.catch((error: NodeJS.ErrnoException) => error.code)).to.equal('EADDRINUSE');
  });
});
