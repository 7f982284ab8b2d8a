import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { BoundedMap } from '../bounded-map.js';
import { TroupeError } from '../errors.js';
import { readCrl } from '../pki/crl.js';
import { onOneLine } from '../pki/name.js';
import { checkNames } from './name-constraints.js';
import {
  checkExtensions,
  checkKey,
  checkLeaf,
  checkPathLength,
  checkPurpose,
  checkSignature,
} from './path-constraints.js';

/** A certificate that chains to the trusted CA. */
export interface Trusted {
  /** The common name of its subject. */
  readonly name: string;
  readonly publicKey: KeyObject;
  /** SHA-256 of the DER, hexadecimal. */
  readonly fingerprint: string;
  /** The CA of the file that vouches for it. */
  readonly authority: X509Certificate;
  /**
   * To be called when its owner is proved to be the author of something: the chain then needs no further check as long as
   * it is valid. Nothing is kept of a chain that anybody could have copied.
   */
  readonly confirm: () => void;
}

type Crl = ReturnType<typeof readCrl>;

const maxChain = 5;
/** Characters of base64 of a whole chain. */
const maxChainLength = 32_768;
const maxCached = 20_000;

/** Says whether a chain of certificates is believed: the leaf first, DER in base64. Throws CERTIFICATE_INVALID. */
export interface Trust {
  check(chain: readonly string[], now?: number): Trusted;
}

/** Decides which certificates are believed: chains to its CAs, in their time, not revoked. */
export class TrustStore implements Trust {
  /** The CAs of the file, in its order. */
  readonly authorities: readonly X509Certificate[];
  readonly #crls: readonly Crl[];
  readonly #needsLists: boolean;
  // One chain for each first certificate: the others are of its owner's choice.
  // bound: certificates that were checked | authors of messages, with a good signature | {maxCached} | 4 KiB each; a
  // chain has at most {maxChainLength} characters | of the name with most certificates, the one unused for the
  // longest time is removed, and checked again
  readonly #cache = new BoundedMap<string, { digest: string; trusted: Trusted; until: number }>({
    most: maxCached,
    ownerOf: ({ trusted }) => trusted.name,
  });
  // The chain of a session key is checked with each message.
  // no peer fills this: an entry lasts as long as the chain, which whoever keeps it has a bound for
  readonly #known = new WeakMap<readonly string[], { trusted: Trusted; until: number }>();

  /**
   * `ca` and `crl` are PEM texts with any number of blocks. A CRL that none of the CAs signed is refused; one that is out
   * of date is used. With `needsLists`, a CA that is not in `ca`, and so has no list, cannot vouch for anybody.
   */
  constructor(options: { ca: string; crl?: string; needsLists?: boolean }) {
    this.#needsLists = options.needsLists ?? false;
    this.authorities = pemBlocks(options.ca, 'CERTIFICATE').map((pem) => new X509Certificate(pem));
    if (this.authorities.length === 0)
      throw new TroupeError('CERTIFICATE_INVALID', 'the CA file contains no certificate');
    this.#crls = pemBlocks(options.crl ?? '', 'X509 CRL').map((pem) => {
      const crl = readCrl(pem);
      if (!this.authorities.some((ca) => crl.verify(ca.toString()))) {
        throw new TroupeError('CERTIFICATE_INVALID', 'a CRL is not signed by any CA in the CA file');
      }
      return crl;
    });
  }

  /** `chain` is the leaf first, DER in base64 (the x5c of RFC 7515). Throws CERTIFICATE_INVALID with the reason. */
  check(chain: readonly string[], now = Date.now()): Trusted {
    const known = this.#known.get(chain);
    if (known && now < known.until) return known.trusted;
    const [first] = chain;
    if (first === undefined || chain.length > maxChain) {
      throw new TroupeError(
        'CERTIFICATE_INVALID',
        `the certificate chain has ${chain.length} certificates; 1 to ${maxChain} are allowed`,
      );
    }
    const length = chain.reduce((sum, text) => sum + text.length, 0);
    if (length > maxChainLength) {
      throw new TroupeError(
        'CERTIFICATE_INVALID',
        `the certificate chain has ${length} characters; the limit is ${maxChainLength}`,
      );
    }
    const key = sha256(first);
    // The other certificates can decide which CA vouches for the first.
    const digest = chain.length === 1 ? key : sha256(chain.join());
    const cached = this.#cache.get(key);
    if (cached?.digest === digest && now < cached.until) {
      this.#known.set(chain, cached);
      return cached.trusted;
    }
    const [leaf, ...others] = chain.map(parseDer);
    if (!leaf) throw new TroupeError('CERTIFICATE_INVALID', 'no certificate');
    const { until, authority } = this.#checkPath(leaf, others, now);
    const trusted: Trusted = {
      name: commonName(leaf),
      publicKey: leaf.publicKey,
      fingerprint: createHash('sha256').update(leaf.raw).digest('hex'),
      authority,
      confirm: () => {
        if (this.#cache.peek(key)?.digest !== digest) this.#cache.set(key, { digest, trusted, until });
      },
    };
    return trusted;
  }

  // RFC 5280, 6.1: signatures, names, time, CA flag and path length, critical extensions, purpose, name constraints,
  // revocation; up to a root, or to a CA of the file whose own issuer is not in it.
  #checkPath(
    leaf: X509Certificate,
    others: readonly X509Certificate[],
    now: number,
  ): { until: number; authority: X509Certificate } {
    const path = [leaf];
    let current = leaf;
    let until = Number.POSITIVE_INFINITY;
    for (let depth = 0; depth <= maxChain; depth += 1) {
      const isAnchored = this.authorities.includes(current);
      const issuer =
        issuerAmong(this.authorities, current, now) ??
        (isAnchored
          ? undefined
          : issuerAmong(
              others.filter((ca) => !ca.raw.equals(current.raw)),
              current,
              now,
            ));
      if (!issuer) {
        if (isAnchored && depth > 0) break;
        throw new TroupeError(
          'CERTIFICATE_INVALID',
          `the certificate "${commonName(leaf)}" is not signed by a trusted CA (issuer ${onOneLine(current.issuer)})`,
        );
      }
      until = Math.min(until, checkTime(current, now), checkTime(issuer, now));
      checkSignature(current);
      checkExtensions(current);
      checkExtensions(issuer);
      checkPathLength(issuer, depth);
      checkPurpose(issuer, 'clientAuth');
      this.#checkRevocation(current, issuer);
      if (this.#needsLists && !this.authorities.includes(issuer))
        throw new TroupeError(
          'CERTIFICATE_INVALID',
          `no revocation list for the CA "${onOneLine(issuer.subject)}" of the certificate "${commonName(leaf)}": add its certificate and its list to the files of this host`,
        );
      path.push(issuer);
      current = issuer;
      if (this.authorities.includes(issuer) && issuer.checkIssued(issuer)) break;
      if (depth === maxChain)
        throw new TroupeError('CERTIFICATE_INVALID', 'the certificate chain is circular or too long');
    }
    checkLeaf(leaf);
    for (const [index, certificate] of path.entries())
      checkNames(certificate, path.slice(index + 1), index === 0 ? commonName(leaf) : undefined);
    return { until, authority: current };
  }

  #checkRevocation(certificate: X509Certificate, issuer: X509Certificate): void {
    for (const crl of this.#crls) {
      if (crl.revokedSerials.has(certificate.serialNumber) && crl.verify(issuer.toString())) {
        throw new TroupeError(
          'CERTIFICATE_INVALID',
          `the certificate "${commonName(certificate)}" is revoked`,
        );
      }
    }
  }
}

