import { laterOutcomes, type ProtocolVersion, protocolVersions, replyOutcomes } from './message.js';
import { traceparentPattern } from './traceparent.js';

const identity = { type: 'string', minLength: 1, maxLength: 255, pattern: '^[a-z0-9._-]+$' };
const name = { type: 'string', minLength: 1, maxLength: 63, pattern: '^[a-z0-9_-]+$' };
const hash = { type: 'string', pattern: '^[0-9a-f]{64}$' };
/** Characters: as the schema of a DDL allows. */
const longestAction = 64;
const compact = { type: 'string', minLength: 1, pattern: '^[\\w.-]+$' };

const address = {
  id: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  caller: identity,
  session: name,
  collective: name,
};
const common = { ...address, time: { type: 'number', minimum: 0, maximum: 1e15 } };

type Properties = Readonly<Record<string, unknown>>;

function toNode(v: ProtocolVersion): Properties {
  return { v: { const: v }, ...common, ttl: { type: 'number', exclusiveMinimum: 0, maximum: 86400 } };
}

function fromNode(v: ProtocolVersion): Properties {
  return {
    v: { const: v },
    ...(v > 1 && { protocol: { type: 'integer', minimum: 2 } }),
    ...common,
    type: { const: 'reply' },
    seq: { type: 'integer', minimum: 1 },
    sender: identity,
    agent: { type: 'string', maxLength: 63 },
    action: { type: 'string', maxLength: longestAction },
  };
}

const actingFor = object(
  {
    user: { type: 'string', minLength: 1, maxLength: 255 },
    groups: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 255 }, maxItems: 100 },
  },
  ['groups'],
);

const fileInPieces = object({
  name: { type: 'string', minLength: 1, maxLength: 255 },
  size: { type: 'integer', minimum: 0 },
  piece: { type: 'integer', minimum: 1, maximum: 262_144 },
  digests: { type: 'array', items: { type: 'string', pattern: '^[\\w-]{43}$' }, maxItems: 4096 },
});

const laterInRequest: Properties = {
  ddl: hash,
  secret: compact,
  for: actingFor,
  traceparent: { type: 'string', pattern: traceparentPattern },
  approvals: { type: 'array', items: compact, minItems: 1, maxItems: 8 },
  files: { type: 'array', items: fileInPieces, minItems: 1, maxItems: 16 },
};

const laterInResult: Properties = {
  secret: compact,
  withheld: { type: 'array', items: { type: 'string' }, maxItems: 1000 },
};

function schemasOf(v: ProtocolVersion) {
  const isLater = v > 1;
  // What is added to version 2 without a version of its own means nothing to those who do not know it.
  const message = (needed: Properties, optional: Properties = {}) => ({
    ...object({ ...needed, ...optional }, Object.keys(optional)),
    ...(isLater && { patternProperties: { '^x-': {} } }),
  });
  return {
    request: message(
      {
        ...toNode(v),
        type: { const: 'request' },
        agent: name,
        action: { type: 'string', minLength: 1, maxLength: longestAction },
        filter: { type: 'object' },
        input: { type: 'object' },
      },
      {
        targets: { type: 'array', items: identity, maxItems: 10_000 },
        timeout: { type: 'number', exclusiveMinimum: 0, maximum: 604_800 },
        answerUnmatched: { type: 'boolean' },
        noReply: { type: 'boolean' },
        ...(isLater && laterInRequest),
      },
    ),
    attach: message({ ...toNode(v), type: { const: 'attach' }, after: { type: 'integer', minimum: 0 } }),
    cancel: message({ ...toNode(v), type: { const: 'cancel' } }),
    accepted: message({
      ...fromNode(v),
      kind: { const: 'accepted' },
      timeout: { type: 'number', minimum: 0 },
    }),
    progress: message({ ...fromNode(v), kind: { const: 'progress' }, data: {} }),
    result: message(
      {
        ...fromNode(v),
        kind: { const: 'result' },
        outcome: { enum: replyOutcomes.filter((outcome) => isLater || !laterOutcomes.has(outcome)) },
        statuscode: { type: 'integer', minimum: 0, maximum: 255 },
        statusmsg: { type: 'string' },
        data: { type: 'object' },
      },
      {
        ddl: isLater
          ? object({ version: { type: 'string', maxLength: 63 }, hash })
          : { type: 'string', maxLength: 63 },
        ...(isLater && laterInResult),
      },
    ),
  };
}

function object(properties: Properties, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', properties, required, additionalProperties: false };
}

/** The kinds of messages. */
export type MessageKind = keyof ReturnType<typeof schemasOf>;

/** The JSON Schemas of the messages by kind and version, such as `request/2`; `address`: what a refusal of any needs to know. */
export const messageSchemas: Readonly<Record<string, Properties>> = {
  address: { type: 'object', properties: address, required: Object.keys(address) },
  ...Object.fromEntries(
    protocolVersions.flatMap((v) =>
      Object.entries(schemasOf(v)).map(([kind, schema]) => [`${kind}/${v}`, schema]),
    ),
  ),
};
