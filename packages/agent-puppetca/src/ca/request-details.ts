import { createPublicKey } from 'node:crypto';
import { type Csr, sha256Fingerprint } from '@troupe/core/pki';
import type { RequestDetails } from './ca.js';
import { byName } from './extension-names.js';
import { subjectAltName } from './rules.js';

/** Describes what a request asks for; `refusal` is why it would not be signed. */
export function detailsOf(
  certname: string,
  pem: string,
  csr: Csr,
  refusal: string | undefined,
): RequestDetails {
  const { [subjectAltName]: _, ...extensions } = csr.extensions;
  return {
    certname,
    fingerprint: sha256Fingerprint(pem),
    key: keyOf(csr),
    subject_alt_names: [...csr.subjectAltNames],
    extensions: byName(extensions),
    challenge_password: csr.challengePassword ?? null,
    refusal: refusal ?? null,
  };
}

function keyOf({ publicKeyPem }: Csr): string {
  const { asymmetricKeyType: type = '', asymmetricKeyDetails: details } = createPublicKey(publicKeyPem);
  const size = details?.modulusLength ?? details?.namedCurve;
  return size === undefined ? type.toUpperCase() : `${type.toUpperCase()} ${size}`;
}
