import { X509Certificate } from 'node:crypto';
import type { Logger } from '../log/logger.js';
import { readCrl } from '../pki/crl.js';
import { displayName, onOneLine } from '../pki/name.js';
import { readRegularFileSync } from '../regular-file.js';
import { listsOf, pemBlocks } from './trust.js';

const dayMs = 86_400_000;
/** Warnings begin this long before an end, or in the last third of a shorter life. */
const warnWithinMs = 30 * dayMs;

/** The time in which a certificate or a revocation list is valid; in milliseconds since 1970. */
export interface Validity {
  readonly kind: 'certificate' | 'CA' | 'CRL';
  /** What it is, for a message: `the certificate of web1`. */
  readonly what: string;
  readonly from: number;
  /** Nothing where a list names no end. */
  readonly to: number | undefined;
}

/** The result of comparing a validity with the clock: `fault` where it is refused because of its time. */
export interface ValidityState {
  readonly level: 'ok' | 'warn' | 'fault';
  readonly message: string;
}

/** Compares a validity with the clock. An outdated revocation list is a warning: it stays in use. */
export function validityState({ kind, what, from, to }: Validity, now = Date.now()): ValidityState {
  if (to !== undefined && now > to) {
    const ended = `${what} expired on ${dayOf(to)}`;
    return kind === 'CRL'
      ? {
          level: 'warn',
          message: `${ended} and stays in use, but it lacks certificates that were revoked later: replace it with a current list`,
        }
      : { level: 'fault', message: `${ended}: renew it` };
  }
  if (now < from) {
    const early = `${what} is not valid before ${new Date(from).toISOString()}, but this machine's clock is at ${new Date(now).toISOString()}: check NTP`;
    return { level: kind === 'CRL' ? 'warn' : 'fault', message: early };
  }
  if (to === undefined) return { level: 'ok', message: `${what} has no end` };
  const left = to - now;
  const days = Math.floor(left / dayMs);
  const words = `${what} expires on ${dayOf(to)}, in ${days} day${days === 1 ? '' : 's'}`;
  if (left >= Math.min(warnWithinMs, (to - from) / 3)) return { level: 'ok', message: words };
  return {
    level: 'warn',
    message: `${words}: ${kind === 'CRL' ? 'replace it with a current list' : 'renew it'}`,
  };
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The files of a `security` section that have an end. */
export interface EndingFiles {
  readonly certificate?: string | undefined;
  readonly ca?: string | undefined;
  readonly crl?: string | undefined;
  readonly callers: { readonly ca?: string | undefined };
}

/**
 * The validity of each certificate and revocation list in these files. A file that cannot be read is passed to `unreadable`, if
 * that is set. Lists of CAs that the files do not contain are left out: nobody uses them.
 */
export function validitiesOf(
  { certificate, ca, crl, callers }: EndingFiles,
  unreadable: (file: string, error: unknown) => void = () => undefined,
): readonly Validity[] {
  const each = <T>(file: string | undefined, read: (text: string) => readonly T[]): readonly T[] => {
    if (file === undefined) return [];
    try {
      return read(readRegularFileSync(file).toString('utf8'));
    } catch (error) {
      unreadable(file, error);
      return [];
    }
  };
  const [own] = each(certificate, certificatesIn);
  const authorities = [...new Set([ca, callers.ca])].flatMap((file) => each(file, certificatesIn));
  const trusted = authorities.map(String).join('\n');
  return [
    ...(own ? [validityOfCertificate('certificate', `the certificate of ${displayName(own)}`, own)] : []),
    ...authorities.map((one) =>
      validityOfCertificate('CA', `the CA certificate of ${displayName(one)}`, one),
    ),
    ...each(crl, (text) => validitiesOfLists(listsOf(trusted, text))),
  ];
}

function certificatesIn(pem: string): readonly X509Certificate[] {
  return pemBlocks(pem, 'CERTIFICATE').map((block) => new X509Certificate(block));
}

/** The validity of a certificate. */
export function validityOfCertificate(
  kind: 'certificate' | 'CA',
  what: string,
  { validFrom, validTo }: Pick<X509Certificate, 'validFrom' | 'validTo'>,
): Validity {
  return { kind, what, from: Date.parse(validFrom), to: Date.parse(validTo) };
}

/** The validity of each list of a PEM text. Throws CERTIFICATE_INVALID. */
export function validitiesOfLists(pem: string): readonly Validity[] {
  return pemBlocks(pem, 'X509 CRL').map((block) => {
    const { issuer, thisUpdate, nextUpdate } = readCrl(block);
    const name = /^CN=(.*)$/m.exec(issuer)?.[1] ?? onOneLine(issuer);
    return {
      kind: 'CRL',
      what: `the revocation list (CRL) of ${name}`,
      from: thisUpdate.getTime(),
      to: nextUpdate?.getTime(),
    };
  });
}

/** Logs a warning for each certificate and list that expires soon, or has expired. */
export function warnOfEnds(files: EndingFiles, log: Logger, now = Date.now()): void {
  for (const validity of validitiesOf(files)) {
    const { level, message } = validityState(validity, now);
    if (level !== 'ok') log.warn(message);
  }
}

/** Warns once a day, until the result is called. */
export function warnOfEndsDaily(files: EndingFiles, log: Logger): () => void {
  const timer = setInterval(() => warnOfEnds(files, log), dayMs).unref();
  return () => clearInterval(timer);
}
