import type { Csr } from '@troupe/core/pki';
import { CaError } from './error.js';

/** What names of certificates look like; also what keeps them harmless in paths and arguments. */
const certnamePattern = /^[a-z0-9][a-z0-9._-]{0,252}$/;
const authorizationArc = '1.3.6.1.4.1.34380.1.3.';

/** Puppet's names of its authorization extensions. */
const authorizationNames: Readonly<Record<string, string>> = {
  '1.3.6.1.4.1.34380.1.3.1': 'pp_authorization',
  '1.3.6.1.4.1.34380.1.3.13': 'pp_auth_role',
  '1.3.6.1.4.1.34380.1.3.39': 'pp_cli_auth',
};

/** The extension that lets a certificate administer the CA. */
export const cliAuth = 'pp_cli_auth';

export function isCertname(text: string): boolean {
  return certnamePattern.test(text);
}

/** Throws CERTNAME_INVALID. */
export function checkCertname(certname: string): void {
  if (isCertname(certname)) return;
  throw new CaError(
    'CERTNAME_INVALID',
    `"${certname.slice(0, 80)}" is no name of a certificate: use a-z, 0-9, ".", "_" and "-"`,
  );
}

/** Those extensions of a request or certificate that give rights on the Puppet Server. */
export function authorizationExtensions(
  extensions: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(extensions)
      .filter(([oid]) => oid.startsWith(authorizationArc))
      .map(([oid, value]) => [authorizationNames[oid] ?? oid, value]),
  );
}

/** Why a request must not be signed, although it is the one that is meant; nothing where it may be. */
export function faultOf(certname: string, csr: Csr): string | undefined {
  if (csr.commonName !== certname) return `it is made out to "${csr.commonName}"`;
  if (!csr.isSignatureValid) return 'its signature does not belong to its key';
  const names = csr.subjectAltNames.filter((name) => name !== `DNS:${certname}`);
  if (names.length > 0) return `it asks for the alternative names ${names.join(', ')}`;
  const rights = Object.keys(authorizationExtensions(csr.extensions));
  if (rights.length > 0) return `it asks for the authorization extension ${rights.join(', ')}`;
  return undefined;
}
