import type { MessageProtection, ProtocolVersion } from '@troupe/core';

/** How a client is answered: in the version that it speaks, protected as it can check. */
export interface Answer {
  readonly v: ProtocolVersion;
  /** A plain signature without one. */
  readonly protection?: MessageProtection | undefined;
}
