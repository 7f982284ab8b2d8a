import { createHash } from 'node:crypto';
import type { Ddl } from '@troupe/core';
import { readReceipt, readToken } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { agreed, contextOf, fingerprintOf, newOffer, sealed } from '../agreement.js';
import type { AttackNetwork } from '../attack-network.js';
import { counterDdl, counterHash } from '../counter.js';
import { encode, jws } from '../jws.js';
import { type Machine, newMachine } from '../machine.js';
import { playNode, type Received, replyTo } from '../played-node.js';
import type { Attack } from './attack.js';
import { called } from './called.js';

const ddl = counterDdl as unknown as Ddl;
const name = 'new1.lab';
const collective = 'provisioning';

/** What a machine that enrols has, and a reply of it that is true but for what vouches for it. */
interface Forged {
  readonly machine: Machine;
  readonly token: string;
  readonly truth: Record<string, unknown>;
}

/** Has a client call an enrolling machine, which answers as told. */
async function callMachine(
  network: AttackNetwork,
  answer: (forged: Forged, message: Received) => readonly Uint8Array[],
  tokenClaims: Record<string, unknown> = {},
): Promise<string> {
  const token = await network.token(tokenClaims);
  const machine = newMachine();
  const account = await network.connect(network.enrolling(name, await network.token()));
  await playNode(
    network,
    name,
    (message) => {
      const truth = { ...replyTo(message.payload, name), ddl: { version: '1.0.0', hash: counterHash } };
      return answer({ machine, token, truth: { ...truth, data: { count: 666 } } }, message);
    },
    { collective, account },
  );
  const client = await network.newClient();
  return called(client.call(ddl, 'count', {}, { targets: [name], collective, answerWithin: 2 }));
}

/** What vouches for the key of a machine is not good: the client must take only the true reply. */
function isRejected(
  title: string,
  vouch: (network: AttackNetwork, forged: Omit<Forged, 'truth'>) => Promise<object> | object,
  refused: RegExp,
): Attack {
  return {
    name: title,
    run: async (network) => {
      // What is awaited is made before the machine answers.
      const machine = newMachine();
      const token = await network.token();
      const header = await vouch(network, { machine, token });
      return callMachine(network, ({ truth }) => [
        machine.sign(truth, header),
        machine.sign({ ...truth, data: { count: 7 } }, { token }),
      ]);
    },
    refused: [/new1\.lab ok OK \{"count":7\}/, refused],
  };
}

/** A receipt or a token with a claim that nobody knows, and otherwise in order. */
function withClaim(network: AttackNetwork, text: string, typ: string): string {
  const { key, x5c } = network.person('alice.mcollective');
  const [, claims = ''] = text.split('.');
  const more = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), only: 'web7.lab' };
  return jws({ alg: 'RS256', typ, x5c }, more, key).toString();
}

