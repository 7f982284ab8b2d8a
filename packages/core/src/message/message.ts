import type { ValidateFunction } from 'ajv';
import { TroupeError } from '../errors.js';
import type { Filter } from '../filter/filter.js';
import { madeBefore, newAjv } from '../schema.js';

/** What every message to a node carries. It travels inside a signed envelope; `caller` is what the signature proves. */
interface ToNode {
  readonly v: 1;
  /** 32 hexadecimal digits. A node runs a request id at most once. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Seconds after `time` in which a node may begin. */
  readonly ttl: number;
  readonly caller: string;
  /** The running client that replies go to: the level of the reply topic below the caller's. */
  readonly session: string;
  readonly collective: string;
}

/** Asks nodes to run an action. Sent again with the same id, it returns what the node has kept. */
export interface Request extends ToNode {
  readonly type: 'request';
  readonly agent: string;
  readonly action: string;
  readonly filter: Filter;
  readonly input: Readonly<Record<string, unknown>>;
  /** Only these identities run it, although it came by broadcast. */
  readonly targets?: readonly string[];
  /** Seconds that the action may take; the DDL's otherwise, which is also the most. */
  readonly timeout?: number;
  /** Nodes that the filter leaves out say so instead of staying silent. */
  readonly answerUnmatched?: boolean;
  /** The node runs the action and sends nothing. */
  readonly noReply?: boolean;
}

/** Asks for what a node keeps of a request, and for what is still to come; never starts anything. */
export interface Attach extends ToNode {
  readonly type: 'attach';
  /** The last reply number that the client has; 0 is none. */
  readonly after: number;
}

/** Fires the AbortSignal of a running request. */
export interface Cancel extends ToNode {
  readonly type: 'cancel';
}

export type NodeMessage = Request | Attach | Cancel;

/**
 * How a request ended on a node. `busy` is the only one that does not end it: nothing was run
 * and nothing is kept, so the same request may be sent again.
 */
export const replyOutcomes = [
  'ok',
  'failed',
  'denied',
  'timeout',
  'expired',
  'cancelled',
  'unmatched',
  'unknown',
  'busy',
] as const;
export type ReplyOutcome = (typeof replyOutcomes)[number];

interface FromNode {
  readonly v: 1;
  readonly type: 'reply';
  /** The request's id. */
  readonly id: string;
  readonly time: number;
  /** Counts a node's replies to one request from 1, so that a gap is noticed. */
  readonly seq: number;
  readonly sender: string;
  /** To whom the reply is addressed: it is of no use to another client. */
  readonly caller: string;
  readonly session: string;
  readonly collective: string;
  readonly agent: string;
  readonly action: string;
}

/** The node has the request and will take up to `timeout` seconds. */
export interface Accepted extends FromNode {
  readonly kind: 'accepted';
  readonly timeout: number;
}

/** A piece of output of a running action. */
export interface Progress extends FromNode {
  readonly kind: 'progress';
  readonly data: unknown;
}

/** The end of a request on one node. */
export interface ResultReply extends FromNode {
  readonly kind: 'result';
  readonly outcome: ReplyOutcome;
  readonly statuscode: number;
  readonly statusmsg: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The version of the agent's DDL on the node. */
  readonly ddl?: string;
}

export type Reply = Accepted | Progress | ResultReply;

const identity = { type: 'string', minLength: 1, maxLength: 255, pattern: '^[a-z0-9._-]+$' };
const name = { type: 'string', minLength: 1, maxLength: 63, pattern: '^[a-z0-9_-]+$' };
const common = {
  v: { const: 1 },
  id: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  time: { type: 'number', minimum: 0, maximum: 1e15 },
  caller: identity,
  session: name,
  collective: name,
};
const toNode = { ...common, ttl: { type: 'number', exclusiveMinimum: 0, maximum: 86400 } };
const fromNode = {
  ...common,
  type: { const: 'reply' },
  seq: { type: 'integer', minimum: 1 },
  sender: identity,
  agent: { type: 'string', maxLength: 63 },
  action: { type: 'string', maxLength: 63 },
};

function closed(properties: Record<string, unknown>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', properties, required, additionalProperties: false };
}

/** The JSON Schemas of the messages. */
export const messageSchemas = {
  request: closed(
    {
      ...toNode,
      type: { const: 'request' },
      agent: name,
      action: { type: 'string', minLength: 1, maxLength: 63 },
      filter: { type: 'object' },
      input: { type: 'object' },
      targets: { type: 'array', items: identity, maxItems: 10_000 },
      timeout: { type: 'number', exclusiveMinimum: 0, maximum: 604_800 },
      answerUnmatched: { type: 'boolean' },
      noReply: { type: 'boolean' },
    },
    ['targets', 'timeout', 'answerUnmatched', 'noReply'],
  ),
  attach: closed({ ...toNode, type: { const: 'attach' }, after: { type: 'integer', minimum: 0 } }),
  cancel: closed({ ...toNode, type: { const: 'cancel' } }),
  accepted: closed({ ...fromNode, kind: { const: 'accepted' }, timeout: { type: 'number', minimum: 0 } }),
  progress: closed({ ...fromNode, kind: { const: 'progress' }, data: {} }),
  result: closed(
    {
      ...fromNode,
      kind: { const: 'result' },
      outcome: { enum: replyOutcomes },
      statuscode: { type: 'integer', minimum: 0, maximum: 255 },
      statusmsg: { type: 'string' },
      data: { type: 'object' },
      ddl: { type: 'string', maxLength: 63 },
    },
    ['ddl'],
  ),
};

const compiled = new Map<string, ValidateFunction>();

function check<T>(kind: keyof typeof messageSchemas, value: unknown): T {
  let validate = compiled.get(kind);
  if (!validate) {
    const schema = messageSchemas[kind];
    validate = madeBefore('message', schema, {}) ?? newAjv('message', {}).compile(schema);
    compiled.set(kind, validate);
  }
  if (validate(value)) return value as T;
  const [fault] = validate.errors ?? [];
  throw new TroupeError(
    'MESSAGE_MALFORMED',
    `malformed ${kind}: ${fault?.instancePath || 'message'} ${fault?.message ?? 'does not fit'}`,
  );
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** Checks the shape of a message to a node; the filter is checked where it is evaluated. Throws MESSAGE_MALFORMED. */
export function checkNodeMessage(value: unknown): NodeMessage {
  const type = member(value, 'type');
  if (type === 'request' || type === 'attach' || type === 'cancel') return check<NodeMessage>(type, value);
  throw new TroupeError(
    'MESSAGE_MALFORMED',
    `malformed message: unknown type ${JSON.stringify(type)?.slice(0, 40)}`,
  );
}

/** Checks the shape of a reply. Throws MESSAGE_MALFORMED. */
export function checkReply(value: unknown): Reply {
  const kind = member(value, 'kind');
  if (kind === 'accepted' || kind === 'progress' || kind === 'result') return check<Reply>(kind, value);
  throw new TroupeError(
    'MESSAGE_MALFORMED',
    `malformed reply: unknown kind ${JSON.stringify(kind)?.slice(0, 40)}`,
  );
}
