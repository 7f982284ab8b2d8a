import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createCa, generateEcKeyPair, issueCertificate } from '../../src/pki/index.js';
import type { Own } from '../../src/security/modes.js';

/** A CA with certificates of its own making, in memory. */
export async function fixture(commonName = 'Test CA') {
  // Keys of RSA for leaves would take most of the time of the tests.
  const ca = await createCa({ commonName });
  return {
    ca,
    issue: async (name: string, options: { days?: number } = {}): Promise<Own> => {
      const { privateKeyPem, publicKeyPem } = await generateEcKeyPair();
      const certificatePem = issueCertificate({ ca, commonName: name, publicKeyPem, ...options });
      const chain = [new X509Certificate(certificatePem).raw.toString('base64')];
      return { name, key: createPrivateKey(privateKeyPem), chain, certificatePem, keyPem: privateKeyPem };
    },
  };
}