// no peer fills this: it holds CAs of the configuration
const stores = new Map<string, WeakRef<TrustStore>>();
const mostStores = 100;

/** The store of these texts, made once as long as somebody has it: an emulator has thousands of nodes of one CA. Throws as `new TrustStore` does. */
export function trustStore(options: { ca: string; crl?: string }): TrustStore {
  const key = JSON.stringify([options.ca, options.crl]);
  const known = stores.get(key)?.deref();
  if (known) return known;
  const made = new TrustStore(options);
  if (stores.size >= mostStores) stores.clear();
  stores.set(key, new WeakRef(made));
  return made;
}

// Of a CA with several certificates, the one that is valid now.
function issuerAmong(
  candidates: readonly X509Certificate[],
  certificate: X509Certificate,
  now: number,
): X509Certificate | undefined {
  const issuers = candidates.filter((ca) => isIssuedBy(certificate, ca));
  return issuers.find((ca) => isInTime(ca, now)) ?? issuers[0];
}

// Throws CERTIFICATE_INVALID if the key of the CA is not supported.
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  if (!issuer.ca || !certificate.checkIssued(issuer)) return false;
  checkKey(issuer);
  return certificate.verify(issuer.publicKey);
}

function isInTime({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return now >= Date.parse(validFrom) && now <= Date.parse(validTo);
}

function checkTime(certificate: X509Certificate, now: number): number {
  const notAfter = Date.parse(certificate.validTo);
  if (now < Date.parse(certificate.validFrom)) {
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      `the certificate "${commonName(certificate)}" is not valid before ${certificate.validFrom}`,
    );
  }
  if (now > notAfter) {
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      `the certificate "${commonName(certificate)}" expired on ${certificate.validTo}`,
    );
  }
  return notAfter;
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}

// One text for each certificate: neither blanks in the base64 nor bytes after the DER are passed over.
function parseDer(base64: string): X509Certificate {
  const der = Buffer.from(base64, 'base64');
  if (der.toString('base64') !== base64)
    throw new TroupeError('CERTIFICATE_INVALID', 'the certificate chain contains data that is not base64');
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch (cause) {
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      'the certificate chain contains data that is not a certificate',
      { cause },
    );
  }
  if (!certificate.raw.equals(der))
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      'the certificate chain contains a certificate that is not DER',
    );
  return certificate;
}

/** The common name of a certificate's subject; exactly one is demanded. Throws CERTIFICATE_INVALID. */
export function commonName(certificate: X509Certificate): string {
  const names = certificate.subject.split('\n').filter((line) => line.startsWith('CN='));
  const [only] = names;
  if (names.length !== 1 || only === undefined) {
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      `a certificate has ${names.length} common names; exactly one is required`,
    );
  }
  return only.slice(3);
}

/** The lists of a bundle that one of these CAs signed: a file often holds those of CAs that vouch for others as well. */
export function listsOf(ca: string, crl: string): string {
  const authorities = pemBlocks(ca, 'CERTIFICATE');
  const lists = pemBlocks(crl, 'X509 CRL');
  return lists.filter((list) => authorities.some((pem) => readCrl(list).verify(pem))).join('\n');
}

/** The PEM blocks of one kind in a text. */
export function pemBlocks(text: string, kind: 'CERTIFICATE' | 'X509 CRL' | 'PRIVATE KEY'): string[] {
  return text.match(new RegExp(`-----BEGIN ${kind}-----[^-]+-----END ${kind}-----`, 'g')) ?? [];
}
