import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { fingerprintOf } from './agreement.js';
import { jws } from './jws.js';

/** A machine without a certificate: a key of its own making. */
export interface Machine {
  readonly jwk: JsonWebKey;
  /** SHA-256 of the public key. */
  readonly fingerprint: string;
  /** Signs a message; `header` has what vouches for the key. */
  sign(payload: object, header?: object): Buffer;
}

export function newMachine(): Machine {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' });
  return {
    jwk,
    fingerprint: fingerprintOf({ jwk }),
    sign: (payload, header = {}) =>
      jws({ alg: 'EdDSA', typ: 'troupe+jws', jwk, ...header }, payload, privateKey),
  };
}
