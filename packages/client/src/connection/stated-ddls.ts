import type { Reply } from '@troupe/core';

/** Nodes and agents whose hashes are remembered. */
const most = 100_000;

/** Which DDL each node has said to have, in replies that it signed: SHA-256 in hexadecimal, by node and agent. */
export class StatedDdls {
  readonly #hashes = new Map<string, string>();

  /** Learns from an authenticated reply. */
  heard(reply: Reply): void {
    if (reply.kind === 'result' && reply.ddl?.hash !== undefined)
      this.note(reply.sender, reply.agent, reply.ddl.hash);
  }

  note(identity: string, agent: string, hash: string): void {
    const key = keyOf(identity, agent);
    this.#hashes.delete(key);
    this.#hashes.set(key, hash);
    const [oldest] = this.#hashes.keys();
    if (this.#hashes.size > most && oldest !== undefined) this.#hashes.delete(oldest);
  }

  of(identity: string, agent: string): string | undefined {
    return this.#hashes.get(keyOf(identity, agent));
  }
}

function keyOf(identity: string, agent: string): string {
  return `${identity} ${agent}`;
}
