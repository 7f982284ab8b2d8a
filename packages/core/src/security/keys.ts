import { generateKeyPair, type KeyObject } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolderSync } from '../durable-file.js';
import { systemReasonOf, TroupeError } from '../errors.js';
import { isIdentity } from '../names.js';
import { createCsr } from '../pki/csr.js';
import { sha256Fingerprint } from '../pki/pem.js';

const generate = promisify(generateKeyPair) as unknown as (
  kind: string,
  options?: object,
) => Promise<{ privateKey: KeyObject }>;

/** `rsa` (2048 bits) is what every Puppet CA signs. */
export const keyKinds = ['rsa', 'ec', 'ed25519'] as const;
export type CallerKeyKind = (typeof keyKinds)[number];

const makers: Record<CallerKeyKind, () => Promise<{ privateKey: KeyObject }>> = {
  rsa: () => generate('rsa', { modulusLength: 2048 }),
  ec: () => generate('ec', { namedCurve: 'P-256' }),
  ed25519: () => generate('ed25519'),
};

/** Where a person's new key is, and the request that a CA is to sign. */
export interface CallerKeys {
  readonly key: string;
  readonly csr: string;
  /** Where the certificate belongs once it is signed. */
  readonly certificate: string;
  readonly csrPem: string;
  /** Of the request, as Puppet prints it. */
  readonly fingerprint: string;
}

/**
 * Makes a person's private key, which only its owner can read, and a certificate signing request beside it. An
 * existing key is never replaced. Throws IDENTITY_INVALID, CALLER_DENIED, FILE_UNREADABLE.
 */
export async function makeCallerKeys(options: {
  readonly name: string;
  readonly folder: string;
  readonly kind?: CallerKeyKind;
  /** The names of callers in this network; nodes obey no other. */
  readonly callers?: RegExp;
}): Promise<CallerKeys> {
  const { name, folder, kind = 'rsa', callers } = options;
  if (!isIdentity(name))
    throw new TroupeError(
      'IDENTITY_INVALID',
      `"${name}" is not a valid caller name: use a-z, 0-9, ".", "_" and "-"`,
    );
  if (callers && !callers.test(name))
    throw new TroupeError(
      'CALLER_DENIED',
      `"${name}" does not match the callers pattern (${callers}): nodes would reject its requests`,
    );
  const file = (ending: string) => join(folder, `${name}.${ending}`);
  const keys = { key: file('key'), csr: file('csr'), certificate: file('pem') };
  if (existsSync(keys.key))
    throw new TroupeError('FILE_UNREADABLE', `${keys.key} already exists: move it away to make a new key`);
  const { privateKey } = await makers[kind]();
  const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const csrPem = createCsr({ commonName: name, privateKeyPem });
  try {
    makeFolderSync(folder, 0o700);
    writeFileSync(keys.key, privateKeyPem, { mode: 0o600, flag: 'wx' });
    writeFileSync(keys.csr, csrPem, { mode: 0o644 });
  } catch (cause) {
    throw new TroupeError('FILE_UNREADABLE', `cannot write to ${folder}: ${systemReasonOf(cause)}`, {
      cause,
    });
  }
  return { ...keys, csrPem, fingerprint: sha256Fingerprint(csrPem) };
}
