import { type Peer, type Reply, type ResultReply, replyOnWire } from '@troupe/core';

/** Encrypts for one peer. */
export type Encrypt = (plaintext: Uint8Array, peer: Peer) => string;

/**
 * A reply as it travels: what its DDL marks as secret is encrypted for the peer that the client is, or, where no key is
 * agreed, left out.
 */
export function withSecretsApart(
  reply: Reply,
  secretOutputs: readonly string[],
  { peer, encrypt }: { readonly peer: Peer | undefined; readonly encrypt: Encrypt | undefined },
): unknown {
  if (reply.kind !== 'result') return replyOnWire(reply);
  const hidden = secretOutputs.filter((name) => isGiven(reply.data, name));
  if (hidden.length === 0) return replyOnWire(reply);
  const isHidden = new Set(hidden);
  const entries = Object.entries(reply.data);
  const rest: ResultReply = {
    ...reply,
    data: Object.fromEntries(entries.filter(([name]) => !isHidden.has(name))),
  };
  if (reply.v === 1) return replyOnWire(rest);
  if (!peer || !encrypt) return { ...rest, withheld: hidden };
  const secrets = Object.fromEntries(entries.filter(([name]) => isHidden.has(name)));
  return { ...rest, secret: encrypt(Buffer.from(JSON.stringify(secrets)), peer) };
}

function isGiven(data: Readonly<Record<string, unknown>>, name: string): boolean {
  return Object.hasOwn(data, name) && data[name] !== null && data[name] !== undefined;
}
