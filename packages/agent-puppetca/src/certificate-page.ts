import { isPattern } from '@troupe/core';
import { compileFilterPattern } from '@troupe/core/internal';
import type { CertificateStatus } from './ca/ca.js';

/** Bytes of JSON of a page: a reply holds 0.7 MiB. */
const mostBytes = 600_000;

/** Which part of a CA's certificates is listed. */
export interface PageRequest {
  /** A text that the certname contains, or a regular expression `/…/`. */
  readonly match?: string | undefined;
  /** The certname after which the page begins. */
  readonly after?: string | undefined;
  /** Names on the page. */
  readonly limit?: number | undefined;
}

/** One page of a list, sorted by certname. */
export interface CertificatePage {
  readonly certificates: readonly CertificateStatus[];
  /** Requests and certificates that match, on all pages. */
  readonly total: number;
  /** What to give as `after` for the next page; null on the last. */
  readonly next: string | null;
}

/** The part of a list that fits in one reply. Throws FILTER_INVALID for a wrong regular expression. */
export function pageOf(
  all: readonly CertificateStatus[],
  { match, after, limit }: PageRequest,
): CertificatePage {
  const isWanted = matcherOf(match);
  const wanted = all
    .filter(({ certname }) => isWanted(certname))
    .sort((a, b) => (a.certname < b.certname ? -1 : a.certname > b.certname ? 1 : 0));
  const rest = after === undefined ? wanted : wanted.filter(({ certname }) => certname > after);
  const page: CertificateStatus[] = [];
  let bytes = 0;
  let names = 0;
  let last: string | undefined;
  for (const one of rest) {
    // A name may have a certificate and a request: both are on the same page.
    if (one.certname !== last) {
      // The name stands in a list of names as well.
      bytes += Buffer.byteLength(JSON.stringify(one)) + one.certname.length + 4;
      if (names > 0 && (bytes > mostBytes || names === limit)) break;
      names += 1;
    } else bytes += Buffer.byteLength(JSON.stringify(one));
    page.push(one);
    last = one.certname;
  }
  return {
    certificates: page,
    total: wanted.length,
    next: page.length < rest.length ? (last ?? null) : null,
  };
}

function matcherOf(match: string | undefined): (certname: string) => boolean {
  if (match === undefined) return () => true;
  if (!isPattern(match)) return (certname) => certname.includes(match);
  const regex = compileFilterPattern(match);
  return (certname) => regex.test(certname);
}
