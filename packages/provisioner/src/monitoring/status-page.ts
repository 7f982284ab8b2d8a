import type { Provisioner } from '../worker/provisioner.js';

/** What the page `/status` has, and the agent of the provisioner passes on. Times are ISO 8601. */
export interface StatusPage {
  readonly owner: string;
  readonly paused: unknown;
  readonly nodes: readonly unknown[];
  /** Known masters that do not reply. */
  readonly masters_away: readonly { readonly identity: string; readonly since: string }[];
  /** The oldest cleanings of CAs that are still to be done. */
  readonly debts: readonly {
    readonly certname: string;
    readonly identity: string;
    readonly master: string;
    readonly since: string;
    readonly reason: string;
  }[];
  readonly debts_total: number;
  /** Machines that arrived and are not done, or that the broker refuses: those that are in trouble first. */
  readonly arrivals: readonly {
    readonly identity: string;
    readonly collective: string;
    readonly state: string;
    readonly reason: string;
    readonly since: string;
    readonly count: number;
    readonly address?: string;
  }[];
  readonly arrivals_total: number;
  /** Notifications that are not sent to every recipient yet. */
  readonly notifications: {
    readonly waiting: number;
    readonly oldest_since: string | null;
    /** Why the last attempt failed, if one did. */
    readonly reason: string | null;
  };
}

/** Debts on the page: a reply has a limit. */
const mostDebts = 100;
/** The same for arrivals, whose reasons have up to 1000 characters. */
const mostArrivals = 300;
/** States that need nobody's attention. */
const ongoing: ReadonlySet<string> = new Set(['new', 'queued', 'working', 'elsewhere']);

/** Describes a provisioner for its status page. */
export function statusPage(
  provisioner: Pick<
    Provisioner,
    'owner' | 'nodes' | 'paused' | 'mastersAway' | 'debts' | 'messages' | 'arrivals'
  >,
): StatusPage {
  const debts = provisioner.debts();
  const arrivals = provisioner.arrivals();
  const { waiting, oldestSince, reason = null } = provisioner.messages();
  return {
    owner: provisioner.owner,
    paused: provisioner.paused() ?? null,
    nodes: provisioner.nodes(),
    masters_away: provisioner
      .mastersAway()
      .map(({ identity, awaySince }) => ({ identity, since: isoTime(awaySince) })),
    debts: debts.slice(0, mostDebts).map(({ certname, identity, master, since, reason }) => {
      return { certname, identity, master, since: isoTime(since), reason };
    }),
    debts_total: debts.length,
    arrivals: [...arrivals]
      .sort((a, b) => Number(ongoing.has(a.state)) - Number(ongoing.has(b.state)))
      .slice(0, mostArrivals)
      .map(({ since, ...line }) => ({ ...line, since: isoTime(since) })),
    arrivals_total: arrivals.length,
    notifications: {
      waiting,
      oldest_since: oldestSince === undefined ? null : isoTime(oldestSince),
      reason,
    },
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
