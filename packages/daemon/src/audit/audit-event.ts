import { open, type Signer, seal, TroupeError, type Verifier } from '@troupe/core';

/** A line of a node's audit as it is told to whoever collects them, on `mco/COLLECTIVE/event/IDENTITY`. */
export interface AuditEvent {
  readonly v: 1;
  readonly type: 'event';
  readonly kind: 'audit';
  readonly sender: string;
  readonly collective: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The line to the letter, so that the chain can be followed and compared with the node's file. */
  readonly line: string;
}

/** Signs a line of the audit as the node's own. */
export function sealAuditEvent(
  parts: { readonly collective: string; readonly line: string; readonly time: number },
  signer: Signer,
): Promise<Uint8Array> {
  return seal(
    { v: 1, type: 'event', kind: 'audit', sender: signer.name, ...parts } satisfies AuditEvent,
    signer,
  );
}

/** Reads an event that `identity` is said to have published. Throws SIGNATURE_INVALID, CERTIFICATE_INVALID, MESSAGE_MALFORMED. */
export async function openAuditEvent(
  bytes: Uint8Array,
  identity: string,
  verifier: Verifier,
): Promise<AuditEvent> {
  const { payload, proof } = await open(bytes, verifier);
  const event = payload as Partial<AuditEvent> | null;
  const isSound =
    event?.v === 1 &&
    event.type === 'event' &&
    event.kind === 'audit' &&
    typeof event.line === 'string' &&
    typeof event.collective === 'string' &&
    Number.isFinite(event.time);
  if (!isSound) throw new TroupeError('MESSAGE_MALFORMED', 'malformed event: it is not an audit log entry');
  if (event.sender !== identity || (proof.name !== undefined && proof.name !== identity)) {
    throw new TroupeError(
      'SIGNATURE_INVALID',
      `an event published on the topic of "${identity}" comes from "${proof.name ?? event.sender}"`,
    );
  }
  if (proof.collective !== undefined && proof.collective !== event.collective) {
    throw new TroupeError(
      'SIGNATURE_INVALID',
      `the token of "${identity}" is valid only in the collective "${proof.collective}"`,
    );
  }
  return event as AuditEvent;
}
