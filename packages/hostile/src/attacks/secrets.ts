import { type Agreed, jwe, jweHeader, sealed } from '../agreement.js';
import type { AttackNetwork } from '../attack-network.js';
import { payloadOf } from '../jws.js';
import type { Attack } from './attack.js';
import { agree } from './handshake.js';
import { answerTo, ask, isAnswered, textOf } from './victim.js';

const eve = 'eve.mcollective';
const alice = 'alice.mcollective';
const input = '{"password":"correct horse"}';

function sound(keys: Agreed, plaintext = input): string {
  return jwe(jweHeader(keys.kid), keys.secretsOfCaller, plaintext);
}

/** Eve sends a secret that the victim cannot open or use; it must run nothing, and say why to Eve, who has signed it. */
function isRefused(name: string, secret: (keys: Agreed) => string, why: RegExp, more: object = {}): Attack {
  return {
    name,
    run: async (network) => {
      const keys = await agree(network);
      const request = network.request2({ action: 'keep', secret: secret(keys), ...more });
      return textOf(await answerTo(network, request.id, sealed(keys.kid, request, keys.ofCaller)));
    },
    refused: [new RegExp(`failed: .*${why.source}`)],
    audited: new RegExp(`"outcome":"failed".*${why.source}`),
  };
}

function shows(answer: Uint8Array): string {
  return `${textOf(answer)}${payloadOf(answer).secret === undefined ? '' : ' and an encrypted part'}`;
}

const damaged = /the encrypted part is damaged or altered/;
const unknownKey = /busy: this node does not have the session key/;

/** Eve runs `reveal` in version 2, then asks for its replies again in another way. */
function asksAgain(
  name: string,
  again: (network: AttackNetwork, id: string) => Promise<string>,
  refused: RegExp,
): Attack {
  return {
    name,
    run: async (network) => {
      const { kid, ofCaller } = await agree(network);
      const request = network.request2({ action: 'reveal' });
      const first = await answerTo(network, request.id, sealed(kid, request, ofCaller));
      return `${shows(first)} | ${await again(network, String(request.id))}`;
    },
    refused: [/ok: OK \{\} and an encrypted part \| /, refused],
    audited: /"action":"reveal".*"outcome":"ok"/,
    runs: 1,
  };
}

