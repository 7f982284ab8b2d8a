import type { Filter } from '../filter/filter.js';

/** The versions of the wire protocol that this software speaks (docs/protocol.md), oldest first. */
export const protocolVersions = [1, 2] as const;
export type ProtocolVersion = (typeof protocolVersions)[number];
/** The highest of them. */
export const protocolVersion: ProtocolVersion = 2;

/** What every message to a node carries. It travels inside a signed envelope; `caller` is what the signature proves. */
interface ToNode {
  readonly v: ProtocolVersion;
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

/** For whom a gateway, which signs as itself, makes a request. */
export interface ActingFor {
  readonly user: string;
  readonly groups?: readonly string[];
}

/** A file that a caller sends in pieces beside its request. */
export interface FileInPieces {
  readonly name: string;
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes of each piece but the last. */
  readonly piece: number;
  /** SHA-256 of each piece, in base64url. */
  readonly digests: readonly string[];
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
  /** Version 2: the hash of the DDL under which the input was made and checked; without it, the node only says its own. */
  readonly ddl?: string;
  /** Version 2: the inputs that the DDL marks as secret, encrypted for one node (JWE in compact form). */
  readonly secret?: string;
  /** Version 2: the user for whom a gateway acts. */
  readonly for?: ActingFor;
  /** Version 2: W3C Trace Context. */
  readonly traceparent?: string;
  /** Version 2: reserved for the approvals of other callers (JWS in compact form). */
  readonly approvals?: readonly string[];
  /** Version 2: reserved for files that are sent in pieces. */
  readonly files?: readonly FileInPieces[];
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

/** A message that cannot be understood, but whose author is to be told why. */
export interface Unreadable extends Pick<ToNode, 'id' | 'caller' | 'session' | 'collective'> {
  readonly v: 2;
  readonly type: 'unreadable';
  /** `unsupported` where it needs other software, `failed` where it is malformed. */
  readonly outcome: 'unsupported' | 'failed';
  readonly reason: string;
}

/**
 * How a request ended on a node. `busy`, `ddl-mismatch` and `unsupported` do not end it: nothing was run and nothing is
 * kept, so the same request may be sent again, as it is or as the node says.
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
  'ddl-mismatch',
  'unsupported',
] as const;
export type ReplyOutcome = (typeof replyOutcomes)[number];

/** Those of them that came with version 2. */
export const laterOutcomes: ReadonlySet<ReplyOutcome> = new Set(['ddl-mismatch', 'unsupported']);

interface FromNode {
  readonly v: ProtocolVersion;
  /** Version 2: the highest version that the node speaks. */
  readonly protocol?: number;
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

/** The DDL of an agent on a node. */
export interface DdlOnNode {
  readonly version: string;
  /** Version 2: SHA-256 over its canonical JSON (RFC 8785), hexadecimal. */
  readonly hash?: string;
}

/** The end of a request on one node. */
export interface ResultReply extends FromNode {
  readonly kind: 'result';
  readonly outcome: ReplyOutcome;
  readonly statuscode: number;
  readonly statusmsg: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly ddl?: DdlOnNode;
  /** Version 2: the outputs that the DDL marks as secret, encrypted for the client (JWE in compact form). */
  readonly secret?: string;
  /** Version 2: the secret outputs that were left out, because the client has agreed on no key. */
  readonly withheld?: readonly string[];
  /** Version 2: outputs that were too large for one reply and were cut, each with the bytes of JSON that it had. */
  readonly 'x-cut'?: Readonly<Record<string, number>>;
}

export type Reply = Accepted | Progress | ResultReply;
