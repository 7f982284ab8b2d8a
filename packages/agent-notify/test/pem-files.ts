import { writeFileSync } from 'node:fs';
import { type Ca, createCa, generateKeyPair, issueCertificate } from '@troupe/core/pki';
import type { TempFolder } from '@troupe/testkit';

/** Files of a CA, and of a server's certificate from it. */
export interface PemFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes a CA, and a certificate for `name` at 127.0.0.1 from it, as files in `folder`. */
export async function makePemFiles(folder: TempFolder, name: string): Promise<PemFiles> {
  const ca: Ca = await createCa({ commonName: `CA of ${name}` });
  const { privateKeyPem, publicKeyPem } = await generateKeyPair();
  const certificate = issueCertificate({
    ca,
    commonName: name,
    publicKeyPem,
    dnsNames: [name],
    ipAddresses: ['127.0.0.1'],
  });
  const write = (file: string, text: string) => {
    const path = folder.join(`${name}-${file}`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    ca: write('ca.pem', ca.certificatePem),
    certificate: write('certificate.pem', certificate),
    key: write('key.pem', privateKeyPem),
  };
}
