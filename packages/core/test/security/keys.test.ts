import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createCa, issueCertificate, readCsr, sha256Fingerprint } from '../../src/pki/index.js';
import { keyKinds, makeCallerKeys } from '../../src/security/keys.js';
import { loadOwn } from '../../src/security/modes.js';

describe('makeCallerKeys', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-keys-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const kind of keyKinds) {
    it(`makes a key of kind ${kind} that its certificate fits`, async () => {
      const keys = await makeCallerKeys({ name: 'rip.mcollective', folder, kind, callers: /\.mcollective$/ });
      expect(statSync(keys.key).mode & 0o777).to.equal(0o600);
      expect(statSync(keys.csr).mode & 0o777).to.equal(0o644);
      expect(keys).to.include({
        key: join(folder, 'rip.mcollective.key'),
        csr: join(folder, 'rip.mcollective.csr'),
        certificate: join(folder, 'rip.mcollective.pem'),
        csrPem: readFileSync(keys.csr, 'utf8'),
        fingerprint: sha256Fingerprint(keys.csrPem),
      });
      const { asymmetricKeyType, asymmetricKeyDetails: details } = createPrivateKey(readFileSync(keys.key));
      expect(asymmetricKeyType).to.equal(kind);
      expect(details?.modulusLength ?? details?.namedCurve).to.equal(
        { rsa: 2048, ec: 'prime256v1', ed25519: undefined }[kind],
      );
      const csr = readCsr(readFileSync(keys.csr, 'utf8'));
      expect(csr).to.include({ commonName: 'rip.mcollective', isSignatureValid: true });
      const ca = await createCa({ commonName: 'Test CA' });
      writeFileSync(
        keys.certificate,
        issueCertificate({ ca, commonName: csr.commonName, publicKeyPem: csr.publicKeyPem }),
      );
      expect(loadOwn(keys).name).to.equal('rip.mcollective');
    });
  }

  it('makes an RSA key by default, and a folder only for its owner', async () => {
    const own = join(folder, 'new', 'keys');
    const { key } = await makeCallerKeys({ name: 'web1.lab', folder: own });
    expect(createPrivateKey(readFileSync(key)).asymmetricKeyType).to.equal('rsa');
    expect(statSync(own).mode & 0o777).to.equal(0o700);
  });

  it('says where it cannot write', async () => {
    writeFileSync(join(folder, 'file'), '');
    const refused: unknown = await makeCallerKeys({
      name: 'rip.mcollective',
      folder: join(folder, 'file'),
      kind: 'ed25519',
    }).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'FILE_UNREADABLE');
    expect(refused)
      .to.have.property('message')
      .that.includes(`cannot write to ${join(folder, 'file')}: `);
  });

  it('never replaces a key', async () => {
    const { key } = await makeCallerKeys({ name: 'rip.mcollective', folder, kind: 'ed25519' });
    const before = readFileSync(key, 'utf8');
    const again = await makeCallerKeys({ name: 'rip.mcollective', folder, kind: 'ed25519' }).catch(
      (error: Error) => error.message,
    );
    expect(again).to.include('already exists');
    expect(readFileSync(key, 'utf8')).to.equal(before);
  });

  for (const [name, code, message] of [
    ['../x.mcollective', 'IDENTITY_INVALID', 'is not a valid caller name'],
    ['web1.lab', 'CALLER_DENIED', 'does not match the callers pattern'],
  ] as const) {
    it(`refuses the name ${name}`, async () => {
      const refused = await makeCallerKeys({ name, folder, callers: /\.mcollective$/ }).catch(
        (error: unknown) => error,
      );
      expect(refused).to.have.property('code', code);
      expect(refused).to.have.property('message').that.includes(message);
      expect(readdirSync(folder)).to.deep.equal([]);
    });
  }
});
