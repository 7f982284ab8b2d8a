import { TroupeError } from '../errors.js';
import { type Ca, issuerOf, readCertificate, subjectOf } from './certificate.js';
import {
  children,
  content,
  dateOf,
  decode,
  type Element,
  encode,
  hexOf,
  integer,
  isInteger,
  isTagged,
  isTime,
  sequence,
  tagged,
  time,
} from './der.js';
import { authorityKeyIdentifier, extension, extensionOid, extensionsOf } from './extensions.js';
import { textOfName } from './name.js';
import { fromPem, toPem } from './pem.js';
import { algorithmOf, isSignedBy, signed } from './signature.js';

const dayMs = 86_400_000;

/** A certificate that is revoked: its serial number in hex, and since when. */
export interface Revocation {
  readonly serial: string;
  readonly date: Date;
}

/** Makes a revocation list that ends in `days`, 5 years by default. It begins a day ago, as certificates do. */
export function createCrl(options: {
  ca: Ca;
  number: number;
  revoked: readonly Revocation[];
  days?: number;
}): string {
  const issuer = issuerOf(options.ca);
  const { days = 5 * 365 } = options;
  const now = Date.now();
  // Where a clock is behind, a list of this moment is not yet valid: those of other hosts, and here for some milliseconds
  // the kernel's coarse clock, which OpenSSL asks.
  const from = new Date(Math.min(now - dayMs, now + (days - 1) * dayMs));
  const revoked = options.revoked.map(({ serial, date }) => sequence(integer(serial), time(date)));
  const part = sequence(
    integer('1'),
    algorithmOf(issuer.key),
    issuer.name,
    time(from),
    time(new Date(now + days * dayMs)),
    // RFC 5280 §5.1.2.6: absent where nothing is revoked.
    ...(revoked.length > 0 ? [sequence(...revoked)] : []),
    tagged(0, [
      sequence(
        authorityKeyIdentifier(issuer.keyIdentifier),
        extension(extensionOid.crlNumber, integer(options.number.toString(16))),
      ),
    ]),
  );
  return toPem('X509 CRL', signed(part, issuer.key));
}

/** A certificate revocation list. */
export interface Crl {
  /** In the form of X509Certificate: one `CN=value` on a line. */
  readonly issuer: string;
  /** Nothing where the list has no number. */
  readonly number: number | undefined;
  readonly revoked: readonly Revocation[];
  /** The serial numbers in the form of X509Certificate: upper-case hex. */
  readonly revokedSerials: ReadonlySet<string>;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** Whether this CA issued and signed the list. Says nothing about its age. */
  verify(caCertificatePem: string): boolean;
}

/** Reads the first revocation list of a PEM; throws CERTIFICATE_INVALID. */
export function readCrl(pem: string): Crl {
  const der = fromPem(pem, 'X509 CRL');
  try {
    return read(der);
  } catch (cause) {
    if (cause instanceof TroupeError) throw cause;
    throw new TroupeError('CERTIFICATE_INVALID', 'the revocation list is malformed', { cause });
  }
}

function read(der: Buffer): Crl {
  const fields = [...children(children(decode(der))[0])];
  if (isInteger(fields[0])) fields.shift();
  const [, issuer, thisUpdate, ...rest] = fields;
  const nextUpdate = isTime(rest[0]) ? dateOf(rest.shift()) : undefined;
  const extensions = isTagged(rest.at(-1), 0) ? extensionsOf(children(rest.pop())[0]) : undefined;
  const revoked = rest[0] ? children(rest[0]).map(revocation) : [];
  const number = extensions?.get(extensionOid.crlNumber);
  const name = sequence(...children(issuer));
  return {
    issuer: textOfName(name),
    number: number && Number.parseInt(content(decode(number)).toString('hex'), 16),
    revoked,
    revokedSerials: new Set(revoked.map(({ serial }) => serial)),
    thisUpdate: dateOf(thisUpdate),
    nextUpdate,
    verify: (caCertificatePem) => {
      const subject = encode(subjectOf(fromPem(caCertificatePem, 'CERTIFICATE')));
      return subject.equals(encode(name)) && isSignedBy(der, readCertificate(caCertificatePem).publicKey);
    },
  };
}

function revocation(entry: Element): Revocation {
  const [serial, date] = children(entry);
  return { serial: hexOf(serial), date: dateOf(date) };
}
