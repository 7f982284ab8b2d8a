import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { messageOf, type SecurityConfig } from '@troupe/core';
import { loadToken } from '@troupe/core/internal';
import { onOneLine, readCrl, splitPem } from '@troupe/core/pki';
import { readRegularFile } from '@troupe/core/regular-file';

/** What the files of a `security` section hold, and when each certificate and list ends; no key leaves its file. */
export async function certificateReport(security: SecurityConfig): Promise<object> {
  if (security.mode === 'none') return { mode: 'none' };
  if (security.mode === 'token')
    return { mode: 'token', token: tokenOf(security), key_file: await fileOf(security.token) };
  return {
    mode: security.mode,
    certificate: await certificatesIn(security.certificate),
    key_file: await fileOf(security.key),
    ca: await certificatesIn(security.ca),
    callers_ca: security.callers.ca === undefined ? undefined : await certificatesIn(security.callers.ca),
    crl: security.crl === undefined ? undefined : await listsIn(security.crl),
  };
}

async function certificatesIn(file: string | undefined): Promise<object> {
  return await readEach(file, 'CERTIFICATE', (pem) => describeCertificate(new X509Certificate(pem)));
}

async function listsIn(file: string): Promise<object> {
  return await readEach(file, 'X509 CRL', (pem) => {
    const { issuer, number, thisUpdate, nextUpdate, revoked } = readCrl(pem);
    return {
      issuer: onOneLine(issuer),
      number,
      this_update: thisUpdate.toISOString(),
      next_update: nextUpdate?.toISOString(),
      revoked: revoked.length,
    };
  });
}

async function readEach(
  file: string | undefined,
  kind: string,
  read: (pem: string) => object,
): Promise<object> {
  if (file === undefined) return { failure: 'not configured' };
  try {
    const blocks = splitPem((await readRegularFile(file)).toString('utf8')).filter((pem) =>
      pem.startsWith(`-----BEGIN ${kind}-----`),
    );
    return { file, found: blocks.map((pem) => orFailure(() => read(pem))) };
  } catch (error) {
    return { file, failure: messageOf(error) };
  }
}

function orFailure(read: () => object): object {
  try {
    return read();
  } catch (error) {
    return { failure: messageOf(error) };
  }
}

/** A certificate for a report: names, serial number, SHA-256 fingerprint, and from when to when it is valid. */
export function describeCertificate(certificate: X509Certificate): object {
  return {
    subject: onOneLine(certificate.subject),
    issuer: onOneLine(certificate.issuer),
    names: certificate.subjectAltName,
    serial: certificate.serialNumber,
    sha256: certificate.fingerprint256,
    valid_from: new Date(certificate.validFrom).toISOString(),
    valid_to: new Date(certificate.validTo).toISOString(),
    is_ca: certificate.ca,
    key: certificate.publicKey.asymmetricKeyType,
  };
}

// Of a key or a token only what may be wrong with its file.
async function fileOf(file: string | undefined): Promise<object> {
  if (file === undefined) return { failure: 'not configured' };
  try {
    const { mode, uid, gid, size } = await stat(file);
    return { file, mode: (mode & 0o7777).toString(8).padStart(4, '0'), uid, gid, bytes: size };
  } catch (error) {
    return { file, failure: messageOf(error) };
  }
}

function tokenOf(security: SecurityConfig): object {
  return orFailure(() => {
    const { jti, iss, iat, exp, collective, brokers, callers, uses } = loadToken(security).claims;
    const [issued, expires] = [iat, exp].map((seconds) => new Date(seconds * 1000).toISOString());
    return { id: jti, issuer: iss, issued, expires, collective, brokers, callers, uses };
  });
}
