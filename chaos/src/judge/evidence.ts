import type { Behaviour, RunLine } from '@troupe/emulator';
import type { Lease } from './lease-watch.js';

/** A line of the history in a node's own record. */
export interface HistoryLine {
  readonly time: string;
  readonly step: string;
  readonly attempt: number | null;
  readonly outcome: string;
  readonly reason: string | null;
  readonly owner: string | null;
}

/** What was found on the disk of one node, and heard of it. */
export interface NodeEvidence {
  readonly identity: string;
  readonly behaviour: Behaviour;
  /** What its record says; nothing where it never had one. */
  readonly record:
    | {
        readonly history: readonly HistoryLine[];
        readonly lease: Lease | null;
        readonly quarantine: { readonly reason: string; readonly since: string } | null;
        readonly done: { readonly since: string } | null;
      }
    | undefined;
  /** What its emulated Puppet noted. */
  readonly runs: readonly RunLine[];
  /** The fingerprints of the CSRs that it reported. */
  readonly reported: readonly string[];
  /** Ids of mutating requests that its audit has as carried out, as often as it has them. */
  readonly carriedOut: readonly string[];
  /** How often it refused somebody whose lease had gone to another. */
  readonly fencedOff: number;
  /** The fingerprint of the certificate with which it answers in the main collective; nothing where it does not. */
  readonly answersWith: string | undefined;
  /** What the provisioners' logs say of it that is a reason. */
  readonly told: readonly string[];
  /** What people were notified of: `done`, `quarantined`. */
  readonly notified: readonly string[];
}

/** A certificate that a CA issued, and the CSR that it was made of, as seen in the CA's folder. */
export interface IssuedEvidence {
  readonly master: string;
  readonly certname: string;
  readonly serial: string;
  /** Of the certificate. */
  readonly fingerprint: string;
  /** Of the CSR with the same key; nothing where none was seen. */
  readonly csr: string | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly isRevoked: boolean;
}

/** All that is known when a run is over. */
export interface Evidence {
  readonly nodes: readonly NodeEvidence[];
  readonly issued: readonly IssuedEvidence[];
  /** Certificates in the CAs' inventories of which nobody saw the file. */
  readonly unseen: readonly string[];
  /** Leases that were in force when all had come to their end, and that nobody gave back. */
  readonly leasesLeft: readonly string[];
  /** Notifications that arrived, and how many of them again. */
  readonly notifications: { readonly all: number; readonly repeated: number };
  /** Processes that ended although nobody killed them. */
  readonly crashes: readonly string[];
}
