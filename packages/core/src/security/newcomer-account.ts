import { createPrivateKey, X509Certificate } from 'node:crypto';
import { TroupeError } from '../errors.js';
import { isIdentity } from '../names.js';
import { createCa, generateEcKeyPair, issueCertificate } from '../pki/index.js';
import { commonName, pemBlocks } from './trust.js';

/**
 * The account that new machines share at a broker that cannot check enrolment tokens: a certificate, which tokens
 * carry, of a CA that exists for it alone. It proves to the broker that somebody has a token, and nothing else.
 */
export interface NewcomerAccount {
  /** The common name of its certificate. */
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

/** The account with its CA, as one file in PEM: key, certificate, certificate of the CA. */
export interface NewcomerAccountFile extends NewcomerAccount {
  readonly ca: string;
}

const days = 10 * 365;

/** Makes an account. The key of its CA is forgotten, so that the CA vouches for no other name. */
export async function createNewcomerAccount(name = 'newcomers'): Promise<string> {
  const [ca, keys] = await Promise.all([
    createCa({ commonName: `Troupe account ${name}`, days }),
    generateEcKeyPair(),
  ]);
  const certificate = issueCertificate({ ca, commonName: name, publicKeyPem: keys.publicKeyPem, days });
  return `${keys.privateKeyPem}${certificate}${ca.certificatePem}`;
}

/** Reads the file of an account. Throws CERTIFICATE_INVALID. */
export function readNewcomerAccount(text: string): NewcomerAccountFile {
  const [certificate, ca, ...more] = pemBlocks(text, 'CERTIFICATE');
  const [key] = pemBlocks(text, 'PRIVATE KEY');
  if (certificate === undefined || ca === undefined || key === undefined || more.length > 0)
    throw invalid('it must contain a private key, its certificate and the certificate of its CA, in PEM');
  const account = checkNewcomerAccount({ certificate, key });
  if (!read(certificate).verify(read(ca).publicKey))
    throw invalid('its first certificate is not signed by its second one');
  return { ...account, ca: `${ca}\n` };
}

/** Checks the account that a token carries. Throws CERTIFICATE_INVALID. */
export function checkNewcomerAccount(given: Omit<NewcomerAccount, 'name'>): NewcomerAccount {
  const certificate = read(given.certificate);
  const name = commonName(certificate);
  if (!isIdentity(name)) throw invalid(`its common name ${JSON.stringify(name)} is not a valid identity`);
  let key: ReturnType<typeof createPrivateKey>;
  try {
    key = createPrivateKey(given.key);
  } catch (cause) {
    throw invalid('its key is not a private key in PEM without a passphrase', cause);
  }
  if (!certificate.checkPrivateKey(key)) throw invalid('its key does not match its certificate');
  return { name, certificate: `${given.certificate.trim()}\n`, key: `${given.key.trim()}\n` };
}

function read(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid('it contains a damaged certificate', cause);
  }
}

function invalid(reason: string, cause?: unknown): TroupeError {
  return new TroupeError('CERTIFICATE_INVALID', `the account of new machines is not usable: ${reason}`, {
    cause,
  });
}
