import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Stats } from 'node:fs';
import { resolve } from 'node:path';
import { configFileOf } from '../config/config-file.js';
import type { SecurityConfig } from '../config/sections.js';
import { messageOf, systemReasonOf, TroupeError } from '../errors.js';
import { readRegularFileSync } from '../regular-file.js';
import { checkLeaf } from './path-constraints.js';
import { commonName, pemBlocks } from './trust.js';

/** A certificate with its key and chain, as a signer needs them. */
export interface Own {
  readonly name: string;
  readonly key: KeyObject;
  /** x5c of RFC 7515: DER in base64, leaf first. */
  readonly chain: readonly string[];
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Reads the certificate and key that a configuration names. Throws FILE_UNREADABLE, CERTIFICATE_INVALID. */
export function loadOwn(config: Pick<SecurityConfig, 'certificate' | 'key'>): Own {
  const certificatePem = readText(config.certificate, 'security.certificate', config);
  const keyPem = readSecret(config.key, 'security.key', config);
  const certificates = pemBlocks(certificatePem, 'CERTIFICATE').map((pem) =>
    readPem(
      `security.certificate: ${config.certificate} contains a damaged certificate`,
      () => new X509Certificate(pem),
    ),
  );
  const [leaf] = certificates;
  if (!leaf)
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      `security.certificate: ${config.certificate} contains no certificate`,
    );
  const key = readPem(`security.key: ${config.key} is not a private key in PEM without a passphrase`, () =>
    createPrivateKey(keyPem),
  );
  if (!leaf.checkPrivateKey(key)) {
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      `the key ${config.key} does not match the certificate ${config.certificate}`,
    );
  }
  checkLeaf(leaf);
  const chain = certificates.map((certificate) => certificate.raw.toString('base64'));
  return { name: commonName(leaf), key, chain, certificatePem, keyPem };
}

// What OpenSSL says of a file names neither the file nor what belongs there.
function readPem<T>(fault: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new TroupeError('CERTIFICATE_INVALID', `${fault}: ${messageOf(cause)}`, { cause });
  }
}

function setIn(config: object): string {
  const file = configFileOf(config);
  return file === undefined ? '' : ` (set in ${file})`;
}

/** The text of a file that the configuration names. Throws CONFIG_INVALID, FILE_UNREADABLE. */
export function readText(file: string | undefined, what: string, config: object = {}): string {
  if (file === undefined)
    throw new TroupeError('CONFIG_INVALID', `${what} is not set: set it to the path of the file`);
  try {
    return readRegularFileSync(file).toString('utf8');
  } catch (cause) {
    throw new TroupeError(
      'FILE_UNREADABLE',
      `${what}: cannot read ${resolve(file)}: ${systemReasonOf(cause)}${setIn(config)}`,
      {
        cause,
      },
    );
  }
}

/** The text of a file that is nobody else's. Throws CONFIG_INVALID, FILE_UNREADABLE. */
// Puppet's own keys are readable by its group (0640): others are shut out, and so is a group that could replace it.
export function readSecret(file: string | undefined, what: string, config: object = {}): string {
  if (file === undefined)
    throw new TroupeError('CONFIG_INVALID', `${what} is not set: set it to the path of the file`);
  try {
    const check = ({ mode }: Stats) => {
      if ((mode & 0o007) !== 0)
        throw new Error(`permissions too open, other users have access: chmod o= ${file}`);
      if ((mode & 0o020) !== 0)
        throw new Error(`permissions too open, the group can write: chmod g-w ${file}`);
    };
    return readRegularFileSync(file, { check }).toString('utf8');
  } catch (cause) {
    throw new TroupeError(
      'FILE_UNREADABLE',
      `${what}: cannot use ${resolve(file)}: ${systemReasonOf(cause)}${setIn(config)}`,
      {
        cause,
      },
    );
  }
}
