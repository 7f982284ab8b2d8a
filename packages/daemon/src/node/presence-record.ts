import { createHash } from 'node:crypto';
import { canonicalJson, protocolVersion } from '@troupe/core';
import type { PresenceRecord } from '@troupe/core/internal';
import type { Node } from './node.js';

/** Names and characters of each in a record: brokers keep one for every node. */
const mostLeftOut = 16;
const longestName = 100;

/** What a node says of itself in its presence record, as of now. */
export function presenceRecord(
  node: Node,
  {
    leftOut,
    certificateEnd,
    isPaused,
    instance,
    address,
    twin,
  }: {
    readonly leftOut: readonly string[];
    readonly certificateEnd: number | undefined;
    readonly isPaused: boolean;
    readonly instance: string;
    readonly address: string | undefined;
    /** The address of another machine with this identity. */
    readonly twin: string | undefined;
  },
): PresenceRecord {
  const { identity, startedAt: since, version, registry } = node;
  const hashes = Object.fromEntries(registry.all().map(({ name, hash }) => [name, hash]));
  const names = leftOut.slice(0, mostLeftOut).map((name) => name.slice(-longestName));
  return {
    v: 2,
    identity,
    since,
    version,
    protocol: protocolVersion,
    digests: { ddls: digestOf(hashes), facts: digestOf(node.facts()) },
    ...(names.length > 0 && { leftOut: names }),
    ...(certificateEnd !== undefined && { certificateEnd }),
    ...(isPaused && { paused: true }),
    'x-instance': instance,
    ...(address !== undefined && { 'x-address': address }),
    ...(twin !== undefined && { 'x-twin': twin }),
  };
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32);
}