/** Attacks on the secrets in requests to a node, and in its replies. */
export const secretAttacks: readonly Attack[] = [
  isAnswered(
    'a secret input that is not encrypted',
    (network) => network.request2({ action: 'keep', input: { password: 'x' } }),
    /failed: the DDL marks password as secret: send such inputs encrypted/,
  ),
  isAnswered(
    'a secret input in version 1',
    (network) => network.request({ action: 'keep', input: { password: 'x' } }),
    /failed: this action takes or returns secrets, and protocol version 1 cannot encrypt them/,
  ),
  isAnswered(
    'an action that returns a secret, called in version 1',
    (network) => network.request({ action: 'reveal' }),
    /failed: this action takes or returns secrets, and protocol version 1 cannot encrypt them/,
  ),
  isRefused(
    'an altered secret',
    (keys) => {
      const [head, none, iv, text = '', tag] = sound(keys).split('.');
      const other = text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`;
      return [head, none, iv, other, tag].join('.');
    },
    damaged,
  ),
  isRefused(
    'a secret with the key of the other direction',
    (keys) => jwe(jweHeader(keys.kid), keys.secretsOfNode, input),
    damaged,
  ),
  isRefused(
    'a secret with the key that seals messages',
    (keys) => jwe(jweHeader(keys.kid), keys.ofCaller, input),
    damaged,
  ),
  isRefused(
    'a secret with another algorithm in its header',
    (keys) => jwe({ alg: 'RSA-OAEP', enc: 'A256GCM', kid: keys.kid }, keys.secretsOfCaller, input),
    damaged,
  ),
  isRefused(
    'a secret with another cipher in its header',
    (keys) => jwe({ alg: 'dir', enc: 'A128CBC-HS256', kid: keys.kid }, keys.secretsOfCaller, input),
    damaged,
  ),
  isRefused(
    'a compressed secret',
    (keys) => jwe({ ...jweHeader(keys.kid), zip: 'DEF' }, keys.secretsOfCaller, input),
    damaged,
  ),
  isRefused(
    'a secret whose header has blanks',
    (keys) => jwe(JSON.stringify(jweHeader(keys.kid), null, 1), keys.secretsOfCaller, input),
    damaged,
  ),
  isRefused(
    'a secret with a tag of four bytes',
    (keys) => jwe(jweHeader(keys.kid), keys.secretsOfCaller, input, { tagBytes: 4 }),
    damaged,
  ),
  isRefused(
    'a secret that is not an object',
    (keys) => sound(keys, '"password"'),
    /the encrypted inputs are not an object/,
  ),
  isRefused(
    'a secret with the same key twice',
    (keys) => sound(keys, '{"password":"a","password":"b"}'),
    /the same key twice/,
  ),
  isRefused(
    'an input that is both encrypted and not',
    (keys) => sound(keys),
    /an input is given twice: encrypted and not encrypted/,
    { input: { password: 'y' } },
  ),
  {
    name: 'a secret input that the DDL does not declare',
    run: async (network) => {
      const keys = await agree(network);
      const request = network.request2({ action: 'keep', secret: sound(keys, '{"password":"a","root":1}') });
      return textOf(await answerTo(network, request.id, sealed(keys.kid, request, keys.ofCaller)));
    },
    refused: [/failed: .*root/],
    audited: /"outcome":"failed"/,
  },
  {
    name: 'a secret of another key id',
    run: async (network) => {
      const keys = await agree(network);
      const secret = jwe(jweHeader('A'.repeat(22)), keys.secretsOfCaller, input);
      const request = network.request2({ action: 'keep', secret });
      return textOf(await answerTo(network, request.id, sealed(keys.kid, request, keys.ofCaller)));
    },
    refused: [unknownKey],
    audited: /"outcome":"busy"/,
  },
  {
    name: "a secret that was stolen from another caller's request",
    run: async (network) => {
      const stolen = sound(await agree(network, alice));
      const { kid, ofCaller } = await agree(network);
      const request = network.request2({ action: 'keep', secret: stolen });
      return textOf(await answerTo(network, request.id, sealed(kid, request, ofCaller)));
    },
    refused: [unknownKey],
    audited: /"outcome":"busy"/,
  },
  {
    name: 'a stolen secret in a request that is signed and offers no key',
    run: async (network) => {
      const stolen = sound(await agree(network, alice));
      return ask(network, network.request2({ action: 'keep', secret: stolen }));
    },
    refused: [unknownKey],
    audited: /"outcome":"busy"/,
  },
  {
    name: 'a secret in the log and the audit log of the node',
    run: async (network) => {
      const [logged, written] = [network.log.length, network.audit.length];
      const keys = await agree(network);
      const request = network.request2({ action: 'keep', secret: sound(keys) });
      const answer = await answerTo(network, request.id, sealed(keys.kid, request, keys.ofCaller));
      const texts = network.log.slice(logged).join('') + network.audit.slice(written);
      return `${shows(answer)}: found ${/correct horse|the-secret-of/.test(texts)}`;
    },
    refused: [/ok: OK \{\} and an encrypted part: found false/],
    audited: /"action":"keep".*"outcome":"ok"/,
    runs: 1,
  },
  {
    name: 'a secret output for a client without a key',
    run: async (network) => ask(network, network.request2({ action: 'reveal' })),
    refused: [/ok: OK \{\} withheld \["hush"\]/],
    audited: /"action":"reveal".*"outcome":"ok"/,
    runs: 1,
  },
  asksAgain(
    'the secret output of a request is asked for again in version 1',
    (network, id) => {
      const { v, time, ttl, caller, session, collective } = network.request();
      return ask(network, { v, type: 'attach', id, time, ttl, caller, session, collective, after: 0 });
    },
    / \| ok: OK \{\}$/,
  ),
  asksAgain(
    'the secret output of a request is asked for by a session without a key',
    (network, id) => {
      const { time, ttl, caller, collective } = network.request();
      const message = { v: 2, type: 'attach', id, time, ttl, caller, session: 'v2-x', collective, after: 0 };
      return ask(network, message, eve, { session: 'v2-x' });
    },
    / \| ok: OK \{\} withheld \["hush"\]$/,
  ),
  asksAgain(
    'the secret output of a request is asked for by another caller',
    (network, id) => {
      const { time, ttl, session, collective } = network.request();
      const message = { v: 2, type: 'attach', id, time, ttl, caller: alice, session, collective, after: 0 };
      return ask(network, message, alice);
    },
    / \| unknown: this node has no record of this request/,
  ),
];
