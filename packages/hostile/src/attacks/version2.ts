import { encode, headerOf, newId, payloadOf } from '../jws.js';
import type { Attack } from './attack.js';
import { answerTo, ask, isAnswered, isRejected, textOf } from './victim.js';

const eve = 'eve.mcollective';

function isRefused(name: string, parts: Record<string, unknown>, refused: RegExp, audited?: RegExp): Attack {
  return isAnswered(name, (network) => network.request2(parts), refused, audited);
}

const file = { name: 'x', size: 1, piece: 1, digests: ['A'.repeat(43)] };

/** Attacks on a node with what version 2 of the protocol added, and with the difference between the versions. */
export const version2Attacks: readonly Attack[] = [
  isRefused(
    'a request that does not state its DDL',
    { ddl: undefined },
    /ddl-mismatch: this node has version 1\.0\.0 of the DDL of "counter", and the request does not say/,
    /"outcome":"ddl-mismatch"/,
  ),
  isRefused(
    'a request that was made under another DDL',
    { ddl: 'a'.repeat(64) },
    /ddl-mismatch: .* the request was made under another one/,
    /"outcome":"ddl-mismatch"/,
  ),
  {
    name: 'the id of a request under another DDL is used for a second request',
    run: async (network) => {
      const id = newId();
      const answers = [
        await ask(network, network.request2({ id, ddl: 'b'.repeat(64) })),
        await ask(network, network.request2({ id })),
        await ask(network, network.request2({ id })),
      ];
      return answers.join(' | ');
    },
    refused: [/^(?:.*\n)*ddl-mismatch: .* \| ok: OK (\{"count":\d+\}) \| ok: OK \1$/],
    audited: /"outcome":"ok"/,
    runs: 1,
  },
  isRefused(
    'a DDL hash in capitals',
    { ddl: 'A'.repeat(64) },
    /failed: malformed request: \/ddl must match pattern/,
  ),
  isRefused(
    'an input that is only allowed by the DDL of another node',
    { input: { text: 'x', force: true } },
    /failed: .*force/,
    /force/,
  ),
  isRefused(
    'a caller acts for another user',
    { for: { user: 'root', groups: [] } },
    /denied: "eve\.mcollective" may not make requests for others/,
  ),
  isRefused(
    'a caller acts for a group without a name for the user',
    { for: { groups: ['wheel'] } },
    /failed: malformed request: \/for must have required property 'user'/,
  ),
  isRefused(
    'a caller acts for another user with an unknown claim',
    { for: { user: 'root', groups: [], admin: true } },
    /failed: malformed request: unknown key "admin"/,
  ),
  isRefused(
    'a request with approvals is sent to a node that does not check them',
    { approvals: ['a.b.c'] },
    /unsupported: this node does not support requests with "approvals"/,
  ),
  isRefused(
    'a request with files is sent to a node that does not check them',
    { files: [file] },
    /unsupported: this node does not support requests with "files"/,
  ),
  isRefused(
    'a request with seventeen files',
    { files: Array(17).fill(file) },
    /failed: malformed request: \/files must NOT have more than 16 items/,
  ),
  isRefused(
    'a file whose pieces are larger than a message',
    { files: [{ ...file, piece: 2 ** 21 }] },
    /failed: malformed request: \/files\/0\/piece must be <= 262144/,
  ),
  isRefused(
    'a trace context with a line of a log in it',
    { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01\n{"level":60,"msg":"forged"}` },
    /failed: malformed request: \/traceparent must match pattern/,
  ),
  isRefused(
    'a field in version 2 that is not in the protocol',
    { admin: true },
    /failed: malformed request: unknown key "admin"/,
  ),
  isAnswered(
    'a field named `__proto__` in version 2',
    (network) => {
      const fields = JSON.parse('{"__proto__":{"admin":true}}') as object;
      return Object.defineProperty(network.request2(), '__proto__', {
        value: fields,
        enumerable: true,
      });
    },
    /failed: malformed request: unknown key "__proto__"/,
  ),
  isRefused(
    'a field for extensions that claims another caller',
    { agent: 'rpcutil', action: 'inventory', 'x-caller': 'alice.mcollective' },
    /denied.*not authorized/,
    /"policy":"[^"]*default\.policy/,
  ),
  isRefused(
    'a request with version 3 of the protocol',
    { v: 3 },
    /unsupported: protocol version 3 is not supported/,
  ),
  isRefused(
    'a message of an unknown type',
    { type: 'execute' },
    /unsupported: malformed message: unknown type/,
  ),
  isRejected(
    'a request with a version that is text',
    (network) => network.sign(eve, network.request2({ v: '2' })),
    /protocol version "2" is not supported/,
  ),
  isRejected(
    'a request with a version between two versions',
    (network) => network.sign(eve, network.request2({ v: 2.5 })),
    /protocol version 2\.5 is not supported/,
  ),
  isRejected(
    "an unreadable message in another caller's name, to make the node send it replies",
    (network) => network.sign(eve, network.request2({ v: 3, caller: 'alice.mcollective' })),
    /"eve\.mcollective" signed a message in the name of "alice\.mcollective"/,
  ),
  isRejected(
    'an unreadable message without an address for the reply',
    (network) => network.sign(eve, network.request2({ v: 3, session: '+/#' })),
    /protocol version 3 is not supported/,
  ),
  isRejected(
    'a key that is in the header twice',
    (network) => {
      const { x5c } = network.person(eve);
      const head = `{"alg":"none","alg":"RS256","typ":"troupe+jws","x5c":${JSON.stringify(x5c)}}`;
      const [, payload, signature] = network.sign(eve, network.request2()).toString().split('.');
      return `${encode(head)}.${payload}.${signature}`;
    },
    /not a JWS/,
  ),
  isRejected(
    'a payload with blanks in its base64url',
    (network) => {
      const [head, payload = '', signature] = network.sign(eve, network.request2()).toString().split('.');
      return `${head}.${payload.slice(0, 8)} ${payload.slice(8)}.${signature}`;
    },
    /the signature is not valid/,
  ),
  isRejected(
    'a signature in a second spelling of its base64url',
    (network) => {
      const bytes = network.sign(eve, network.request2()).toString();
      return `${bytes}=`;
    },
    /the signature is not valid/,
  ),
  isRejected(
    'a message with a fourth part',
    (network) => `${network.sign(eve, network.request2()).toString()}.AA`,
    /not a JWS/,
  ),
  isRejected(
    'certificates of 40,000 characters',
    (network) => {
      const [leaf = ''] = network.person(eve).x5c;
      return network.sign(eve, network.request2(), { x5c: [leaf, 'A'.repeat(40_000)] });
    },
    /the limit is 32768/,
  ),
  isRejected(
    'a header of 70,000 characters',
    (network) => network.sign(eve, network.request2(), { token: 'x'.repeat(70_000) }),
    /the header has \d+ characters; the limit is 65536/,
  ),
  isRejected(
    'a version 2 message that is signed as version 1',
    (network) => network.sign(eve, network.request2({ v: 1 })),
    /unknown key "ddl"/,
  ),
  isRejected(
    'a version 2 message whose version is changed to 1',
    (network) => {
      const request = network.request2({ ddl: undefined });
      const [head, , signature] = network.sign(eve, request).toString().split('.');
      return `${head}.${encode(JSON.stringify({ ...request, v: 1 }))}.${signature}`;
    },
    /the signature is not valid/,
  ),
  {
    name: 'a client of version 2 is made to speak version 1 with a node of version 2',
    run: async (network) => {
      const request = network.request({ session: 'v2-eve' });
      return textOf(await answerTo(network, request.id, network.sign(eve, request), { session: 'v2-eve' }));
    },
    refused: [/unsupported: this node speaks protocol version 2: use it \{"use":2\}/],
    audited: /"outcome":"unsupported"/,
  },
  {
    name: 'the version 1 copy of a broadcast reaches a node of version 2',
    run: async (network) => {
      const request = network.request({ session: 'v2-eve' });
      await network.deliver(network.sign(eve, request), 'mco/mcollective/agent/counter');
      const after = network.request2({ ddl: undefined });
      return ask(network, after);
    },
    refused: [/ddl-mismatch/],
    audited: /^(?!.*"outcome":"(ok|unsupported)").*"outcome":"ddl-mismatch"/,
  },
  {
    name: 'a broadcast in both versions under one id',
    run: async (network) => {
      const request = network.request2({ session: 'v2-eve' });
      const older = { ...request, v: 1, ddl: undefined };
      await network.deliver(network.sign(eve, older), 'mco/mcollective/agent/counter');
      const answer = await answerTo(network, request.id, network.sign(eve, request), {
        session: 'v2-eve',
        topic: 'mco/mcollective/agent/v2-counter',
      });
      await network.deliver(network.sign(eve, older), 'mco/mcollective/agent/counter');
      await ask(network, network.request2({ ddl: undefined }));
      return textOf(answer);
    },
    refused: [/ok: OK/],
    audited: /"outcome":"ok"/,
    runs: 1,
  },
  {
    name: 'version 1 is used with a node that accepts only version 2',
    run: async (network) => {
      await network.addNode('web3.lab', { security: { minimum_protocol: 2 } });
      const topic = 'mco/mcollective/node/web3.lab';
      return ask(network, network.request(), eve, { topic });
    },
    refused: [/denied: this node accepts protocol version 2 and higher/],
  },
  {
    name: 'a request of version 1 with the same id as one of version 2',
    run: async (network) => {
      const id = newId();
      const first = await ask(network, network.request2({ id }));
      const second = await ask(network, network.request({ id }));
      return `${first === second}: ${first}`;
    },
    refused: [/true: ok: OK/],
    audited: /"outcome":"ok"/,
    runs: 1,
  },
  {
    name: 'a request for another node, found by its name in the targets',
    run: async (network) => {
      await network.deliver(network.sign(eve, network.request2({ targets: ['web2.lab'] })));
      return ask(network, network.request2({ ddl: undefined }));
    },
    refused: [/ddl-mismatch/],
    audited: /^(?!.*"outcome":"ok").*"outcome":"ddl-mismatch"/,
  },
  {
    name: 'an unreadable message for another collective',
    run: async (network) => {
      await network.deliver(network.sign(eve, network.request2({ v: 3, collective: 'other' })));
      return ask(network, network.request2({ ddl: undefined }));
    },
    refused: [/ddl-mismatch/],
    audited: /^(?!.*"outcome":"unsupported").*"outcome":"ddl-mismatch"/,
  },
  {
    name: 'the reply of a node is sent to another node',
    run: async (network) => {
      const request = network.request2({ ddl: undefined });
      const answer = await answerTo(network, request.id, network.sign(eve, request));
      const { kind } = payloadOf(answer);
      await network.deliver(answer);
      return `${String(kind)} of ${String(headerOf(answer).alg)}`;
    },
    refused: [/result of RS256/, /message rejected/, /does not match the callers pattern/],
    audited: /does not match the callers pattern/,
  },
];
