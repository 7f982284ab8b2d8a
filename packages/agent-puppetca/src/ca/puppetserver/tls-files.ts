import { readFile, stat } from 'node:fs/promises';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { checkRevocation, splitPem } from '@troupe/core/pki';
import { CaError } from '../error.js';

/** PEM files with which a client authenticates itself and verifies the server. */
export interface TlsFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** Without it, revocation of the server's certificate is not checked. */
  readonly crl?: string;
}

/** What the files mean for a connection; throws UNREACHABLE with the path of the one that is at fault. */
export async function readTlsFiles(
  files: TlsFiles,
): Promise<Pick<ConnectionOptions, 'secureContext' | 'checkServerIdentity'>> {
  const [ca, cert, key, crl] = await Promise.all([
    read(files.ca),
    read(files.certificate),
    read(files.key),
    files.crl === undefined ? undefined : read(files.crl),
  ]);
  try {
    return {
      secureContext: createSecureContext({ ca, cert, key, minVersion: 'TLSv1.2' }),
      ...(crl === undefined ? {} : { checkServerIdentity: checkRevocation(listsIn(crl)) }),
    };
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

function listsIn(crl: string): readonly string[] {
  const lists = splitPem(crl);
  if (lists.length === 0) throw new Error('the file of revocation lists contains none');
  return lists;
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
