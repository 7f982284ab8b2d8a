import type { ValidateFunction } from 'ajv';
import { TroupeError } from '../errors.js';
import { madeBefore, newAjv } from '../schema.js';
import {
  type DdlOnNode,
  type NodeMessage,
  protocolVersions,
  type Reply,
  type ResultReply,
  type Unreadable,
} from './message.js';
import { type MessageKind, messageSchemas } from './schemas.js';

// no peer fills this: it holds one validator for each type of message
const compiled = new Map<string, ValidateFunction>();

function validatorOf(key: string): ValidateFunction {
  const known = compiled.get(key);
  if (known) return known;
  const schema = messageSchemas[key];
  if (!schema) throw new RangeError(`no schema of a message ${key}`);
  const validate = madeBefore('message', schema, {}) ?? newAjv('message', {}).compile(schema);
  compiled.set(key, validate);
  return validate;
}

function faultOf(kind: MessageKind, v: 1 | 2, value: unknown): string | undefined {
  const validate = validatorOf(`${kind}/${v}`);
  if (validate(value)) return undefined;
  const [fault] = validate.errors ?? [];
  const key = (fault?.params as { additionalProperty?: string } | undefined)?.additionalProperty;
  if (key !== undefined) return `malformed ${kind}: unknown key ${quoted(key)}`;
  return `malformed ${kind}: ${fault?.instancePath || 'message'} ${fault?.message ?? 'does not fit'}`;
}

function quoted(value: unknown): string | undefined {
  return JSON.stringify(value)?.slice(0, 40);
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/**
 * Checks the shape of a message to a node; the filter is checked where it is evaluated. One that is not understood, but
 * says who wants an answer, is returned as unreadable. Throws MESSAGE_MALFORMED.
 */
export function checkNodeMessage(value: unknown): NodeMessage | Unreadable {
  const v = member(value, 'v');
  const type = member(value, 'type');
  if (type !== 'request' && type !== 'attach' && type !== 'cancel')
    return unreadable(value, 'unsupported', `malformed message: unknown type ${quoted(type)}`);
  if (v !== 1 && v !== 2) {
    const words = `protocol version ${quoted(v)} is not supported; the versions ${protocolVersions.join(' and ')} are`;
    return unreadable(value, 'unsupported', words);
  }
  const fault = faultOf(type, v, value);
  return fault === undefined ? (value as NodeMessage) : unreadable(value, 'failed', fault);
}

// Software of version 1 knows no such answers, and expects none.
function unreadable(value: unknown, outcome: Unreadable['outcome'], reason: string): Unreadable {
  const v = member(value, 'v');
  if (!Number.isInteger(v) || (v as number) < 2 || !validatorOf('address')(value))
    throw new TroupeError('MESSAGE_MALFORMED', reason);
  const { id, caller, session, collective } = value as Unreadable;
  return { v: 2, type: 'unreadable', id, caller, session, collective, outcome, reason };
}

/** Checks the shape of a reply. Throws MESSAGE_MALFORMED. */
export function checkReply(value: unknown): Reply {
  const kind = member(value, 'kind');
  const v = member(value, 'v');
  if (kind !== 'accepted' && kind !== 'progress' && kind !== 'result')
    throw new TroupeError('MESSAGE_MALFORMED', `malformed reply: unknown kind ${quoted(kind)}`);
  if (v !== 1 && v !== 2)
    throw new TroupeError(
      'MESSAGE_MALFORMED',
      `malformed reply: protocol version ${quoted(v)} is not supported`,
    );
  const fault = faultOf(kind, v, value);
  if (fault !== undefined) throw new TroupeError('MESSAGE_MALFORMED', fault);
  const ddl = member(value, 'ddl');
  return typeof ddl === 'string' ? { ...(value as ResultReply), ddl: { version: ddl } } : (value as Reply);
}

/** A reply as a version of the protocol writes it. */
export function replyOnWire(reply: Reply): unknown {
  if (reply.v === 2 || reply.kind !== 'result') return reply;
  const { ddl, 'x-cut': _, ...others } = reply;
  return ddl === undefined ? others : { ...others, ddl: ddl.version satisfies DdlOnNode['version'] };
}
