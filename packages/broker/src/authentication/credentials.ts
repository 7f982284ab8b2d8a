import { constants } from 'node:crypto';
import { statSync, unwatchFile, watchFile } from 'node:fs';
import {
  createSecureContext,
  type DetailedPeerCertificate,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { callerTrust, messageOf, TroupeError, type Trust, TrustStore } from '@troupe/core';
import { checkPurpose, systemReasonOf } from '@troupe/core/internal';
import { onOneLine, readCertificate, readCrl, splitPem } from '@troupe/core/pki';
import { readRegularFileSync } from '@troupe/core/regular-file';
import type { SecurityConfig } from '../config.js';

const pollMilliseconds = 2000;
const maxChain = 5;

/** Everything that the certificate files say, at one moment. */
export interface Credentials {
  readonly context: SecureContextOptions;
  /** What is wrong with a certificate by now: it expired, or it or its CA is revoked or not trusted any more. */
  faultOf(socket: TLSSocket): string | undefined;
  /** Why a certificate is not from a CA that may name callers. */
  callerFaultOf(socket: TLSSocket): string | undefined;
}

/** Reads the files of certificates. Throws FILE_UNREADABLE or CERTIFICATE_INVALID, which names the key of the configuration. */
export function loadCredentials(config: SecurityConfig): Credentials {
  const authorities = readPem(config.ca, 'security.ca');
  const callerAuthorities =
    config.callers.ca === undefined ? undefined : readPem(config.callers.ca, 'security.callers.ca');
  const crl = config.crl === undefined ? undefined : readPem(config.crl, 'security.crl');
  const context = {
    cert: readPem(config.certificate, 'security.certificate').join(''),
    key: readKey(config.key).join(''),
    ca: [...new Set([...authorities, ...(callerAuthorities ?? [])])],
    // Not the lists: TLS refuses every certificate as soon as one list is out of date. The trust store below applies them.
    minVersion: 'TLSv1.2' as const,
    // A resumed session would skip the check of the client's certificate, and with it the revocation list.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
  readAs('security', () => createSecureContext(context));
  readAs('security.certificate', () => checkPurpose(readCertificate(context.cert), 'serverAuth'));
  const trust = readAs(
    'security.crl',
    () => new TrustStore({ ca: context.ca.join(''), ...(crl && { crl: crl.join(''), needsLists: true }) }),
  );
  if (crl) checkLists(context.ca, crl);
  const callers = readAs('security.callers', () =>
    callerTrust(
      new TrustStore({ ca: (callerAuthorities ?? authorities).join('') }),
      config.callers.authorities,
    ),
  );
  return {
    context,
    faultOf: (socket) => faultOf(trust, socket),
    callerFaultOf: (socket) => faultOf(callers, socket),
  };
}

/** Calls back when one of the files of certificates changes, until the result is called. */
export function watchCredentials(config: SecurityConfig, changed: () => void): () => void {
  const files = [config.ca, config.certificate, config.key, config.crl, config.callers.ca];
  const watched = new Set(files.filter((file) => file !== undefined));
  // By polling: a file replaced by a rename, as Puppet does it, is lost to inotify.
  const listener = () => changed();
  for (const file of watched) watchFile(file, { interval: pollMilliseconds, persistent: false }, listener);
  return () => {
    for (const file of watched) unwatchFile(file, listener);
  };
}

// A CA whose list was forgotten would have no revoked certificates.
function checkLists(authorities: readonly string[], crl: readonly string[]): void {
  const without = authorities.find((ca) => !crl.some((list) => readCrl(list).verify(ca)));
  if (without === undefined) return;
  const { subject } = readCertificate(without);
  throw new TroupeError(
    'CERTIFICATE_INVALID',
    `security.crl: no revocation list for the CA "${onOneLine(subject)}": its revoked certificates would be accepted`,
  );
}

function faultOf(trust: Trust, socket: TLSSocket): string | undefined {
  try {
    trust.check(chainOf(socket));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

// The certificate and what is known of its issuers, as x5c of RFC 7515; nothing of it is proved.
function chainOf(socket: TLSSocket): string[] {
  const chain: string[] = [];
  let link: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (link?.raw && chain.length < maxChain) {
    chain.push(link.raw.toString('base64'));
    // A root is its own issuer.
    link = link.issuerCertificate === link ? undefined : link.issuerCertificate;
  }
  return chain;
}

// Puppet's own keys are readable by its group (0640), so only "others" are shut out.
function readKey(file: string | undefined): string[] {
  const key = readPem(file, 'security.key');
  if (file !== undefined && (statSync(file).mode & 0o007) !== 0) {
    throw new TroupeError(
      'FILE_UNREADABLE',
      `security.key: ${file} is accessible to all users: chmod o= ${file}`,
    );
  }
  return key;
}

function readPem(file: string | undefined, key: string): string[] {
  if (file === undefined) {
    throw new TroupeError(
      'CONFIG_INVALID',
      `${key} is missing: an address with TLS requires it; set it to the path of the PEM file`,
    );
  }
  let text: string;
  try {
    text = readRegularFileSync(file).toString('utf8');
  } catch (cause) {
    throw new TroupeError('FILE_UNREADABLE', `${key}: cannot read ${file}: ${systemReasonOf(cause)}`, {
      cause,
    });
  }
  const blocks = splitPem(text);
  if (blocks.length === 0)
    throw new TroupeError('CERTIFICATE_INVALID', `${key}: ${file} does not contain a PEM block`);
  return blocks;
}

function readAs<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new TroupeError('CERTIFICATE_INVALID', `${key}: ${(cause as Error).message}`, { cause });
  }
}
