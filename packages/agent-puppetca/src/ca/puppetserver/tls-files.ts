import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { splitPem } from '@troupe/core/pki';
import { CaError } from '../error.js';

/** PEM files with which a client authenticates itself and verifies the server. */
export interface TlsFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** Without it, revocation of the server's certificate is not checked. */
  readonly crl?: string;
}

/** Reads the files; throws UNREACHABLE with the path of the one that is at fault. */
export async function readTlsFiles(files: TlsFiles): Promise<SecureContext> {
  const [ca, cert, key, crl] = await Promise.all([
    read(files.ca),
    read(files.certificate),
    read(files.key),
    files.crl === undefined ? undefined : read(files.crl),
  ]);
  try {
    return createSecureContext({
      ca,
      cert,
      key,
      // Node wants one list in each string: of a bundle it reads the first only.
      ...(crl === undefined ? {} : { crl: splitPem(crl) }),
      minVersion: 'TLSv1.2',
    });
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new CaError(
      'UNREACHABLE',
      `Cannot use the TLS files ${Object.values(files).join(', ')}: ${problem}`,
      {
        cause,
      },
    );
  }
}

/** Changes whenever one of the files does. */
export async function versionOf(files: TlsFiles): Promise<string> {
  const stats = await Promise.all(Object.values(files).map((path) => stat(path).catch(() => undefined)));
  return stats.map((one) => (one ? `${one.ino}:${one.size}:${one.mtimeMs}` : 'none')).join(' ');
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new CaError('UNREACHABLE', `Cannot read ${path}: ${problem}`, { cause });
  }
}
