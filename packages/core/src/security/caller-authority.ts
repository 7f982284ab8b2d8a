import type { X509Certificate } from 'node:crypto';
import { TroupeError } from '../errors.js';
import { displayName } from '../pki/name.js';
import type { Trust, TrustStore } from './trust.js';

/**
 * Trusts the callers of one CA: a name of a caller means the same person everywhere, so no second CA may give it.
 * `authorities` names the CAs that count as one, by common name or SHA-256 fingerprint; by default it is the first CA of
 * the store. Certificates of one key, and CAs of the file that one of them issued, belong to the same CA.
 * Throws CONFIG_INVALID.
 */
export function callerTrust(store: TrustStore, authorities?: readonly string[]): Trust {
  const accepted = authoritiesOf(store.authorities, authorities);
  return {
    check: (chain, now) => {
      const trusted = store.check(chain, now);
      if (accepted.includes(trusted.authority)) return trusted;
      throw new TroupeError(
        'CALLER_DENIED',
        `the certificate "${trusted.name}" is from the CA ${describe(trusted.authority)}, but callers are from the CA ${accepted.map(describe).join(' or ')}: if both may name callers, list them in security.callers.authorities`,
      );
    },
  };
}

/** The CAs of a file that are not accepted for callers although they are trusted: their common names. */
export function otherAuthorities(store: TrustStore, authorities?: readonly string[]): string[] {
  const accepted = authoritiesOf(store.authorities, authorities);
  return store.authorities.filter((ca) => !accepted.includes(ca)).map(describe);
}

function authoritiesOf(
  all: readonly X509Certificate[],
  names: readonly string[] | undefined,
): readonly X509Certificate[] {
  const chosen =
    names === undefined ? all.slice(0, 1) : all.filter((ca) => names.some((name) => isNamed(ca, name)));
  if (chosen.length === 0)
    throw new TroupeError(
      'CONFIG_INVALID',
      `security.callers.authorities: no CA of the file is named ${names?.join(' or ')}: use the common name or the SHA-256 fingerprint of ${all.map(describe).join(' or ')}`,
    );
  const accepted = new Set(chosen);
  // What was added can belong to further ones.
  for (const one of accepted) for (const ca of all) if (isSame(one, ca)) accepted.add(ca);
  return [...accepted];
}

function isSame(one: X509Certificate, other: X509Certificate): boolean {
  return spkiOf(one).equals(spkiOf(other)) || hasIssued(one, other) || hasIssued(other, one);
}

function hasIssued(ca: X509Certificate, certificate: X509Certificate): boolean {
  return ca.ca && certificate.checkIssued(ca) && certificate.verify(ca.publicKey);
}

function spkiOf({ publicKey }: X509Certificate): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function isNamed(ca: X509Certificate, name: string): boolean {
  return fingerprintOf(ca) === name.replaceAll(':', '').toLowerCase() || displayName(ca) === name;
}

function describe(ca: X509Certificate): string {
  return `"${displayName(ca)}" (SHA-256 ${fingerprintOf(ca)})`;
}

function fingerprintOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}
