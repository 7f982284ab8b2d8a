import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { kidOf, sealed } from '../agreement.js';
import { newId } from '../jws.js';
import type { Attack } from './attack.js';
import { agree, handshake } from './handshake.js';
import { answerTo, isRejected } from './victim.js';

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