const receiptAttacks: readonly Attack[] = [
  isRejected(
    'a machine shows the receipt of another machine',
    async (network) => ({ receipt: await network.receipt(newMachine()) }),
    /it is for a machine with another key/,
  ),
  isRejected(
    'a machine uses another name than the one of its receipt',
    async (network, { machine }) => ({ receipt: await network.receipt(machine, { name: 'web2.lab' }) }),
    /a reply from "new1\.lab" is signed by "web2\.lab"/,
  ),
  isRejected(
    'a machine shows an expired receipt',
    async (network, { machine }) => ({ receipt: await network.receipt(machine, { ttlSeconds: -60 }) }),
    /the receipt of the enrolment was rejected: it expired at/,
  ),
  isRejected(
    'a machine shows a revoked receipt',
    async (network, { machine }) => {
      const receipt = await network.receipt(machine);
      network.revoke(readReceipt(receipt).serial);
      return { receipt };
    },
    /it is revoked/,
  ),
  isRejected(
    'a machine shows a receipt for a revoked token',
    async (network, { machine }) => {
      network.revoke('lost-token');
      return { receipt: await network.receipt(machine, { token: 'lost-token' }) };
    },
    /lost-token was rejected: it is revoked/,
  ),
  isRejected(
    'a node issues a receipt',
    async (network, { machine }) => ({ receipt: await network.receipt(machine, {}, 'web2.lab') }),
    /it is signed by "web2\.lab", which is not allowed to issue receipts/,
  ),
  isRejected(
    'a revoked caller issues a receipt',
    async (network, { machine }) => ({ receipt: await network.receipt(machine, {}, 'mallory.mcollective') }),
    /receipt of the enrolment was rejected: .*is revoked/,
  ),
  isRejected(
    'a caller of another CA issues a receipt',
    async (network, { machine }) => ({ receipt: await network.receipt(machine, {}, 'evil alice') }),
    /receipt of the enrolment was rejected: .*is not signed by a trusted CA/,
  ),
  isRejected(
    'a caller issues a receipt in the name of another caller',
    async (network, { machine }) => ({
      receipt: await network.receipt(machine, { iss: 'alice.mcollective' }, 'eve.mcollective'),
    }),
    /is signed by "eve\.mcollective", which is not allowed to issue receipts/,
  ),
  isRejected(
    'a machine changes the name in its receipt',
    async (network, { machine }) => {
      const [head, claims = '', signature] = (await network.receipt(machine, { name: 'web2.lab' })).split(
        '.',
      );
      const text = Buffer.from(claims, 'base64url').toString().replace('web2.lab', name);
      return { receipt: [head, encode(text), signature].join('.') };
    },
    /receipt of the enrolment was rejected: the signature is not valid/,
  ),
  isRejected(
    'a receipt with a limit that this version does not know',
    async (network, { machine }) => ({
      receipt: withClaim(network, await network.receipt(machine), 'troupe-receipt+jws'),
    }),
    /it has an unknown claim "only"/,
  ),
  isRejected(
    'a token with a limit that this version does not know',
    (network, { token }) => ({ token: withClaim(network, token, 'troupe-enrolment+jws') }),
    /it has an unknown claim "only"/,
  ),
  isRejected(
    'a receipt and a token in one header',
    async (network, { machine, token }) => ({ token, receipt: await network.receipt(machine) }),
    /receipt is not a string, or a token is present/,
  ),
  isRejected(
    'a token is shown as a receipt',
    (_, { token }) => ({ receipt: token }),
    /receipt of the enrolment was rejected: the header's typ is not/,
  ),
  isRejected(
    'a receipt is shown as a token',
    async (network, { machine }) => ({ token: await network.receipt(machine) }),
    /the enrolment token was rejected: the header's typ is not/,
  ),
  isRejected(
    'a machine shows a receipt for the main collective',
    async (network, { machine }) => ({
      receipt: await network.receipt(machine, { collective: 'mcollective' }),
    }),
    /"new1\.lab" is only allowed in the collective "mcollective"/,
  ),
  isRejected(
    'a machine shows a token that was revoked',
    async (network) => {
      const token = await network.token();
      network.revoke(readToken(token).jti);
      return { token };
    },
    /it is revoked/,
  ),
];

/** A machine agrees on a key with a client, and seals with it after what vouched for it has ended. */
function endsWith(
  title: string,
  claims: Record<string, unknown>,
  end: (network: AttackNetwork, token: string) => Promise<unknown>,
  refused: RegExp,
): Attack {
  return {
    name: title,
    run: async (network) => {
      const good = await network.token();
      const machine = newMachine();
      const token = await network.token(claims);
      const account = await network.connect(network.enrolling(name, good));
      let keys: ReturnType<typeof agreed> | undefined;
      await playNode(
        network,
        name,
        ({ header, payload }) => {
          const truth = {
            ...replyTo(payload, name),
            ddl: { version: '1.0.0', hash: counterHash },
            data: { count: 7 },
          };
          if (keys)
            return [
              sealed(keys.kid, { ...truth, data: { count: 666 } }, keys.ofNode),
              machine.sign(truth, { token: good }),
            ];
          const { epk, x5c } = header as { epk: { x: string }; x5c: string[] };
          const own = newOffer();
          const caller = { fingerprint: fingerprintOf({ x5c }), x: epk.x };
          const context = contextOf(caller, { fingerprint: machine.fingerprint, x: own.x });
          keys = agreed(context, own.privateKey, epk.x);
          return machine.sign(truth, { token, epk: own.epk });
        },
        { collective, account },
      );
      const client = await network.newClient();
      const call = () =>
        called(client.call(ddl, 'read', {}, { targets: [name], collective, answerWithin: 2 }));
      const before = await call();
      await end(network, token);
      return `${before} | ${await call()}`;
    },
    refused: [/new1\.lab ok OK \{"count":7\} \| new1\.lab ok OK \{"count":7\}/, refused],
  };
}

