import { type EndingFiles, type Validity, validitiesOf } from '../security/validity.js';
import type { Metrics, Sample } from './metrics.js';

const freshFor = 60_000;

/**
 * Adds when the certificate, the CA certificates and the revocation lists of a program end: of each kind the earliest
 * end. `files` is called each time that somebody looks; the files are read again after a minute. `others`: further ends
 * by kind, in milliseconds since 1970.
 */
export function addValidityMetrics(
  metrics: Metrics,
  files: () => EndingFiles,
  others: () => Readonly<Record<string, number | undefined>> = () => ({}),
): void {
  let read: { readonly at: number; readonly validities: readonly Validity[]; readonly unreadable: number } = {
    at: Number.NEGATIVE_INFINITY,
    validities: [],
    unreadable: 0,
  };
  const fresh = () => {
    const now = performance.now();
    if (now - read.at < freshFor) return read;
    let unreadable = 0;
    const validities = validitiesOf(files(), () => {
      unreadable += 1;
    });
    read = { at: now, validities, unreadable };
    return read;
  };
  metrics.watch(
    'gauge',
    {
      name: 'validity_end_timestamp_seconds',
      help: 'Earliest end of validity, in seconds since 1970, by kind: certificate (its own), ca, crl, token',
      labels: ['kind'],
    },
    () => {
      const ends = new Map<string, number>();
      const note = (kind: string, to: number | undefined) => {
        if (to !== undefined) ends.set(kind, Math.min(to, ends.get(kind) ?? to));
      };
      for (const { kind, to } of fresh().validities) note(kind.toLowerCase(), to);
      for (const [kind, to] of Object.entries(others())) note(kind, to);
      return [...ends].map(([kind, to]): Sample => [to / 1000, kind]);
    },
  );
  metrics.watch(
    'gauge',
    {
      name: 'validity_unreadable_files',
      help: 'Files of certificates and revocation lists that cannot be read now',
    },
    () => fresh().unreadable,
  );
}
