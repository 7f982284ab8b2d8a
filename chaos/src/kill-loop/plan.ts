import { type Random, randomOf } from '../random.js';

/** A file operation of the daemon at which it kills itself: the nth of its kind after the point was armed. */
export interface KillPoint {
  readonly file: 'requests.jsonl' | 'audit.jsonl' | 'marks.jsonl' | 'status.json';
  readonly operation: 'write' | 'sync' | 'rename';
  readonly nth: number;
  /** `half`: after half of the bytes were written. */
  readonly when: 'before' | 'half' | 'after';
}

/** When a round kills the daemon. */
export type Moment =
  | { readonly kind: 'in flight'; readonly milliseconds: number }
  | { readonly kind: 'in the handler'; readonly begun: number; readonly milliseconds: number }
  | { readonly kind: 'after the handler'; readonly point: KillPoint }
  | { readonly kind: 'at the journal'; readonly point: KillPoint }
  | { readonly kind: 'at the audit'; readonly point: KillPoint };

/** What kills the start after it, too, if anything does. */
export type StartMoment =
  | { readonly kind: 'point'; readonly point: KillPoint }
  | { readonly kind: 'clock'; readonly milliseconds: number };

/** `call` names the node, `broadcast` asks everybody, `send` wants no reply: its end is asked for afterwards. */
export type Way = 'call' | 'broadcast' | 'send';

export interface RequestPlan {
  readonly way: Way;
  /** Milliseconds after the beginning of the round. */
  readonly at: number;
  /** Milliseconds that its handler takes. */
  readonly takes: number;
}

export interface RoundPlan {
  readonly moment: Moment;
  readonly start?: StartMoment;
  readonly requests: readonly RequestPlan[];
  /** Whether the daemon of this round writes `begun` into its audit before a request runs. */
  readonly noteFirst: boolean;
}

const kinds: readonly Moment['kind'][] = [
  'in flight',
  'in the handler',
  'after the handler',
  'at the journal',
  'at the audit',
];

/** What each round does: the same for the same seed, and the first rounds of a longer loop are those of a shorter one. */
export function roundsOf(seed: number, count: number): RoundPlan[] {
  const random = randomOf(seed ^ 0xdead);
  return Array.from({ length: count }, (_, index) => {
    const requests = Array.from({ length: 3 + random.below(6) }, () => requestOf(random));
    // In turn, so that a short loop has all of them.
    const moment = momentOf(kinds[(index + seed) % kinds.length] ?? 'in flight', requests.length, random);
    const start = startOf(random);
    const noteFirst = random.below(2) === 0;
    return { moment, requests, noteFirst, ...(start && { start }) };
  });
}

function requestOf(random: Random): RequestPlan {
  const way = random.of(['call', 'call', 'call', 'broadcast', 'send'] as const);
  // Most come at once; some are quick, some are at work for longer than it takes to be told that they are.
  return { way, at: random.below(4) * random.below(15), takes: random.of([0, 0, 5, 40, 300, 600]) };
}

function momentOf(kind: Moment['kind'], requests: number, random: Random): Moment {
  const nth = 1 + random.below(requests);
  const when = random.of(['before', 'half', 'after'] as const);
  switch (kind) {
    case 'in flight':
      return { kind, milliseconds: random.below(60) };
    case 'in the handler':
      return { kind, begun: nth, milliseconds: random.below(30) };
    case 'after the handler':
      // Marks are written at the begin and at the end of each request.
      return { kind, point: { file: 'marks.jsonl', operation: 'write', nth: 2 * nth, when: 'after' } };
    case 'at the journal': {
      const operation = random.of(['write', 'write', 'sync'] as const);
      // Requests that come together share a flush.
      const point = operation === 'sync' ? { nth: 1, when: beforeOrAfter(random) } : { nth, when };
      return { kind, point: { file: 'requests.jsonl', operation, ...point } };
    }
    case 'at the audit':
      return { kind, point: { file: 'audit.jsonl', operation: 'write', nth, when } };
  }
}

function startOf(random: Random): StartMoment | undefined {
  const choice = random.below(6);
  if (choice === 0) return { kind: 'clock', milliseconds: random.below(900) };
  const file = choice === 1 ? 'requests.jsonl' : choice === 2 ? 'status.json' : undefined;
  if (file === undefined) return undefined;
  return { kind: 'point', point: { file, operation: 'rename', nth: 1, when: beforeOrAfter(random) } };
}

function beforeOrAfter(random: Random): 'before' | 'after' {
  return random.of(['before', 'after']);
}

/** In words for a line of the report. */
export function momentWords(moment: Moment): string {
  if (moment.kind === 'in flight') return `${moment.milliseconds} ms after the first request`;
  if (moment.kind === 'in the handler')
    return `${moment.milliseconds} ms after request ${moment.begun} began to run`;
  if (moment.kind === 'after the handler') return `after the end of a handler, before its reply`;
  return pointWords(moment.point);
}

export function startWords(start: StartMoment): string {
  return start.kind === 'clock' ? `${start.milliseconds} ms after it was started` : pointWords(start.point);
}

function pointWords({ file, operation, nth, when }: KillPoint): string {
  return `${when === 'half' ? 'half-way through' : when} ${operation} ${nth} of ${file}`;
}
