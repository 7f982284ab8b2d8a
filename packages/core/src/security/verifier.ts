import type { KeyObject } from 'node:crypto';
import { TroupeError } from '../errors.js';
import { fingerprintOf } from './enrolment.js';
import { envelopeType, headerOf, type JwsHeader, keyOfJwk, verifyJws } from './jws.js';
import { type ReceiptClaims, verifyReceipt } from './receipt.js';
import type { Proof, Verifier } from './security.js';
import type { Credential, SessionKeys } from './session-keys.js';
import { verifyToken } from './token.js';
import type { TokenClaims } from './token-claims.js';
import type { TokenLedger } from './token-ledger.js';
import type { Trust, Trusted } from './trust.js';

/** Which authors are accepted. Whatever is absent is rejected. */
export interface AcceptedAuthors {
  /** Authors with a certificate of these CAs … */
  readonly certificates?: { readonly trust: Trust /** … and such a name. */; readonly names?: RegExp };
  /** Authors with an enrolment token from such an issuer. */
  readonly tokens?: { readonly trust: Trust; readonly issuers: string; readonly ledger?: TokenLedger };
  /** Authors may agree on keys, and seal with them. */
  readonly sessionKeys?: SessionKeys;
  /** Anybody: `none` mode. */
  readonly anybody?: boolean;
}

/** Makes the only verifier of authors: every message is authenticated here. */
export function createVerifier(accepted: AcceptedAuthors): Verifier {
  const { sessionKeys } = accepted;
  return {
    verify: async (jws) => {
      const header = headerOf(jws, envelopeType);
      if (header.kid !== undefined) {
        if (!sessionKeys) throw new TroupeError('SIGNATURE_INVALID', 'sealed messages are not accepted here');
        const { payload, peer } = sessionKeys.open(jws, header.kid);
        // What ends a certificate or a token ends the keys that were agreed under it.
        const { proof } = await claimed(peer.credential, accepted);
        return { payload, proof: { ...(await proof()), answer: { as: 'sealed', peer } } };
      }
      const { key, proof: proved } = await claimed(header, accepted);
      const payload = await verifyJws(jws, key);
      const proof = await proved();
      return { payload, proof: { ...proof, ...answerTo(header, proof, sessionKeys) } };
    },
  };
}

/** The key that an author must have signed with, and what is proved of it if it has. */
async function claimed(
  { x5c, jwk, token, receipt }: Credential,
  accepted: AcceptedAuthors,
): Promise<{ readonly key: KeyObject; readonly proof: () => Promise<Proof> }> {
  if (x5c) {
    const trusted = checkCertificate(x5c, accepted);
    const proof = async () => {
      trusted.confirm();
      return proofOf(trusted);
    };
    return { key: trusted.publicKey, proof };
  }
  if (!jwk) throw new TroupeError('SIGNATURE_INVALID', 'the header contains no key');
  const key = keyOfJwk(jwk);
  // Only who holds the key counts as a user of the token.
  return { key, proof: () => proofOfKey({ token, receipt }, key, accepted) };
}

function answerTo(
  { x5c, jwk, token, receipt, epk, met }: JwsHeader,
  { name, key }: Proof,
  sessionKeys: SessionKeys | undefined,
): Pick<Proof, 'answer'> {
  if (!epk || !sessionKeys) return {};
  const author = { fingerprint: key, ...(name !== undefined && { name }) };
  const vouching = { ...(token !== undefined && { token }), ...(receipt !== undefined && { receipt }) };
  const credential = x5c ? { x5c } : { ...(jwk && { jwk }), ...vouching };
  return { answer: sessionKeys.handshake(author, credential, epk, met) };
}

function checkCertificate(chain: readonly string[], { certificates }: AcceptedAuthors): Trusted {
  if (!certificates) throw new TroupeError('SIGNATURE_INVALID', 'certificates are not accepted here');
  const trusted = certificates.trust.check(chain);
  if (certificates.names && !certificates.names.test(trusted.name))
    throw new TroupeError(
      'CALLER_DENIED',
      `the certificate name "${trusted.name}" does not match the callers pattern`,
    );
  return trusted;
}

function proofOf({ name, fingerprint }: Trusted): Proof {
  return { name, vouchedBy: 'ca', key: fingerprint };
}

async function proofOfKey(
  { token, receipt }: { readonly token: string | undefined; readonly receipt: string | undefined },
  key: KeyObject,
  accepted: AcceptedAuthors,
): Promise<Proof> {
  const fingerprint = fingerprintOf(key);
  if (receipt !== undefined && accepted.tokens) {
    const claims = await verifyReceipt(receipt, { ...accepted.tokens, key: fingerprint });
    const { name, collective, serial, exp } = claims;
    const enrolment = { ...limitsOf(claims), token: claims.token, receipt: { serial, ends: exp * 1000 } };
    return { name, vouchedBy: 'token', key: fingerprint, collective, enrolment };
  }
  if (token !== undefined && accepted.tokens) {
    const claims = await verifyToken(token, { ...accepted.tokens, holder: fingerprint });
    const { collective } = claims;
    const enrolment = { ...limitsOf(claims), token: claims.jti };
    return { vouchedBy: 'token', key: fingerprint, collective, enrolment };
  }
  if (accepted.anybody) return { vouchedBy: 'nobody', key: fingerprint };
  throw new TroupeError(
    'SIGNATURE_INVALID',
    'a key without a certificate or enrolment token is not accepted here',
  );
}

function limitsOf({ names, replace, callers }: TokenClaims | ReceiptClaims) {
  return { ...(names === undefined ? {} : { names }), replace: replace === true, callers };
}
