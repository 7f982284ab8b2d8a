import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { silentLogger } from '@troupe/core';
import {
  createCrl,
  createCsr,
  generateEcKeyPair,
  generateKeyPair,
  sha256Fingerprint,
} from '@troupe/core/pki';
import { createTempFolder, freePort, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { CaClient } from '../../src/certificate/ca-client.js';
import {
  CertificateRequester,
  type CsrMemory,
  type RequestOptions,
} from '../../src/certificate/certificate-request.js';
import { SslFiles } from '../../src/certificate/ssl-files.js';
import type { CsrState } from '../../src/record/state.js';
import { FakeCa } from '../fixtures/fake-ca.js';
import { rejection } from '../fixtures/rejection.js';

const certname = 'node1.example.net';
const put = `PUT certificate_request/${certname}`;

describe('CertificateRequester', () => {
  let folder: TempFolder;
  let ca: FakeCa;
  let files: SslFiles;
  let memory: CsrMemory & { csr: CsrState | null };
  let requester: CertificateRequester;

  beforeEach(async () => {
    folder = await createTempFolder();
    ca = await FakeCa.start();
    files = new SslFiles({
      ssldir: folder.join('ssl'),
      hostprivkey: folder.join('ssl', 'private_keys', `${certname}.pem`),
      hostpubkey: folder.join('ssl', 'public_keys', `${certname}.pem`),
      hostcsr: folder.join('ssl', 'certificate_requests', `${certname}.pem`),
      hostcert: folder.join('ssl', 'certs', `${certname}.pem`),
      localcacert: folder.join('ssl', 'certs', 'ca.pem'),
      hostcrl: folder.join('ssl', 'crl.pem'),
    });
    memory = {
      csr: null,
      read: () => memory.csr,
      write: async (csr) => {
        memory.csr = { ...csr, since: 'now' };
      },
    };
    requester = new CertificateRequester({
      files,
      certname,
      makeKey: () => generateKeyPair(2048),
      memory,
      log: silentLogger,
    });
  });
  afterEach(async () => {
    await ca[Symbol.asyncDispose]();
    await folder.close();
  });

  const clientOf = (server: FakeCa) =>
    new CaClient({ name: 'puppet', address: '127.0.0.1', port: server.port });
  const request = (more: Partial<RequestOptions> = {}) =>
    requester.request({
      ca: clientOf(ca),
      caFingerprint: ca.digest,
      fresh: false,
      confirm: () => undefined,
      signal: new AbortController().signal,
      ...more,
    });
  const saved = async () => (await readdir(folder.join('ssl'), { recursive: true }).catch(() => [])).sort();

  it('makes a key, has the CA take the CSR, and leaves the files as Puppet wants them', async () => {
    const requested = await request();
    const csr = ca.requests.get(certname) ?? '';
    expect(requested).to.deep.equal({
      certname,
      csrFingerprint: sha256Fingerprint(csr),
      caFingerprint: ca.digest,
      reused: false,
    });
    expect(await files.read('hostcsr')).to.equal(csr);
    expect(await files.read('localcacert')).to.equal(ca.ca.certificatePem);
    expect(await files.read('hostcrl')).to.equal(ca.revocationList);
    const key = (await files.read('hostprivkey')) ?? '';
    expect(createCsr({ commonName: certname, privateKeyPem: key })).to.equal(csr);
    const modes: [string, number][] = [
      ['ssl', 0o771],
      ['ssl/private_keys', 0o750],
      [`ssl/private_keys/${certname}.pem`, 0o640],
      ['ssl/certificate_requests', 0o755],
      [`ssl/certificate_requests/${certname}.pem`, 0o644],
      ['ssl/certs', 0o755],
      ['ssl/certs/ca.pem', 0o644],
      ['ssl/crl.pem', 0o644],
    ];
    for (const [path, mode] of modes) {
      expect((await stat(folder.join(path))).mode & 0o7777, path).to.equal(mode);
    }
    expect(ca.asked).to.deep.equal(['GET certificate/ca', 'GET certificate_revocation_list/ca', put]);
  });

  it('hands in the same CSR again with a key on an elliptic curve, whose signatures differ each time', async () => {
    const ofCurve = new CertificateRequester({
      files,
      certname,
      makeKey: generateEcKeyPair,
      memory,
      log: silentLogger,
    });
    const options = {
      ca: clientOf(ca),
      caFingerprint: ca.digest,
      fresh: false,
      confirm: () => undefined,
      signal: new AbortController().signal,
    };
    const first = await ofCurve.request(options);
    const again = await ofCurve.request(options);
    expect(again).to.deep.equal({ ...first, reused: true });
  });

  it('takes the digest in upper case and with colons', async () => {
    const digest = ca.digest.toUpperCase().match(/../g)?.join(':') ?? '';
    expect((await request({ caFingerprint: digest })).caFingerprint).to.equal(ca.digest);
  });

  it('removes the key and the certificates of before', async () => {
    for (const name of [
      'hostprivkey',
      'hostpubkey',
      'hostcert',
      'hostcsr',
      'localcacert',
      'hostcrl',
    ] as const) {
      await files.write(name, 'old');
    }
    await request();
    expect(await files.read('hostprivkey')).to.contain('BEGIN PRIVATE KEY');
    expect(await files.read('hostcert')).to.equal(undefined);
    expect(await files.read('hostpubkey')).to.equal(undefined);
    expect(await files.read('localcacert')).to.equal(ca.ca.certificatePem);
  });

  describe('with a CA that does not have the given digest', () => {
    it('names both digests, saves nothing and removes nothing', async () => {
      await files.write('hostcert', 'old');
      const before = await saved();
      await using other = await FakeCa.start({ name: 'Somebody else' });
      const error = await rejection(request({ ca: clientOf(other) }));
      expect(error.message).to.equal(
        `unexpected CA: its digest is ${other.digest}, expected ${ca.digest}; nothing was saved`,
      );
      expect(await saved()).to.deep.equal(before);
      expect(await files.read('hostcert')).to.equal('old');
      expect(other.requests.size).to.equal(0);
      expect(memory.csr).to.equal(null);
    });

    it('does not hand its CSR to a server that shows the right CA and is not of it', async () => {
      await using other = await FakeCa.start({ name: 'Somebody else' });
      other.answers.set('GET certificate/ca', { status: 200, body: ca.ca.certificatePem });
      const error = await rejection(request({ ca: clientOf(other) }));
      expect(error.message).to.match(/^request to https:\/\/puppet:\d+ at 127\.0\.0\.1 failed: /);
      expect(other.asked).to.deep.equal(['GET certificate/ca']);
      expect(await saved()).to.deep.equal([]);
    });

    it('nor to a server of that CA with another name', async () => {
      await using other = await FakeCa.start({ names: ['web1.example.net'] });
      const error = await rejection(request({ ca: clientOf(other), caFingerprint: other.digest }));
      expect(error.message).to.contain('the certificate of the server is not valid for this name');
      expect(other.requests.size).to.equal(0);
    });

    it('nor to a server whose certificate is revoked', async () => {
      ca.revocationList = createCrl({
        ca: ca.ca,
        number: 2,
        revoked: [{ serial: '0badcafe', date: new Date() }],
      });
      const error = await rejection(request());
      expect(error.message).to.contain('the certificate of the server is revoked');
      expect(ca.requests.size).to.equal(0);
    });
  });

  it('uses a revocation list that has expired, and still refuses a revoked server by it', async () => {
    ca.revocationList = createCrl({ ca: ca.ca, number: 2, revoked: [], days: -1 });
    expect((await request()).certname).to.equal('node1.example.net');
    const revoked = [{ serial: '0badcafe', date: new Date() }];
    ca.revocationList = createCrl({ ca: ca.ca, number: 3, revoked, days: -1 });
    expect((await rejection(request())).message).to.contain('the certificate of the server is revoked');
  });

  it('accepts any CA when a person asks without a digest, and reports its digest', async () => {
    expect((await request({ caFingerprint: undefined })).caFingerprint).to.equal(ca.digest);
  });

  it('verifies an address if Puppet connects to an address', async () => {
    await using server = await FakeCa.start({ addresses: ['127.0.0.1'] });
    const client = new CaClient({ name: '127.0.0.1', port: server.port });
    const requested = await request({ ca: client, caFingerprint: server.digest });
    expect(requested.csrFingerprint).to.equal(sha256Fingerprint(server.requests.get(certname) ?? ''));
  });

  describe('asked again', () => {
    it('hands in the same CSR', async () => {
      const first = await request();
      const second = await request();
      expect(second).to.deep.equal({ ...first, reused: true });
      expect(ca.requests.size).to.equal(1);
    });

    it('hands it in anew where the CA was cleaned meanwhile, and forgets the certificate', async () => {
      const first = await request();
      await files.write('hostcert', ca.sign(certname));
      ca.certificates.clear();
      expect(await request()).to.deep.equal({ ...first, reused: true });
      expect(sha256Fingerprint(ca.requests.get(certname) ?? '')).to.equal(first.csrFingerprint);
      expect(await files.read('hostcert')).to.equal(undefined);
    });

    it('is content with a certificate of its key', async () => {
      const first = await request();
      const certificate = ca.sign(certname);
      await files.write('hostcert', certificate);
      expect(await request()).to.deep.equal({ ...first, reused: true });
      expect(await files.read('hostcert')).to.equal(certificate);
    });

    it('makes a new key with fresh', async () => {
      const first = await request();
      ca.requests.clear();
      const second = await request({ fresh: true });
      expect(second.reused).to.equal(false);
      expect(second.csrFingerprint).to.not.equal(first.csrFingerprint);
    });

    it('makes a new key for another CA', async () => {
      await request();
      await using other = await FakeCa.start({ name: 'Another region' });
      const second = await request({ ca: clientOf(other), caFingerprint: other.digest });
      expect(second.reused).to.equal(false);
      expect(await files.read('localcacert')).to.equal(other.ca.certificatePem);
    });

    for (const [what, key] of [
      ['another', undefined],
      ['no', 'scribble'],
    ] as const) {
      it(`makes a new key where there is ${what} key by now`, async () => {
        await request();
        ca.requests.clear();
        await files.write('hostprivkey', key ?? (await generateKeyPair(2048)).privateKeyPem);
        expect((await request()).reused).to.equal(false);
      });
    }

    for (const hidden of [false, true]) {
      it(`finds its own request when the answer was lost${hidden ? ', also where the CA shows none' : ''}`, async () => {
        ca.answers.set(put, 'cut');
        expect((await rejection(request())).message).to.contain('https://puppet:');
        expect(memory.csr?.state).to.equal('sent');
        expect(await files.read('hostcsr')).to.equal(undefined);
        ca.answers.clear();
        if (hidden) ca.answers.set(`GET certificate_request/${certname}`, { status: 403, body: 'Forbidden' });
        const requested = await request();
        expect(requested.reused).to.equal(true);
        expect(sha256Fingerprint(ca.requests.get(certname) ?? '')).to.equal(requested.csrFingerprint);
        expect(await files.read('hostcsr')).to.equal(ca.requests.get(certname));
      });
    }
  });

  describe('if another machine was first', () => {
    const planted = async () => {
      const { privateKeyPem } = await generateKeyPair(2048);
      return createCsr({ commonName: certname, privateKeyPem });
    };

    it('names the fingerprint of the other request', async () => {
      const csr = await planted();
      ca.requests.set(certname, csr);
      const error = await rejection(request());
      expect(error.message).to.contain(
        `the CA already has another certificate request for ${certname} (fingerprint ${sha256Fingerprint(csr)}`,
      );
      expect(await files.read('hostcsr')).to.equal(undefined);
      expect(memory.csr?.state).to.equal('refused');
    });

    for (const attempt of ['the first time', 'the second time']) {
      it(`reports the other request, ${attempt}, without its fingerprint if the CA does not show its requests`, async () => {
        ca.requests.set(certname, await planted());
        ca.answers.set(`GET certificate_request/${certname}`, { status: 403, body: 'Forbidden' });
        if (attempt === 'the second time') await rejection(request());
        const error = await rejection(request());
        expect(error.message).to.contain(
          `the CA already has another certificate request for ${certname} (fingerprint unknown`,
        );
      });
    }

    it('reports that the other request is already signed', async () => {
      ca.requests.set(certname, await planted());
      ca.sign(certname);
      const error = await rejection(request());
      expect(error.message).to.equal(
        `the CA already has a certificate for ${certname} with another key: clean ${certname} on the CA`,
      );
    });
  });

  for (const [what, answer, message] of [
    [
      'forbids it',
      { status: 403, body: 'Forbidden request' },
      'the CA refused the certificate request of this host (HTTP status 403): permit PUT certificate_request/',
    ],
    [
      'finds the name bad',
      { status: 400, body: 'Certificate names must be lower case.' },
      'returned HTTP status 400 for',
    ],
    ['fails', { status: 500, body: 'Internal\nError' }, ': Internal Error'],
  ] as const) {
    it(`reports the reason if the CA ${what}`, async () => {
      ca.answers.set(put, answer);
      expect((await rejection(request())).message).to.contain(message);
      expect(await files.read('hostcsr')).to.equal(undefined);
    });
  }

  it('reports a response that is not a revocation list', async () => {
    ca.answers.set('GET certificate_revocation_list/ca', { status: 200, body: 'nothing' });
    expect((await rejection(request())).message).to.contain(
      'returned HTTP status 200 for certificate_revocation_list/ca: nothing',
    );
  });

  it('reports a refused connection', async () => {
    const client = new CaClient({ name: 'puppet', address: '127.0.0.1', port: await freePort() });
    expect((await rejection(request({ ca: client }))).message).to.match(
      /^request to https:\/\/puppet:\d+ at 127\.0\.0\.1 failed: connection refused: is the Puppet server running there\?$/,
    );
  });

  it('does not read an answer without end', async () => {
    ca.answers.set('GET certificate/ca', { status: 200, body: 'x'.repeat(2 * 1024 * 1024) });
    expect((await rejection(request())).message).to.contain('longer than 1048576 bytes');
  });

  it('goes no further when the lease is lost meanwhile', async () => {
    await mkdir(folder.join('ssl', 'certs'), { recursive: true });
    await writeFile(files.paths.hostcert, 'old');
    const confirm = () => {
      throw new Error('token 1 is stale');
    };
    expect((await rejection(request({ confirm }))).message).to.equal('token 1 is stale');
    expect(await readFile(files.paths.hostcert, 'utf8')).to.equal('old');
    expect(ca.requests.size).to.equal(0);
  });

  it('stops when it is cancelled', async () => {
    const reason = new Error('cancelled');
    expect(await rejection(request({ signal: AbortSignal.abort(reason) }))).to.equal(reason);
  });

  for (const digest of ['', 'abc', `${'0'.repeat(63)}g`]) {
    it(`refuses "${digest}" as a digest`, async () => {
      expect((await rejection(request({ caFingerprint: digest }))).message).to.contain(
        'is not a SHA-256 digest',
      );
      expect(ca.asked).to.deep.equal([]);
    });
  }
});
