import { type ProtocolVersion, protocolVersion, type Reply } from '@troupe/core';
import { BoundedMap } from '@troupe/core/internal';

/** Nodes whose versions are remembered. */
const most = 50_000;

/** Milliseconds in which a reply of version 1 does not lower a node: it may answer what went to all in each version. */
const settling = 10_000;

export interface NodeVersionsOptions {
  /** The lowest version that may be spoken. */
  readonly least: number;
  /** What the presence record of a node claims; nothing without one. */
  readonly claimedBy: (collective: string, identity: string) => ProtocolVersion | undefined;
  /** Resolves when the presence records of these nodes are known, or no more are to come. */
  readonly whenClaimed: (collective: string, identities: readonly string[]) => Promise<void>;
  /** Whether somebody who is online may speak only version 1, as far as presence tells. */
  readonly mayHaveVersion1: (collective: string) => boolean;
}

/**
 * In which version each node is spoken to. What a node has signed decides; a presence record only says with which version
 * to begin, since anybody with an account at the broker may have written it: where nothing is signed, each version is
 * tried in turn.
 */
export class NodeVersions {
  readonly #options: NodeVersionsOptions;
  // bound: versions of the protocol that nodes have signed | nodes; with an enrolment token, under any name | {most}
  // | 300 bytes each | the one that replied the longest time ago is removed, and learned again
  readonly #signed = new BoundedMap<string, { readonly v: ProtocolVersion; readonly at: number }>({ most });

  constructor(options: NodeVersionsOptions) {
    this.#options = options;
  }

  /** Learns from an authenticated reply. */
  heard({ sender, v, collective }: Pick<Reply, 'sender' | 'v' | 'collective'>, now = Date.now()): void {
    const before = this.#signed.get(sender);
    const isRecent = before !== undefined && before.v > v && now - before.at < settling;
    if (isRecent || (before && before.v > v && this.#options.claimedBy(collective, sender) === before.v))
      return;
    this.#signed.set(sender, { v, at: now });
  }

  /** What a node has signed; nothing before its first reply. */
  signedBy(identity: string): ProtocolVersion | undefined {
    return this.#signed.get(identity)?.v;
  }

  /** Resolves when it is known with which version to begin: a node of version 1 logs a message of version 2 as an attack. */
  async whenKnown(collective: string, identities: readonly string[]): Promise<void> {
    const { least, claimedBy, whenClaimed } = this.#options;
    if (least >= 2) return;
    const isUnknown = (identity: string) =>
      !this.#signed.has(identity) && claimedBy(collective, identity) === undefined;
    const unknown = identities.filter(isUnknown);
    if (unknown.length > 0) await whenClaimed(collective, unknown);
  }

  /** The version for one more try with a node that was tried so often before. */
  of(collective: string, identity: string, tries: number): ProtocolVersion {
    if (this.#options.least >= 2) return protocolVersion;
    const signed = this.#signed.get(identity);
    if (signed) return signed.v;
    const first = this.#options.claimedBy(collective, identity) ?? protocolVersion;
    return tries % 2 === 0 ? first : other(first);
  }

  /** The versions in which a message goes to all of a collective. */
  ofAll(collective: string): readonly ProtocolVersion[] {
    const { least, mayHaveVersion1 } = this.#options;
    return least < 2 && mayHaveVersion1(collective) ? [protocolVersion, 1] : [protocolVersion];
  }

  /** Whether version 1 may be spoken at all. */
  get allowsVersion1(): boolean {
    return this.#options.least < 2;
  }
}

function other(v: ProtocolVersion): ProtocolVersion {
  return v === 1 ? 2 : 1;
}