const sealAttacks: readonly Attack[] = [
  endsWith(
    'a machine seals with a key that was agreed under a token that is revoked by now',
    {},
    async (network, token) => network.revoke(readToken(token).jti),
    /it is revoked/,
  ),
  endsWith(
    'a machine seals with a key that was agreed under a token that expired since',
    { ttlSeconds: 2 },
    (_, token) =>
      waitFor('the token to expire', () => Date.now() / 1000 > readToken(token).exp, { timeoutSeconds: 5 }),
    /the enrolment token expired at/,
  ),
  {
    name: "a machine copies the key offer of another machine, and seals in that machine's name",
    run: async (network) => {
      const thief = newMachine();
      const token = await network.token();
      const stolen = newOffer();
      return callMachine(network, ({ machine, truth }, { header }) => {
        const { epk, x5c } = header as { epk: { x: string }; x5c: string[] };
        const caller = { fingerprint: fingerprintOf({ x5c }), x: epk.x };
        const context = contextOf(caller, { fingerprint: thief.fingerprint, x: stolen.x });
        const kid = createHash('sha256').update(context).digest().subarray(0, 16).toString('base64url');
        return [
          thief.sign({ ...truth, id: 'e'.repeat(32) }, { token, epk: stolen.epk }),
          sealed(kid, truth, Buffer.from(stolen.x, 'base64url')),
          machine.sign({ ...truth, data: { count: 7 } }, { token }),
        ];
      });
    },
    refused: [/new1\.lab ok OK \{"count":7\}/, /the seal is not valid/],
  },
];

function isTurnedAway(
  title: string,
  options: (network: AttackNetwork) => Promise<object>,
  why: RegExp,
): Attack {
  return {
    name: title,
    run: async (network) => network.refusal(await options(network)),
    refused: [/connection refused/, why],
  };
}

const atTheBroker: readonly Attack[] = [
  isTurnedAway(
    'a token is used under a name that it does not allow',
    async (network) => network.enrolling('web2.lab', await network.token({ names: '/^new\\d+\\.lab$/' })),
    /the enrolment token is only for names that match/,
  ),
  isTurnedAway(
    'a token with an unknown limit is used at the broker',
    async (network) =>
      network.enrolling(name, withClaim(network, await network.token(), 'troupe-enrolment+jws')),
    /it has an unknown claim "only"/,
  ),
  isTurnedAway(
    'a receipt is used under another name at the broker',
    async (network) => network.enrolling('web2.lab', await network.receipt(newMachine())),
    /it is for the name new1\.lab/,
  ),
  isTurnedAway(
    'an expired receipt is used at the broker',
    async (network) => network.enrolling(name, await network.receipt(newMachine(), { ttlSeconds: -60 })),
    /receipt of the enrolment was rejected: it expired at/,
  ),
  isTurnedAway(
    'a revoked receipt is used at the broker',
    async (network) => {
      const receipt = await network.receipt(newMachine());
      network.revoke(readReceipt(receipt).serial);
      return network.enrolling(name, receipt);
    },
    /it is revoked/,
  ),
  isTurnedAway(
    'a receipt for a revoked token is used at the broker',
    async (network) => {
      network.revoke('lost-token-2');
      return network.enrolling(name, await network.receipt(newMachine(), { token: 'lost-token-2' }));
    },
    /lost-token-2 was rejected: it is revoked/,
  ),
  isTurnedAway(
    'a receipt of a node is used at the broker',
    async (network) => network.enrolling(name, await network.receipt(newMachine(), {}, 'web2.lab')),
    /not allowed to issue receipts/,
  ),
  isTurnedAway(
    'a receipt for the main collective is used at the broker',
    async (network) =>
      network.enrolling(name, await network.receipt(newMachine(), { collective: 'mcollective' })),
    /machines enrol in "provisioning"/,
  ),
  isTurnedAway(
    'a machine takes the name of another machine that is enrolling',
    async (network) => {
      const token = await network.token();
      await network.connect(network.enrolling(name, token));
      return { ...network.enrolling(name, token), localAddress: '127.0.0.2' };
    },
    /the name "new1\.lab" is in use by an enrolling machine at another address/,
  ),
  isTurnedAway(
    'a machine uses the client id of a node',
    async (network) => ({ ...network.enrolling(name, await network.token()), clientId: 'web1.lab' }),
    /client id .* not permitted/,
  ),
  isTurnedAway(
    'a machine uses a user name that is a topic',
    async (network) => network.enrolling('+/#', await network.token()),
    /the user name is not a valid identity/,
  ),
];

/** Attacks with tokens and receipts, on a client and at the broker. */
export const enrolmentAttacks: readonly Attack[] = [...receiptAttacks, ...sealAttacks, ...atTheBroker];
