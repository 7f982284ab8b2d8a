import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createCa, generateKeyPair, issueCertificate } from '../../src/pki/index.js';
import type { Own } from '../../src/security/modes.js';

/** A CA with certificates of its own making, in memory. */
export async function fixture(commonName = 'Test CA') {
  const ca = await createCa({ commonName });
  return {
    ca,
    issue: async (name: string, options: { days?: number } = {}): Promise<Own> => {
      const { privateKeyPem, publicKeyPem } = await generateKeyPair(2048);
      const certificatePem = issueCertificate({ ca, commonName: name, publicKeyPem, ...options });
      const chain = [new X509Certificate(certificatePem).raw.toString('base64')];
      return { name, key: createPrivateKey(privateKeyPem), chain, certificatePem, keyPem: privateKeyPem };
    },
  };
}
