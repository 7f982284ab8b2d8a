import type { Reply } from '@troupe/core';
import { BoundedMap } from '@troupe/core/internal';

/** Nodes and agents whose hashes are remembered. */
const most = 100_000;

/** Which DDL each node has said to have, in replies that it signed: SHA-256 in hexadecimal, by node and agent. */
export class StatedDdls {
  // bound: hashes of DDLs that nodes have stated | nodes | {most} | 400 bytes each | the node with most loses its
  // oldest, which is asked for again
  readonly #hashes = new BoundedMap<string, string>({ most, ownerOf: (_, key) => ownerOf(key) });

  /** Learns from an authenticated reply. */
  heard(reply: Reply): void {
    if (reply.kind === 'result' && reply.ddl?.hash !== undefined)
      this.note(reply.sender, reply.agent, reply.ddl.hash);
  }

  note(identity: string, agent: string, hash: string): void {
    this.#hashes.set(keyOf(identity, agent), hash);
  }

  of(identity: string, agent: string): string | undefined {
    return this.#hashes.get(keyOf(identity, agent));
  }
}

function ownerOf(key: string): string {
  return key.slice(0, key.indexOf(' '));
}

function keyOf(identity: string, agent: string): string {
  return `${identity} ${agent}`;
}
