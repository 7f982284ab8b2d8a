import type { Version } from './builds.js';

/** How a call ended on one node, as `mco --json` prints it. */
export interface Ended {
  readonly sender: string;
  readonly state: string;
  readonly statuscode?: number | null;
  readonly statusmsg: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The numbers of a call, by names that both versions have. */
export interface Numbers {
  readonly requestid: string;
  readonly asked: number;
  readonly ok: number;
  readonly stopped?: string;
  readonly silent_in_discovery: readonly string[];
  readonly by_state: Readonly<Record<string, readonly string[]>>;
}

interface Job {
  readonly requestid: string;
  readonly action: string;
  readonly nodes: readonly { readonly sender: string; readonly state: string | null }[];
}

/** Where a version of `mco` puts what in its JSON: the only differences between the two that the suite knows. */
export interface Dialect {
  readonly results: (document: never) => readonly Ended[];
  readonly numbers: (document: never) => Numbers;
  readonly inventory: (document: never) => Readonly<Record<string, unknown>>;
  readonly jobs: (document: never) => readonly Job[];
  readonly cancelled: (document: never) => readonly Ended[];
}

interface OldCall {
  readonly replies: readonly Ended[];
  readonly no_answer: readonly Ended[];
  readonly request_stats: Numbers;
}

interface Document<R, S = unknown> {
  readonly results: readonly R[];
  readonly statistics: S;
}

type Inventory = Readonly<Record<string, unknown>>;

export const dialects: Readonly<Record<Version, Dialect>> = {
  old: {
    results: ({ replies, no_answer: silent }: OldCall) => [...replies, ...silent],
    numbers: ({ request_stats: numbers }: OldCall) => numbers,
    inventory: ({ inventory }: { inventory: Inventory }) => inventory,
    jobs: ({ jobs }: { jobs: readonly Job[] }) => jobs,
    cancelled: ({ ended }: { ended: readonly Ended[] }) => ended,
  },
  new: {
    results: ({ results }: Document<Ended>) => results,
    numbers: ({ statistics }: Document<Ended, Numbers>) => statistics,
    inventory: ({ results: [first] }: Document<{ inventory: Inventory }>) => first?.inventory ?? {},
    jobs: ({ results }: Document<Job>) => results,
    cancelled: ({ results }: Document<Ended>) => results,
  },
};
