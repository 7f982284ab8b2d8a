import {
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { waitFor } from '@troupe/testkit';
import { headerOf, jws, newId, payloadOf } from '../jws.js';
import type { World } from '../world.js';
import type { Attack } from './attack.js';

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

/** Sends a message of eve's and returns the victim's answer as it came. */
async function ask(world: World, id: unknown, bytes: Buffer): Promise<Uint8Array> {
  await world.eve.subscribe('mco/mcollective/reply/eve.mcollective/s1/#');
  const { length } = world.eve.heard;
  await world.deliver(bytes);
  const isAnswer = (payload: Uint8Array) => {
    const { id: of, kind } = payloadOf(payload);
    return of === id && kind === 'result';
  };
  const answer = await waitFor('an answer of the victim', () =>
    world.eve.heard.slice(length).find(({ payload }) => isAnswer(payload)),
  );
  return answer.payload;
}

/** Eve, who may call, agrees on a key with the victim. The request is one that it refuses, so that nothing runs. */
async function agree(world: World): Promise<Agreed> {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const { x: own = '' } = publicKey.export({ format: 'jwk' });
  const epk = { kty: 'OKP', crv: 'X25519', x: own };
  const request = world.request({ action: 'no-such' });
  const answer = await ask(world, request.id, world.sign('eve.mcollective', request, { epk }));
  const { epk: offered, x5c } = headerOf(answer) as { epk: { x: string }; x5c: string[] };
  const context = contextOf(world, own, [fingerprint(x5c[0]), offered.x]);
  const theirs = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: offered.x }, format: 'jwk' });
  const secret = diffieHellman({ privateKey, publicKey: theirs });
  const keys = Buffer.from(hkdfSync('sha256', secret, '', context, 64));
  return { kid: kidOf(context), ofCaller: keys.subarray(0, 32), ofNode: keys.subarray(32) };
}

function contextOf(world: World, own: string, node: readonly string[], who = 'eve.mcollective'): string {
  return ['troupe session key 1', fingerprint(world.person(who).x5c[0]), own, ...node].join('\n');
}

function isNotBelieved(name: string, bytes: (world: World) => Promise<Buffer> | Buffer, why: RegExp): Attack {
  return {
    name,
    run: async (world) => {
      await world.deliver(await bytes(world));
      return undefined;
    },
    refused: [/a message was not believed/, why],
    audited: new RegExp(`"outcome":"invalid","reason":.*${why.source}`),
  };
}

/** What somebody tries with the keys that spare a caller and a node their signatures. */
export const sessionKeyAttacks: readonly Attack[] = [
  isNotBelieved(
    'a message sealed with a key that nobody agreed on',
    (world) => sealed(randomBytes(16).toString('base64url'), world.request(), randomBytes(32)),
    /a session key that is not known here/,
  ),
  isNotBelieved(
    "the id of a key beside a certificate, to pass one's word for the other's",
    (world) => world.sign('eve.mcollective', world.request(), { kid: 'AAAAAAAAAAAAAAAAAAAAAA' }),
    /something stands beside it/,
  ),
  isNotBelieved(
    'an offer that is no key',
    (world) => world.sign('eve.mcollective', world.request(), { epk: { kty: 'oct', k: 'c2VjcmV0' } }),
    /epk is no public key/,
  ),
  isNotBelieved(
    'the right id of a key, and a seal made with a guess',
    async (world) => sealed((await agree(world)).kid, world.request(), randomBytes(32)),
    /the seal does not fit/,
  ),
  isNotBelieved(
    "somebody else's name under one's own seal",
    async (world) => {
      const { kid, ofCaller } = await agree(world);
      return sealed(kid, world.request({ caller: 'alice.mcollective' }), ofCaller);
    },
    /"eve.mcollective" signed a message that says it is from "alice.mcollective"/,
  ),
  isNotBelieved(
    "the victim's own sealed answer, sent back to it",
    async (world) => {
      const { kid, ofCaller } = await agree(world);
      const request = world.request({ action: 'no-such' });
      return Buffer.from(await ask(world, request.id, sealed(kid, request, ofCaller)));
    },
    /the seal does not fit/,
  ),
  isNotBelieved(
    'a request sealed with the key of the other direction',
    async (world) => {
      const { kid, ofNode } = await agree(world);
      return sealed(kid, world.request(), ofNode);
    },
    /the seal does not fit/,
  ),
  isNotBelieved(
    "a caller's offer, copied under another certificate, and sealed without its private key",
    async (world) => {
      const { x: copied = '' } = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
      const epk = { kty: 'OKP', crv: 'X25519', x: copied };
      const request = world.request({ action: 'no-such' });
      const answer = await ask(world, request.id, world.sign('eve.mcollective', request, { epk }));
      const { epk: offered, x5c } = headerOf(answer) as { epk: { x: string }; x5c: string[] };
      const kid = kidOf(contextOf(world, copied, [fingerprint(x5c[0]), offered.x]));
      return sealed(kid, world.request(), Buffer.from(copied, 'base64url'));
    },
    /the seal does not fit/,
  ),
  {
    name: 'a sealed request that is played again',
    run: async (world) => {
      const { kid, ofCaller } = await agree(world);
      const request = world.request({ id: newId() });
      const bytes = sealed(kid, request, ofCaller);
      await ask(world, request.id, bytes);
      return Buffer.from(await ask(world, request.id, bytes)).length > 0 ? 'the same answer again' : '';
    },
    refused: [/the same answer again/],
    audited: /"action":"count".*"outcome":"ok"/,
    runs: 1,
  },
];
