import {
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import type { AttackNetwork } from '../attack-network.js';
import { headerOf, jws, newId } from '../jws.js';
import type { Attack } from './attack.js';
import { answerTo, isRejected } from './victim.js';

const typ = 'troupe+jws';

/** What eve has agreed with the victim, by the words of docs/protocol.md alone. */
interface Agreed {
  readonly kid: string;
  readonly ofCaller: Buffer;
  readonly ofNode: Buffer;
}

function fingerprint(der = ''): string {
  return createHash('sha256').update(Buffer.from(der, 'base64')).digest('hex');
}

function kidOf(context: string): string {
  return createHash('sha256').update(context).digest().subarray(0, 16).toString('base64url');
}

function sealed(kid: string, payload: object, secret: Buffer): Buffer {
  return jws({ alg: 'HS256', typ, kid }, payload, (input) =>
    createHmac('sha256', secret).update(input).digest(),
  );
}

/** Eve offers a key and is offered one: what both ends know then. The request is one that the victim refuses, so that nothing runs. */
async function handshake(network: AttackNetwork, own: string): Promise<{ context: string; offered: string }> {
  const epk = { kty: 'OKP', crv: 'X25519', x: own };
  const request = network.request({ action: 'no-such' });
  const answer = await answerTo(network, request.id, network.sign('eve.mcollective', request, { epk }));
  const { epk: offer, x5c } = headerOf(answer) as { epk: { x: string }; x5c: string[] };
  const eve = fingerprint(network.person('eve.mcollective').x5c[0]);
  const context = ['troupe session key 1', eve, own, fingerprint(x5c[0]), offer.x].join('\n');
  return { context, offered: offer.x };
}

/** Eve, who may call, agrees on a key with the victim. */
async function agree(network: AttackNetwork): Promise<Agreed> {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const { x: own = '' } = publicKey.export({ format: 'jwk' });
  const { context, offered } = await handshake(network, own);
  const theirs = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: offered }, format: 'jwk' });
  const secret = diffieHellman({ privateKey, publicKey: theirs });
  const keys = Buffer.from(hkdfSync('sha256', secret, '', context, 64));
  return { kid: kidOf(context), ofCaller: keys.subarray(0, 32), ofNode: keys.subarray(32) };
}

/** Attacks on the keys that a caller and a node use instead of signatures. */
export const sessionKeyAttacks: readonly Attack[] = [
  isRejected(
    'a message sealed with a key that was not agreed on',
    (network) => sealed(randomBytes(16).toString('base64url'), network.request(), randomBytes(32)),
    /an unknown session key/,
  ),
  isRejected(
    'a key id and a certificate in the same header',
    (network) => network.sign('eve.mcollective', network.request(), { kid: 'AAAAAAAAAAAAAAAAAAAAAA' }),
    /other keys are present/,
  ),
  isRejected(
    'a key offer that is not a key',
    (network) => network.sign('eve.mcollective', network.request(), { epk: { kty: 'oct', k: 'c2VjcmV0' } }),
    /epk is not an X25519 public key/,
  ),
  isRejected(
    'the right key id and a seal made with a guessed key',
    async (network) => sealed((await agree(network)).kid, network.request(), randomBytes(32)),
    /the seal is not valid/,
  ),
  isRejected(
    "another caller's name in a message that eve sealed",
    async (network) => {
      const { kid, ofCaller } = await agree(network);
      return sealed(kid, network.request({ caller: 'alice.mcollective' }), ofCaller);
    },
    /"eve.mcollective" signed a message in the name of "alice.mcollective"/,
  ),
  isRejected(
    "the victim's own sealed reply, sent back to it",
    async (network) => {
      const { kid, ofCaller } = await agree(network);
      const request = network.request({ action: 'no-such' });
      return Buffer.from(await answerTo(network, request.id, sealed(kid, request, ofCaller)));
    },
    /the seal is not valid/,
  ),
  isRejected(
    'a request sealed with the key of the other direction',
    async (network) => {
      const { kid, ofNode } = await agree(network);
      return sealed(kid, network.request(), ofNode);
    },
    /the seal is not valid/,
  ),
  isRejected(
    'a key offer copied from a caller, without its private key',
    async (network) => {
      const { x: copied = '' } = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
      const kid = kidOf((await handshake(network, copied)).context);
      return sealed(kid, network.request(), Buffer.from(copied, 'base64url'));
    },
    /the seal is not valid/,
  ),
  {
    name: 'a sealed request that is sent again',
    run: async (network) => {
      const { kid, ofCaller } = await agree(network);
      const request = network.request({ id: newId() });
      const bytes = sealed(kid, request, ofCaller);
      await answerTo(network, request.id, bytes);
      return Buffer.from(await answerTo(network, request.id, bytes)).length > 0 ? 'the same reply again' : '';
    },
    refused: [/the same reply again/],
    audited: /"action":"count".*"outcome":"ok"/,
    runs: 1,
  },
];
