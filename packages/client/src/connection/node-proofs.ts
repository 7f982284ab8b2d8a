import type { Proof } from '@troupe/core';
import { BoundedMap } from '@troupe/core/internal';

/** What is proved of a node. */
export type NodeProof = Pick<Proof, 'vouchedBy' | 'name' | 'enrolment'>;

/** Of the nodes that replied last. */
const most = 16_384;

/** What was proved of the nodes that replied, by the fingerprint of their key. */
export class NodeProofs {
  // bound: keys that signed replies, and what is proved of them | nodes; with an enrolment token, under any name |
  // {most} | 2 KiB each | the key that replied the longest time ago is removed
  readonly #proofs = new BoundedMap<string, NodeProof>({ most });

  keep({ key, vouchedBy, name, enrolment }: Proof): void {
    const proof = { vouchedBy, ...(name !== undefined && { name }), ...(enrolment && { enrolment }) };
    this.#proofs.set(key, proof);
  }

  /** Undefined long after the last reply with this key. */
  of(key: string): NodeProof | undefined {
    return this.#proofs.peek(key);
  }
}
