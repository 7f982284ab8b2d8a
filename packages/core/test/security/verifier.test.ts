import { createHmac, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { open, seal } from '../../src/message/envelope.js';
import { envelopeType, signJws } from '../../src/security/jws.js';
import type { Own } from '../../src/security/modes.js';
import type { Signer } from '../../src/security/security.js';
import { issueToken, verifyToken } from '../../src/security/token.js';
import { TrustStore } from '../../src/security/trust.js';
import { createVerifier } from '../../src/security/verifier.js';
import { fixture } from './pki-fixture.js';

const signer = (own: Own): Signer => ({
  name: own.name,
  sign: (payload) => signJws(payload, own.key, { typ: envelopeType, x5c: own.chain }),
});

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('createVerifier', () => {
  let pki: Awaited<ReturnType<typeof fixture>>;
  let trust: TrustStore;
  let caller: Own;
  let node: Own;
  let callers: ReturnType<typeof createVerifier>;

  before(async () => {
    pki = await fixture();
    trust = new TrustStore({ ca: pki.ca.certificatePem });
    caller = await pki.issue('rip.mcollective');
    node = await pki.issue('web1.lab');
    callers = createVerifier({ certificates: { trust, names: /\.mcollective$/ } });
  });

  it('opens what a caller sealed', async () => {
    const { payload, proof } = await open(await seal({ hello: 1 }, signer(caller)), callers);
    expect(payload).to.deep.equal({ hello: 1 });
    expect(proof).to.include({ name: 'rip.mcollective', vouchedBy: 'ca' });
  });

  it("does not take orders from a node's certificate", async () => {
    expect(await refusal(seal({}, signer(node)).then((bytes) => open(bytes, callers)))).to.equal(
      '"web1.lab" is not the name of a caller',
    );
  });

  it('refuses a payload that was altered', async () => {
    const [header, , signature] = Buffer.from(await seal({ a: 1 }, signer(caller)))
      .toString()
      .split('.');
    const forged = Buffer.from(`${header}.${encode({ a: 2 })}.${signature}`);
    expect(await refusal(open(forged, callers))).to.equal('the signature does not fit');
  });

  it('refuses algorithm "none" and a signature made with the public key as a shared secret', async () => {
    const none = `${encode({ alg: 'none', typ: envelopeType, x5c: caller.chain })}.${encode({})}.`;
    expect(await refusal(open(Buffer.from(none), callers))).to.equal('the signature does not fit');
    const head = `${encode({ alg: 'HS256', typ: envelopeType, x5c: caller.chain })}.${encode({})}`;
    const mac = createHmac('sha256', caller.certificatePem).update(head).digest('base64url');
    expect(await refusal(open(Buffer.from(`${head}.${mac}`), callers))).to.equal(
      'the signature does not fit',
    );
  });

  it('refuses header keys that it does not know, such as crit', async () => {
    const jws = `${encode({ alg: 'RS256', typ: envelopeType, x5c: caller.chain, crit: ['x'] })}.${encode({})}.AA`;
    expect(await refusal(open(Buffer.from(jws), callers))).to.include('unknown key "crit"');
  });

  it('refuses a token in the place of an envelope', async () => {
    const token = await issueToken(
      {
        iss: caller.name,
        collective: 'provisioning',
        brokers: ['mqtts://b'],
        ca: 'x',
        callers: 'y',
        ttlSeconds: 60,
      },
      caller,
    );
    expect(await refusal(open(Buffer.from(token), callers))).to.include('typ is not');
  });

  it('refuses a key that nobody vouches for', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
    const jws = await signJws(Buffer.from('{}'), privateKey, { typ: envelopeType, jwk });
    expect(await refusal(open(Buffer.from(jws), callers))).to.include('nobody vouches for');
  });

  it('refuses what is too large or too deep before it reads it', async () => {
    expect(await refusal(open(Buffer.alloc(1024 * 1024 + 1), callers))).to.include('1048577 bytes');
    const deep = await signJws(Buffer.from('['.repeat(100) + ']'.repeat(100)), caller.key, {
      typ: envelopeType,
      x5c: caller.chain,
    });
    expect(await refusal(open(Buffer.from(deep), callers))).to.include('deeper than 40 levels');
  });

  describe('with enrolment tokens', () => {
    const claims = () => ({
      iss: caller.name,
      collective: 'provisioning',
      brokers: ['mqtts://b'],
      ca: pki.ca.certificatePem,
      callers: '/x/',
      ttlSeconds: 60,
    });

    it('believes a machine that holds one, in its collective only', async () => {
      const token = await issueToken(claims(), caller);
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
      const verifier = createVerifier({
        certificates: { trust },
        tokens: { trust, issuers: '/\\.mcollective$/' },
      });
      const jws = await signJws(Buffer.from('{}'), privateKey, { typ: envelopeType, jwk, token });
      const { proof } = await open(Buffer.from(jws), verifier);
      expect(proof).to.include({ vouchedBy: 'token', collective: 'provisioning' });
      expect(proof.name).to.equal(undefined);
    });

    it('refuses one that expired, one that a node signed, one that was altered', async () => {
      const options = { trust, issuers: '/\\.mcollective$/' };
      const token = await issueToken(claims(), caller);
      expect(await refusal(verifyToken(token, options, Date.now() + 120_000))).to.include('expired at');
      expect(
        await refusal(issueToken({ ...claims(), iss: node.name }, node).then((t) => verifyToken(t, options))),
      ).to.include('may not issue tokens');
      const [header, , signature] = token.split('.');
      const altered = `${header}.${encode({ ...claims(), v: 1, jti: 'x', iat: 1, exp: 9e9, collective: 'mcollective' })}.${signature}`;
      expect(await refusal(verifyToken(altered, options))).to.include('the signature does not fit');
    });
  });
});
