import { appendFileSync } from 'node:fs';
import type { Enrolment } from '@troupe/core';
import { messageOf } from '@troupe/core';
import { StepFailure } from '../rpc/failure.js';
import type { NameJournal } from './name-journal.js';
import type { SilenceWatch } from './silence-watch.js';

/** A machine that wants a name under which CAs hold a certificate. */
export interface Claimant {
  readonly certname: string;
  /** The fingerprint of the key with which it signs. */
  readonly key: string | undefined;
  /** What its token allows. */
  readonly enrolment: Enrolment | undefined;
  /** The name that its own certificate proves. */
  readonly provenName: string | undefined;
}

/** Why the certificates under a name may be removed. */
export interface Permission {
  /** Whether that takes the name from another host. */
  readonly replaces: boolean;
  readonly reason: string;
}

interface Parts {
  readonly journal: NameJournal;
  readonly watch: Pick<SilenceWatch, 'silence' | 'gap'>;
  readonly replaceAfterSeconds: number;
  /** Whether nobody proves anything: the security mode `none`. */
  readonly isOpen: boolean;
  /** The list of revoked tokens and receipts, where the configuration names one. */
  readonly revokedFile?: string | undefined;
  /** Seconds until the names that are missing in a lost journal no longer count as seen. */
  readonly lostFor: () => number;
}

/** Seconds. */
const leastWait = 1;

/** Decides when the certificate of a name may go to another machine. */
export class ReplacementRule {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Whether certificates that CAs hold under the name may be removed, and why. Throws a StepFailure of the kind
   * `name-taken` if not now. That no host with the name replies at this moment must have been checked.
   */
  check({ certname, key, enrolment, provenName }: Claimant): Permission {
    const { journal, watch, replaceAfterSeconds, isOpen } = this.#parts;
    if (isOpen) return { replaces: false, reason: 'names are not protected in the security mode none' };
    if (provenName === certname)
      return { replaces: false, reason: 'its own certificate proves that it has this name' };
    const seen = journal.get(certname);
    if (seen?.key !== undefined && seen.key === key)
      return { replaces: false, reason: 'it is the machine that was given this name' };
    const why = this.#whySeen(certname);
    if (why === undefined) return { replaces: false, reason: 'no host with this name was ever seen' };
    const until = seen || journal.isCut ? Number.POSITIVE_INFINITY : this.#parts.lostFor();
    // Watched in any case: a machine that gets another token has waited already.
    const silence = watch.silence(certname, key);
    if (!enrolment?.replace) {
      throw taken(
        certname,
        `${why}, and the enrolment token of this machine does not allow replacing it: make a token with ` +
          `"mco enroll token --name ${certname} --replace" if that host is gone, or rename this machine`,
        Math.min(replaceAfterSeconds, until),
      );
    }
    if (silence === undefined) {
      throw taken(certname, `${why}, and too many names are being watched to watch this one`, watch.gap);
    }
    const left = replaceAfterSeconds - silence;
    if (left <= 0) {
      return {
        replaces: true,
        reason: `${why}, and no host with this name has replied for ${replaceAfterSeconds} s`,
      };
    }
    throw taken(
      certname,
      `${why}; it is replaced when no host with this name has replied for ${replaceAfterSeconds} s ` +
        `(policy.replace_after), which takes ${Math.ceil(left)} s more`,
      Math.min(left, until),
    );
  }

  /**
   * Revokes the receipt of the machine that had a name, as far as it is known: in the journal, and in the list that the
   * configuration of the client names. Throws StepFailure.
   */
  revokeReceipt(name: string, now = Date.now()): void {
    const { journal, revokedFile } = this.#parts;
    const serial = journal.get(name)?.receipt;
    if (serial === undefined) return;
    try {
      journal.revoke(serial, now);
      if (revokedFile !== undefined)
        appendFileSync(
          revokedFile,
          `${serial} receipt of ${name}, replaced at ${new Date(now).toISOString()}\n`,
        );
    } catch (cause) {
      throw new StepFailure(
        'unreachable',
        `cannot revoke the receipt of the host that had the name ${name}: ${messageOf(cause)}; nothing was cleaned`,
        { cause },
      );
    }
  }

  /** Whether a machine has the receipt of a host whose name was given to another one. */
  isRevoked({ receipt }: Enrolment): boolean {
    return receipt !== undefined && this.#parts.journal.isRevoked(receipt.serial);
  }

  /** Notes, durably, that a machine is given a name. Throws StepFailure. */
  assign(
    name: string,
    given: {
      readonly key: string | undefined;
      readonly receipt?: string | undefined;
      readonly time?: number;
    },
  ): void {
    const { key, receipt, time = Date.now() } = given;
    try {
      const known = { ...(key === undefined ? {} : { key }), ...(receipt === undefined ? {} : { receipt }) };
      this.#parts.journal.assign({ name, time, ...known });
    } catch (cause) {
      throw new StepFailure(
        'unreachable',
        `cannot note in the journal of this provisioner that ${name} is taken: ${messageOf(cause)}; nothing was signed`,
        { cause },
      );
    }
  }

  #whySeen(certname: string): string | undefined {
    const { journal } = this.#parts;
    const seen = journal.get(certname);
    if (seen) return `a host with this name was seen, last at ${new Date(seen.time).toISOString()}`;
    if (journal.isCut) return 'the journal of this provisioner is full, so every name counts as seen';
    if (journal.isLost)
      return 'the journal of this provisioner was lost, so every name that has a certificate counts as seen';
    return undefined;
  }
}

function taken(certname: string, reason: string, waitSeconds: number): StepFailure {
  return new StepFailure(
    'name-taken',
    `the name ${certname} is taken: ${reason}; nothing was cleaned or signed`,
    {
      waitSeconds: Math.max(waitSeconds, leastWait),
    },
  );
}
