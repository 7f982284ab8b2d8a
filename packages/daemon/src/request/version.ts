import { type ProtocolVersion, protocolVersion, type Request, Status } from '@troupe/core';
import type { LoadedAgent } from '../agents/registry.js';
import type { Refusal } from './refusal.js';

/** With these the session of a client begins that speaks version 2: it sends version 1 only to those that do not. */
const laterSession = /^v2-/;

/** Whether a message of version 1 is from a client that takes this node for one that speaks nothing better. */
export function isStepDown({
  v,
  session,
}: {
  readonly v: ProtocolVersion;
  readonly session: string;
}): boolean {
  return v === 1 && laterSession.test(session);
}

/** The answer to a client that speaks to this node in a lower version than both could. */
export const speakHigher: Refusal = {
  outcome: 'unsupported',
  statuscode: Status.aborted,
  statusmsg: `this node speaks protocol version ${protocolVersion}: use it`,
  data: { use: protocolVersion },
};

/** What a node says to a version below the least that it accepts. */
export function tooOld(v: ProtocolVersion, least: number): Refusal | undefined {
  if (v >= least) return undefined;
  const statusmsg = `this node accepts protocol version ${least} and higher (security.minimum_protocol), not version ${v}: upgrade the client`;
  return { outcome: 'denied', statuscode: Status.aborted, statusmsg };
}

/** What keeps a request from being taken because of a part that means nothing here. */
export function unsupportedPart(request: Request): Refusal | undefined {
  if (request.for)
    return {
      outcome: 'denied',
      statuscode: Status.aborted,
      statusmsg: `"${request.caller}" may not make requests for others: the configuration of this node names no gateways`,
    };
  const part = (['approvals', 'files'] as const).find((key) => request[key] !== undefined);
  return part === undefined
    ? undefined
    : {
        outcome: 'unsupported',
        statuscode: Status.aborted,
        statusmsg: `this node does not support requests with "${part}": upgrade its daemon`,
      };
}

/** Part of the protocol, so that its DDL need not be agreed on. */
const discovery = 'discovery';

/** Whether a request was made under another DDL than the one that its agent has here. */
// Version 1 does not say; its input is checked against the DDL of this node all the same.
export function misfit(request: Request, agent: LoadedAgent | undefined): Refusal | undefined {
  if (request.v === 1 || !agent || agent.name === discovery || request.ddl === agent.hash) return undefined;
  const { version } = agent.compiled.ddl.metadata;
  const why =
    request.ddl === undefined
      ? 'the request does not say under which DDL it was made'
      : 'the request was made under another one';
  return {
    outcome: 'ddl-mismatch',
    statuscode: Status.aborted,
    statusmsg: `this node has version ${version} of the DDL of "${agent.name}", and ${why}`,
    ddl: { version, hash: agent.hash },
  };
}
