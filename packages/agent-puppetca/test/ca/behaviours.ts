import { createPublicKey } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { naturalOrder } from '@troupe/core/internal';
import {
  createCsr,
  generateKeyPair,
  type KeyPair,
  readCertificate,
  readCrl,
  readExtensions,
  sha256Fingerprint,
} from '@troupe/core/pki';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import type { Ca } from '../../src/ca/ca.js';
import { CaError, type CaErrorCode } from '../../src/ca/error.js';
import { sha256 } from './sha256.js';

/** A CA that is running, and the way that every node has to it. */
export interface Subject {
  readonly ca: Ca;
  /** The name of the server's own certificate. */
  readonly certname: string;
  readonly address: string;
  readonly port: number;
  readonly caCertificatePem: string;
}

/** What the configuration of every subject allows. */
export const allowances = {
  allow_extensions: { pp_role: '/web|db/', '1.2.3.4': 'x' },
  allow_alt_names: ['/DNS:[a-z0-9.]+\\.alias\\.example\\.net/'],
};

let names = 0;

/** What holds for every backend; `subject` is asked when the tests run. */
export function behavesLikeACa(subject: () => Subject): void {
  let node: KeyPair;
  let somebodyElse: KeyPair;

  before(async () => {
    [node, somebodyElse] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  });

  /** A name that no other test uses. */
  function newName(domain = 'example.net'): string {
    names += 1;
    return `n${names}.${domain}`;
  }

  function csrOf(commonName: string, options: Partial<Parameters<typeof createCsr>[0]> = {}): string {
    return createCsr({ commonName, privateKeyPem: node.privateKeyPem, ...options });
  }

  /** Submits a request as any node can; returns its fingerprint. */
  async function submit(certname: string, csr = csrOf(certname)): Promise<string> {
    const answer = await call(subject(), 'PUT', `certificate_request/${certname}`, csr);
    expect(answer.status, answer.text).to.equal(200);
    return sha256Fingerprint(csr);
  }

  async function submitAndSign(certname: string, csr = csrOf(certname)) {
    return subject().ca.sign(certname, await submit(certname, csr));
  }

  const get = (path: string) => call(subject(), 'GET', path);

  async function stateOf(certname: string): Promise<string> {
    return (await subject().ca.status(certname)).state;
  }

  async function isRevoked(serial: string): Promise<boolean> {
    const crl = readCrl((await get('certificate_revocation_list/ca')).text);
    expect(crl.verify(subject().caCertificatePem)).to.equal(true);
    return crl.revokedSerials.has(serial);
  }

  describe('info', () => {
    it('tells where nodes reach it, and the digest of what they will get there', async () => {
      const info = await subject().ca.info();
      const { certname, address, port } = subject();
      expect(info).to.include({ certname, address, port });
      expect(info.ca_fingerprint).to.equal(sha256((await get('certificate/ca')).text));
      expect(info.ca_subject).to.equal(`CN=Puppet CA: ${certname}`);
    });
  });

  describe('status and list', () => {
    it('know nothing of a name that is missing', async () => {
      const name = newName();
      expect(await subject().ca.status(name)).to.deep.equal({
        certname: name,
        state: 'missing',
        fingerprint: null,
        serial: null,
        not_before: null,
        not_after: null,
        subject_alt_names: [],
        authorization_extensions: {},
      });
    });

    it('tell a request with its fingerprint', async () => {
      const name = newName();
      const fingerprint = await submit(name);
      const expected = { certname: name, state: 'requested', fingerprint, serial: null };
      expect(await subject().ca.status(name)).to.include(expected);
      const list = await subject().ca.list('requested');
      expect(list.find((one) => one.certname === name)).to.include(expected);
      expect(new Set(list.map((one) => one.state))).to.deep.equal(new Set(['requested']));
    });

    it('tell a certificate with serial number, dates and fingerprint', async () => {
      const name = newName();
      await submitAndSign(name);
      const certificate = readCertificate((await get(`certificate/${name}`)).text);
      const status = await subject().ca.status(name);
      expect(status).to.deep.include({
        certname: name,
        state: 'signed',
        fingerprint: certificate.fingerprint256,
        serial: certificate.serialNumber,
        not_before: new Date(certificate.validFrom).toISOString(),
        not_after: new Date(certificate.validTo).toISOString(),
        subject_alt_names: [`DNS:${name}`],
      });
      const all = await subject().ca.list();
      expect(all.find((one) => one.certname === name)).to.deep.equal(status);
      expect(all.map((one) => one.certname)).to.deep.equal(all.map((one) => one.certname).sort(naturalOrder));
    });
  });

  describe('sign', () => {
    it('signs the request that is expected', async () => {
      const name = newName();
      const fingerprint = await submit(name);
      const signature = await subject().ca.sign(name, fingerprint);
      const certificate = readCertificate((await get(`certificate/${name}`)).text);
      expect(certificate.publicKey.equals(createPublicKey(node.publicKeyPem))).to.equal(true);
      expect(certificate.verify(readCertificate(subject().caCertificatePem).publicKey)).to.equal(true);
      expect(signature).to.deep.equal({
        fingerprint: certificate.fingerprint256,
        csr_fingerprint: fingerprint,
        serial: certificate.serialNumber,
        not_after: new Date(certificate.validTo).toISOString(),
      });
    });

    it('does not sign a request that somebody else planted', async () => {
      const name = newName();
      const planted = await submit(name, csrOf(name, { privateKeyPem: somebodyElse.privateKeyPem }));
      const own = csrOf(name);
      expect(await call(subject(), 'PUT', `certificate_request/${name}`, own)).to.deep.equal({
        status: 400,
        text: `${name} already has a requested certificate; ignoring certificate request`,
      });
      const error = await refusal('FINGERPRINT_MISMATCH', subject().ca.sign(name, sha256Fingerprint(own)));
      expect(error.message).to.include(planted).and.include(sha256Fingerprint(own));
      expect(await stateOf(name)).to.equal('requested');
      expect((await get(`certificate/${name}`)).status).to.equal(404);
    });

    it('takes the fingerprint in lower case too', async () => {
      const name = newName();
      const fingerprint = await submit(name);
      const { csr_fingerprint } = await subject().ca.sign(name, fingerprint.toLowerCase());
      expect(csr_fingerprint).to.equal(fingerprint);
    });

    it('fails without a request', async () => {
      await refusal('NOT_FOUND', subject().ca.sign(newName(), fingerprintOfNothing));
    });

    it('does not sign a second time', async () => {
      const name = newName();
      const { csr_fingerprint, serial } = await submitAndSign(name);
      await refusal('CONFLICT', subject().ca.sign(name, csr_fingerprint));
      expect(await subject().ca.status(name)).to.include({ state: 'signed', serial });
    });

    it('refuses alternative names', async () => {
      const name = newName();
      const fingerprint = await submit(name, csrOf(name, { dnsNames: [name, 'puppet'] }));
      expect((await subject().ca.status(name)).subject_alt_names).to.have.members([
        `DNS:${name}`,
        'DNS:puppet',
      ]);
      const error = await refusal('REFUSED', subject().ca.sign(name, fingerprint));
      expect(error.message).to.match(/alternative names DNS:puppet, which/);
      expect(await stateOf(name)).to.equal('requested');
    });

    it('accepts its own name as alternative name', async () => {
      const name = newName();
      await submitAndSign(name, csrOf(name, { dnsNames: [name] }));
      expect(await stateOf(name)).to.equal('signed');
    });

    it('refuses an extension that would make the node an administrator of the CA', async () => {
      const name = newName();
      const csr = csrOf(name, { extensions: { '1.3.6.1.4.1.34380.1.3.39': 'true' } });
      const fingerprint = await submit(name, csr);
      expect((await subject().ca.status(name)).authorization_extensions).to.deep.equal({
        pp_cli_auth: 'true',
      });
      const error = await refusal('REFUSED', subject().ca.sign(name, fingerprint));
      expect(error.message).to.include('pp_cli_auth');
      // It is only a try: it must not keep the node from being cleaned.
      expect(await subject().ca.clean(name)).to.deep.equal({ revoked: false, deleted: true });
    });

    it('refuses trusted facts that its configuration does not allow', async () => {
      const name = newName();
      const fingerprint = await submit(
        name,
        csrOf(name, { extensions: { '1.3.6.1.4.1.34380.1.1.13': 'master' } }),
      );
      const error = await refusal('REFUSED', subject().ca.sign(name, fingerprint));
      expect(error.message).to.match(
        /it requests the extension pp_role, which plugins\.puppetca\.allow_extensions does not allow$/,
      );
      expect(await stateOf(name)).to.equal('requested');
    });

    it('certifies trusted facts that its configuration allows', async () => {
      const name = newName();
      await submitAndSign(name, csrOf(name, { extensions: { '1.3.6.1.4.1.34380.1.1.13': 'web' } }));
      const { text } = await get(`certificate/${name}`);
      expect(readExtensions(text)).to.include({ '1.3.6.1.4.1.34380.1.1.13': 'web' });
    });

    it('fails where the CA itself does not permit an extension', async () => {
      const name = newName();
      const fingerprint = await submit(name, csrOf(name, { extensions: { '1.2.3.4': 'x' } }));
      const error = await refusal('CONFLICT', subject().ca.sign(name, fingerprint));
      // The command of Puppet Server 8 does not pass on why.
      expect(error.message).to.match(/not permitted: 1\.2\.3\.4|see the log of Puppet Server for the reason/);
      expect(await stateOf(name)).to.equal('requested');
    });

    it('makes no caller out of a node', async () => {
      const name = newName('mcollective');
      const fingerprint = await submit(name);
      const error = await refusal('REFUSED', subject().ca.sign(name, fingerprint));
      expect(error.message).to.include('/\\.mcollective$/');
      await refusal('REFUSED', subject().ca.clean(name));
      expect(await stateOf(name)).to.equal('requested');
    });

    it('signs once when asked twice at the same time', async () => {
      const name = newName();
      const fingerprint = await submit(name);
      const outcomes = await Promise.allSettled([
        subject().ca.sign(name, fingerprint),
        subject().ca.sign(name, fingerprint),
      ]);
      expect(outcomes.map((one) => one.status).sort()).to.deep.equal(['fulfilled', 'rejected']);
      const [lost] = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      expect(lost).to.be.instanceOf(CaError).with.property('code', 'CONFLICT');
    });

    it('does nothing for a caller who has gone', async () => {
      const name = newName();
      const fingerprint = await submit(name);
      const gone = AbortSignal.abort(new Error('the caller has gone'));
      const error = await rejection(subject().ca.sign(name, fingerprint, gone));
      expect(error.message).to.equal('the caller has gone');
      expect(await stateOf(name)).to.equal('requested');
    });
  });

  describe('request', () => {
    it('tells all that a request asks for, and whether it would be signed', async () => {
      const name = newName();
      const csr = csrOf(name, {
        challengePassword: 'open sesame',
        extensions: { '1.3.6.1.4.1.34380.1.1.13': 'web', '1.3.6.1.4.1.34380.1.2.1': 'ours' },
        dnsNames: [name, 'puppet'],
      });
      const fingerprint = await submit(name, csr);
      expect(await subject().ca.request(name)).to.deep.equal({
        certname: name,
        fingerprint,
        key: 'RSA 2048',
        subject_alt_names: [`DNS:${name}`, 'DNS:puppet'],
        extensions: { pp_role: 'web', '1.3.6.1.4.1.34380.1.2.1': 'ours' },
        challenge_password: 'open sesame',
        refusal:
          'it requests the alternative names DNS:puppet, which plugins.puppetca.allow_alt_names does not allow',
      });
    });

    it('finds nothing wrong with a plain one', async () => {
      const name = newName();
      await submit(name);
      const { challenge_password, extensions, refusal: why } = await subject().ca.request(name);
      expect({ challenge_password, extensions, why }).to.deep.equal({
        challenge_password: null,
        extensions: {},
        why: null,
      });
    });

    it('fails where none waits', async () => {
      const name = newName();
      await refusal('NOT_FOUND', subject().ca.request(name));
      await submitAndSign(name);
      await refusal('NOT_FOUND', subject().ca.request(name));
    });
  });

  describe('reject', () => {
    it('deletes a request that somebody planted, and makes room for the right one', async () => {
      const name = newName();
      const planted = await submit(name, csrOf(name, { privateKeyPem: somebodyElse.privateKeyPem }));
      const own = sha256Fingerprint(csrOf(name));
      await refusal('FINGERPRINT_MISMATCH', subject().ca.reject(name, own));
      expect(await stateOf(name)).to.equal('requested');
      expect(await subject().ca.reject(name, planted)).to.deep.equal({ fingerprint: planted });
      expect(await stateOf(name)).to.equal('missing');
      await submitAndSign(name);
    });

    it('leaves certificates alone', async () => {
      const name = newName();
      await refusal('NOT_FOUND', subject().ca.reject(name));
      await submitAndSign(name);
      await refusal('CONFLICT', subject().ca.reject(name));
      expect(await stateOf(name)).to.equal('signed');
    });

    it('deletes also what is made out to a caller', async () => {
      const name = newName('mcollective');
      await submit(name);
      await subject().ca.reject(name);
      expect(await stateOf(name)).to.equal('missing');
    });
  });

  it('leaves a name in one state when everything is asked of it at the same time', async () => {
    const name = newName();
    const fingerprint = await submit(name);
    const { ca } = subject();
    const [signed, rejected, revoked, cleaned] = await Promise.allSettled([
      ca.sign(name, fingerprint),
      ca.reject(name, fingerprint),
      ca.revoke(name),
      ca.clean(name),
    ]);
    // In the order in which they came.
    expect(signed.status).to.equal('fulfilled');
    expect(rejected).to.have.nested.property('reason.code', 'CONFLICT');
    expect(revoked).to.deep.equal({ status: 'fulfilled', value: { revoked: true } });
    expect(cleaned).to.deep.equal({ status: 'fulfilled', value: { revoked: false, deleted: true } });
    expect(await stateOf(name)).to.equal('missing');
    if (signed.status === 'fulfilled') expect(await isRevoked(signed.value.serial)).to.equal(true);
  });

  describe('revoke', () => {
    it('revokes, and says so when it was done before', async () => {
      const name = newName();
      const { serial } = await submitAndSign(name);
      expect(await isRevoked(serial)).to.equal(false);
      expect(await subject().ca.revoke(name)).to.deep.equal({ revoked: true });
      expect(await isRevoked(serial)).to.equal(true);
      expect(await subject().ca.status(name)).to.include({ state: 'revoked', serial });
      expect(await subject().ca.revoke(name)).to.deep.equal({ revoked: false });
    });

    it('fails where there is nothing, or only a request', async () => {
      const name = newName();
      await refusal('NOT_FOUND', subject().ca.revoke(name));
      await submit(name);
      await refusal('CONFLICT', subject().ca.revoke(name));
    });
  });

  describe('clean', () => {
    it('revokes and deletes, once', async () => {
      const name = newName();
      const { serial } = await submitAndSign(name);
      expect(await subject().ca.clean(name)).to.deep.equal({ revoked: true, deleted: true });
      expect(await isRevoked(serial)).to.equal(true);
      expect(await stateOf(name)).to.equal('missing');
      expect((await get(`certificate/${name}`)).status).to.equal(404);
      expect(await subject().ca.clean(name)).to.deep.equal({ revoked: false, deleted: false });
    });

    it('makes room for a new request', async () => {
      const name = newName();
      const before = await submitAndSign(name);
      await subject().ca.clean(name);
      const after = await submitAndSign(name);
      expect(after.serial).not.to.equal(before.serial);
      expect(await isRevoked(after.serial)).to.equal(false);
    });

    it('deletes a request', async () => {
      const name = newName();
      await submit(name);
      expect(await subject().ca.clean(name)).to.deep.equal({ revoked: false, deleted: true });
      expect(await stateOf(name)).to.equal('missing');
    });

    it('deletes what is revoked already', async () => {
      const name = newName();
      await submitAndSign(name);
      await subject().ca.revoke(name);
      expect(await subject().ca.clean(name)).to.deep.equal({ revoked: false, deleted: true });
    });

    it('leaves one winner when asked twice at the same time', async () => {
      const name = newName();
      await submitAndSign(name);
      const both = await Promise.all([subject().ca.clean(name), subject().ca.clean(name)]);
      expect(both.filter(({ deleted }) => deleted)).to.deep.equal([{ revoked: true, deleted: true }]);
    });

    it("never takes the server's own certificate", async () => {
      const { ca, certname } = subject();
      expect((await ca.status(certname)).authorization_extensions).to.deep.equal({ pp_cli_auth: 'true' });
      await refusal('REFUSED', ca.clean(certname));
      await refusal('REFUSED', ca.revoke(certname));
      expect(await stateOf(certname)).to.equal('signed');
    });
  });

  describe('names', () => {
    for (const name of [
      '',
      'Web1',
      '../a',
      '..',
      '.a',
      'a/b',
      'a%2fb',
      '-a',
      '--all',
      'a b',
      'a,b',
      'a\n',
      'ä',
      'a'.repeat(254),
    ]) {
      it(`refuses ${JSON.stringify(name.slice(0, 20))}`, async () => {
        const { ca } = subject();
        await refusal('CERTNAME_INVALID', ca.status(name));
        await refusal('CERTNAME_INVALID', ca.sign(name, fingerprintOfNothing));
        await refusal('CERTNAME_INVALID', ca.revoke(name));
        await refusal('CERTNAME_INVALID', ca.clean(name));
      });
    }
  });

  describe('requests of nodes', () => {
    it('refuses a second one under a name', async () => {
      const name = newName();
      await submit(name);
      for (const csr of [csrOf(name), csrOf(name, { privateKeyPem: somebodyElse.privateKeyPem })]) {
        expect(await call(subject(), 'PUT', `certificate_request/${name}`, csr)).to.deep.equal({
          status: 400,
          text: `${name} already has a requested certificate; ignoring certificate request`,
        });
      }
    });

    for (const state of ['signed', 'revoked'] as const) {
      it(`refuses one for a name whose certificate is ${state}`, async () => {
        const name = newName();
        await submitAndSign(name);
        if (state === 'revoked') await subject().ca.revoke(name);
        expect(await call(subject(), 'PUT', `certificate_request/${name}`, csrOf(name))).to.deep.equal({
          status: 400,
          text: `${name} already has a ${state} certificate; ignoring certificate request`,
        });
      });
    }

    it('refuses a request under another name than its common name', async () => {
      const [asked, made] = [newName(), newName()];
      expect(await call(subject(), 'PUT', `certificate_request/${asked}`, csrOf(made))).to.deep.equal({
        status: 400,
        text: `Instance name "${made}" does not match requested key "${asked}"`,
      });
    });

    it('refuses capital letters', async () => {
      expect(await call(subject(), 'PUT', 'certificate_request/Web1', csrOf('Web1'))).to.deep.equal({
        status: 400,
        text: 'Certificate names must be lower case.',
      });
    });

    it('refuses garbage', async () => {
      const { status } = await call(subject(), 'PUT', `certificate_request/${newName()}`, 'garbage');
      expect(status).to.be.greaterThanOrEqual(400);
    });

    it('has no certificate to show where there is none', async () => {
      expect((await get(`certificate/${newName()}`)).status).to.equal(404);
    });
  });
}

const fingerprintOfNothing = Array(32).fill('00').join(':');

/** The error with which something fails; it must carry this code. */
async function refusal(code: CaErrorCode, promise: Promise<unknown>): Promise<CaError> {
  const error = await rejection(promise);
  expect(error, error.stack).to.be.instanceOf(CaError).with.property('code', code);
  return error as CaError;
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: Error) => error,
  );
  if (outcome instanceof Error) return outcome;
  throw new Error(`it should have failed, but gave ${JSON.stringify(outcome.value)}`);
}

/** Calls the CA API as a node without certificate does. */
export function call(
  to: Pick<Subject, 'address' | 'port' | 'caCertificatePem'>,
  method: 'GET' | 'PUT',
  path: string,
  body?: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: to.address,
        port: to.port,
        servername: 'puppet',
        ca: to.caCertificatePem,
        method,
        path: `/puppet-ca/v1/${path}`,
        agent: false,
        headers: { Accept: 'text/plain', 'Content-Type': 'text/plain' },
      },
      (answer: IncomingMessage) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
