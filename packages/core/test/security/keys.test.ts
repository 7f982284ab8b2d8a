import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createCa, issueCertificate, readCsr } from '../../src/pki/index.js';
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

  it('never replaces a key', async () => {
    const { key } = await makeCallerKeys({ name: 'rip.mcollective', folder, kind: 'ed25519' });
    const before = readFileSync(key, 'utf8');
    const again = await makeCallerKeys({ name: 'rip.mcollective', folder, kind: 'ed25519' }).catch(
      (error: Error) => error.message,
    );
    expect(again).to.include('is there already');
    expect(readFileSync(key, 'utf8')).to.equal(before);
  });

  for (const [name, message] of [
    ['../x.mcollective', 'cannot name a caller'],
    ['web1.lab', 'is not the name of a caller here'],
  ] as const) {
    it(`refuses the name ${name}`, async () => {
      const refused = await makeCallerKeys({ name, folder, callers: /\.mcollective$/ }).catch(
        (error: Error) => error.message,
      );
      expect(refused).to.include(message);
    });
  }
});
