import { ActionError, type Context, Status, type StatusCode } from '@troupe/core';

const protocolOf = (message: string) => `io.choria.mcorpc.external.v1.${message}`;
const schemaOf = (message: string) => `https://choria.io/schemas/mcorpc/external/v1/${message}.json`;

/** The names of Choria's external agent protocol v1. */
export const rpcProtocol = protocolOf('rpc_request');
export const activationProtocol = protocolOf('activation_request');

/** Asks an agent whether it applies to this host. */
export function activationRequest(agent: string): Record<string, unknown> {
  return { $schema: schemaOf('activation_request'), protocol: activationProtocol, agent };
}

/** A call as an external agent gets it. */
export function rpcRequest(
  agent: string,
  action: string,
  input: Readonly<Record<string, unknown>>,
  context: Pick<Context, 'requestId' | 'caller' | 'collective' | 'ttlSeconds' | 'requestedAt'>,
): Record<string, unknown> {
  return {
    $schema: schemaOf('rpc_request'),
    protocol: rpcProtocol,
    agent,
    action,
    requestid: context.requestId,
    // A request here carries no name of the caller's host; the caller's own stands for it.
    senderid: context.caller,
    // As MCollective writes it: the kind of the proof, and what it proves.
    callerid: `choria=${context.caller}`,
    collective: context.collective,
    ttl: context.ttlSeconds,
    msgtime: Math.floor(context.requestedAt / 1000),
    data: input,
  };
}

/** Whether an activation reply says yes: anything but `{"activate": true}` is no. */
export function saysActive(reply: unknown): boolean {
  return isHash(reply) && reply.activate === true;
}

/** The output and the words in an agent's reply. Throws the ActionError that the reply says, or that says what is wrong with it. */
export function answerOf(
  agent: string,
  reply: unknown,
): { readonly statusmsg: string; readonly data: Record<string, unknown> } {
  const malformed = (why: string) =>
    new ActionError(`the external agent "${agent}" wrote an invalid reply: ${why}`, Status.aborted);
  if (!isHash(reply)) throw malformed('it is not a JSON object');
  // Go, for which the protocol was made, reads what is missing as zero, empty and nothing.
  const { statuscode, statusmsg, data } = reply;
  const code = statuscode ?? Status.ok;
  const text = statusmsg ?? '';
  const output = data ?? {};
  if (!Number.isInteger(code) || Number(code) < 0) throw malformed('statuscode is not a status');
  if (typeof text !== 'string') throw malformed('statusmsg is not a string');
  if (!isHash(output)) throw malformed('data is not a JSON object');
  if (code === Status.ok) return { statusmsg: text, data: output };
  const reason = text === '' ? `the external agent "${agent}" failed without giving a reason` : text;
  throw new ActionError(reason, failureOf(Number(code)), { data: output });
}

function failureOf(code: number): Exclude<StatusCode, 0> {
  return Math.min(code, Status.unknownError) as Exclude<StatusCode, 0>;
}

function isHash(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
