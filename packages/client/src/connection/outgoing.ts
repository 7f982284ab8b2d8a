import type { NodeMessage, ProtocolVersion, Request } from '@troupe/core';

/** A request as this client means it, and what it keeps to itself. */
export interface OwnRequest extends Request {
  /** The names of the inputs that only the node may read. */
  readonly secretInputs?: readonly string[];
  /** Whether it only asks for the DDL of a node: neither input nor hash is sent, and nothing can run. */
  readonly isQuestion?: true;
}

/** A message as this client means it: each node gets it in the version that it speaks. */
export type Outgoing = OwnRequest | Exclude<NodeMessage, Request>;

/** Whether a message can be sent in version 1: not where a node must say its DDL first, nor with secrets. */
export function fitsVersion1(message: Outgoing): boolean {
  if (message.type !== 'request') return true;
  return !message.isQuestion && !hasSecrets(message);
}

/** Whether parts of it must be encrypted for each node. */
export function hasSecrets(message: Outgoing): boolean {
  return message.type === 'request' && !message.isQuestion && (message.secretInputs?.length ?? 0) > 0;
}

/** The secret inputs of a request, to be encrypted. */
export function secretsOf({ input, secretInputs = [] }: OwnRequest): Record<string, unknown> {
  return Object.fromEntries(secretInputs.map((name) => [name, input[name]]));
}

/** The JSON of a message in a version; `secret` holds what is encrypted of its input. */
export function jsonOf(message: Outgoing, v: ProtocolVersion, secret?: string): string {
  if (message.type !== 'request') return JSON.stringify({ ...message, v });
  // A key without a value is left out.
  const own = { secretInputs: undefined, isQuestion: undefined };
  if (v === 1) return JSON.stringify({ ...message, ...own, v, ddl: undefined, traceparent: undefined });
  if (message.isQuestion) return JSON.stringify({ ...message, ...own, v, ddl: undefined, input: {} });
  return JSON.stringify({ ...message, ...own, v, input: openInputOf(message), secret });
}

function openInputOf({ input, secretInputs = [] }: OwnRequest): Request['input'] {
  if (secretInputs.length === 0) return input;
  return Object.fromEntries(Object.entries(input).filter(([name]) => !secretInputs.includes(name)));
}
