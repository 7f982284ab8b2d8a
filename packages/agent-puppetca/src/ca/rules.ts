import type { Csr } from '@troupe/core/pki';
import { CaError } from './error.js';
import { extensionName, isAuthorization } from './extension-names.js';

/** What names of certificates look like; also what keeps them harmless in paths and arguments. */
const certnamePattern = /^[a-z0-9][a-z0-9._-]{0,252}$/;
export const subjectAltName = '2.5.29.17';

/** What a request may ask for beside a certificate of its name; a pattern must match the whole value. */
export interface SigningPolicy {
  /** By Puppet's short name of the extension, or its OID. */
  readonly extensions: ReadonlyMap<string, RegExp>;
  /** Of names as OpenSSL writes them: `DNS:www.example.net`, `IP:192.0.2.1`. */
  readonly altNames: readonly RegExp[];
}

/** Nothing beside a certificate of its name. */
export const strictPolicy: SigningPolicy = { extensions: new Map(), altNames: [] };

export function isCertname(text: string): boolean {
  return certnamePattern.test(text);
}

/** Throws CERTNAME_INVALID. */
export function checkCertname(certname: string): void {
  if (isCertname(certname)) return;
  throw new CaError(
    'CERTNAME_INVALID',
    `Invalid certname "${certname.slice(0, 80)}": use a-z, 0-9, ".", "_" and "-"`,
  );
}

/** Why a request must not be signed, although its fingerprint matches; undefined if it may be signed. */
export function faultOf(certname: string, csr: Csr, policy: SigningPolicy): string | undefined {
  if (csr.commonName !== certname) return `its common name is "${csr.commonName}"`;
  if (!csr.isSignatureValid) return 'its signature does not match its key';
  const names = csr.subjectAltNames.filter(
    (name) => name !== `DNS:${certname}` && !policy.altNames.some((pattern) => pattern.test(name)),
  );
  if (names.length > 0)
    return `it requests the alternative names ${names.join(', ')}, which plugins.puppetca.allow_alt_names does not allow`;
  const refused = Object.entries(csr.extensions).filter(
    ([oid, value]) => oid !== subjectAltName && !policy.extensions.get(extensionName(oid))?.test(value),
  );
  const rights = refused.filter(([oid]) => isAuthorization(oid)).map(([oid]) => extensionName(oid));
  if (rights.length > 0)
    return `it requests the authorization extension ${rights.join(', ')}, which is not allowed`;
  if (refused.length === 0) return undefined;
  // Without the values: one may be a secret that should not have been put there.
  return `it requests the extension ${refused.map(([oid]) => extensionName(oid)).join(', ')}, which plugins.puppetca.allow_extensions does not allow`;
}
