import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Person } from './person.js';

/** A certificate that openssl makes as a CA might, by mistake or on purpose. */
export interface OddCertificate {
  readonly name: string;
  /** The CA: files of its certificate and its key. */
  readonly by: { readonly certificate: string; readonly key: string };
  /** Lines of an extensions section of openssl. */
  readonly extensions?: readonly string[];
  readonly digest?: 'sha1' | 'sha256';
}

/** Makes a certificate and a key in a folder: files ALIAS.pem and ALIAS.key. */
export function makeOddCertificate(
  folder: string,
  alias: string,
  { name, by, extensions = [], digest = 'sha256' }: OddCertificate,
): Person & { readonly files: OddCertificate['by'] } {
  const file = (ending: string) => join(folder, `${alias}.${ending}`);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  openssl(
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    file('key'),
    '-subj',
    `/CN=${name}`,
    '-out',
    file('csr'),
  );
  writeFileSync(file('ext'), extensions.join('\n'));
  const issuer = ['-CA', by.certificate, '-CAkey', by.key, '-CAcreateserial', '-CAserial', file('srl')];
  openssl(
    'x509',
    '-req',
    '-in',
    file('csr'),
    ...issuer,
    '-days',
    '30',
    `-${digest}`,
    '-extfile',
    file('ext'),
    '-out',
    file('pem'),
  );
  const pem = { cert: readFileSync(file('pem'), 'utf8'), key: readFileSync(file('key'), 'utf8') };
  return {
    name,
    key: createPrivateKey(pem.key),
    x5c: [new X509Certificate(pem.cert).raw.toString('base64')],
    pem,
    files: { certificate: file('pem'), key: file('key') },
  };
}
