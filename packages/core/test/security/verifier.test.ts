import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { open, seal } from '../../src/message/envelope.js';
import { envelopeType, signJws } from '../../src/security/jws.js';
import type { Own } from '../../src/security/modes.js';
import type { Signer } from '../../src/security/security.js';
import { type Role, SessionKeys } from '../../src/security/session-keys.js';
import { issueToken, readToken, verifyToken } from '../../src/security/token.js';
import type { TokenLedger } from '../../src/security/token-ledger.js';
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

  it('rejects requests with the certificate of a node', async () => {
    expect(await refusal(seal({}, signer(node)).then((bytes) => open(bytes, callers)))).to.equal(
      'the certificate name "web1.lab" does not match the callers pattern',
    );
  });

  it('refuses a payload that was altered', async () => {
    const [header, , signature] = Buffer.from(await seal({ a: 1 }, signer(caller)))
      .toString()
      .split('.');
    const forged = Buffer.from(`${header}.${encode({ a: 2 })}.${signature}`);
    expect(await refusal(open(forged, callers))).to.equal('the signature is not valid');
  });

  it('refuses algorithm "none" and a signature made with the public key as a shared secret', async () => {
    const none = `${encode({ alg: 'none', typ: envelopeType, x5c: caller.chain })}.${encode({})}.`;
    expect(await refusal(open(Buffer.from(none), callers))).to.equal('the signature is not valid');
    const head = `${encode({ alg: 'HS256', typ: envelopeType, x5c: caller.chain })}.${encode({})}`;
    const mac = createHmac('sha256', caller.certificatePem).update(head).digest('base64url');
    expect(await refusal(open(Buffer.from(`${head}.${mac}`), callers))).to.equal(
      'the signature is not valid',
    );
  });

  it('keeps a chain only after its owner has signed something, not when anybody shows it', async () => {
    const store = new TrustStore({ ca: pki.ca.certificatePem });
    const verifier = createVerifier({ certificates: { trust: store } });
    const isKept = () => {
      const first = store.check(caller.chain);
      return store.check(caller.chain) === first;
    };
    const good = Buffer.from(await seal({ a: 1 }, signer(caller))).toString();
    const junk = `${good.slice(0, good.lastIndexOf('.'))}.${'A'.repeat(342)}`;
    expect(await refusal(open(Buffer.from(junk), verifier))).to.equal('the signature is not valid');
    expect(isKept()).to.equal(false);
    await open(Buffer.from(good), verifier);
    expect(isKept()).to.equal(true);
  });

  it('refuses header keys that it does not know, such as crit', async () => {
    const jws = `${encode({ alg: 'RS256', typ: envelopeType, x5c: caller.chain, crit: ['x'] })}.${encode({})}.AA`;
    expect(await refusal(open(Buffer.from(jws), callers))).to.include('unknown key "crit"');
  });

  it('rejects a token instead of an envelope', async () => {
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

  it('rejects a key without a certificate or token', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
    const jws = await signJws(Buffer.from('{}'), privateKey, { typ: envelopeType, jwk });
    expect(await refusal(open(Buffer.from(jws), callers))).to.include(
      'a key without a certificate or enrolment token',
    );
  });

  it('refuses what is too large or too deep before it reads it', async () => {
    expect(await refusal(open(Buffer.alloc(1024 * 1024 + 1), callers))).to.include('1048577 bytes');
    const deep = await signJws(Buffer.from('['.repeat(100) + ']'.repeat(100)), caller.key, {
      typ: envelopeType,
      x5c: caller.chain,
    });
    expect(await refusal(open(Buffer.from(deep), callers))).to.include('more than 40 levels deep');
  });

  const pair = generateKeyPairSync('ed25519');
  const jwk = pair.publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
  const bare = (header: object = { jwk }) =>
    signJws(Buffer.from('{}'), pair.privateKey, { typ: envelopeType, ...header });

  it('accepts any author if configured to, by the fingerprint of the key and without a name', async () => {
    const verifier = createVerifier({ anybody: true });
    const { proof } = await verifier.verify(await bare());
    const der = pair.publicKey.export({ type: 'spki', format: 'der' });
    expect(proof).to.deep.equal({
      vouchedBy: 'nobody',
      key: createHash('sha256').update(der).digest('hex'),
    });
    // A token proves nothing where nobody checks it.
    expect((await verifier.verify(await bare({ jwk, token: 'x' }))).proof.vouchedBy).to.equal('nobody');
  });

  for (const [what, make, reason] of [
    ['no key', () => bare({}), 'the header contains no key'],
    [
      'a certificate where certificates are not accepted',
      () => bare({ x5c: caller.chain }),
      'certificates are not accepted here',
    ],
    [
      'a key that signed something else',
      () => bare({ jwk: generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) }),
      'the signature is not valid',
    ],
  ] as const) {
    it(`refuses a header with ${what}`, async () => {
      const refused: unknown = await createVerifier({ anybody: true })
        .verify(await make())
        .catch((error: unknown) => error);
      expect(refused).to.include({ code: 'SIGNATURE_INVALID', message: reason });
    });
  }

  it('says with which code it refuses the name of a node', async () => {
    const refused: unknown = await open(await seal({}, signer(node)), callers).catch(
      (error: unknown) => error,
    );
    expect(refused).to.have.property('code', 'CALLER_DENIED');
  });

  describe('with session keys', () => {
    const fingerprint = (own: Own) =>
      createHash('sha256')
        .update(Buffer.from(own.chain[0] ?? '', 'base64'))
        .digest('hex');
    const keysOf = (role: Role, own: Own) =>
      new SessionKeys({ role, own: () => fingerprint(own), most: 10, lifetime: 60 });
    const offer = (own: Own, keys: SessionKeys, met?: boolean) =>
      signJws(Buffer.from('{}'), own.key, {
        typ: envelopeType,
        x5c: own.chain,
        epk: keys.offer,
        ...(met === undefined ? {} : { met }),
      });

    it('answers an offer, and attributes sealed messages to the same author', async () => {
      const [ours, theirs] = [keysOf('node', node), keysOf('caller', caller)];
      const verifier = createVerifier({
        certificates: { trust, names: /\.mcollective$/ },
        sessionKeys: ours,
      });
      const { proof } = await verifier.verify(await offer(caller, theirs));
      expect(proof.answer).to.include({ as: 'offering' });
      const answerer = createVerifier({ certificates: { trust }, sessionKeys: theirs });
      const answer = (await answerer.verify(await offer(node, ours))).proof.answer;
      if (!answer?.peer) throw new Error('no peer');
      const sealed = theirs.seal(Buffer.from('{"a":1}'), answer.peer);
      const opened = await verifier.verify(sealed);
      expect(Buffer.from(opened.payload).toString()).to.equal('{"a":1}');
      const { answer: next, ...author } = opened.proof;
      expect(author).to.deep.equal({ name: caller.name, vouchedBy: 'ca', key: fingerprint(caller) });
      expect(next).to.include({ as: 'sealed' });
      // One that says it has met is answered sealed from now on.
      expect((await verifier.verify(await offer(caller, theirs, true))).proof.answer?.as).to.equal('sealed');
      // What ends a certificate ends the key that was agreed under it.
      const revoking = createVerifier({
        certificates: {
          trust: {
            check: () => {
              throw new Error('it is revoked');
            },
          },
        },
        sessionKeys: ours,
      });
      expect(await refusal(revoking.verify(sealed))).to.equal('it is revoked');
      expect(await refusal(callers.verify(sealed))).to.equal('sealed messages are not accepted here');
    });

    it('ignores an offer without session keys, and offers nothing to an author without them', async () => {
      const { proof } = await callers.verify(await offer(caller, keysOf('caller', caller)));
      expect(proof).to.not.have.property('answer');
      const verifier = createVerifier({ certificates: { trust }, sessionKeys: keysOf('node', node) });
      const bareProof = (await open(await seal({}, signer(caller)), verifier)).proof;
      expect(bareProof).to.not.have.property('answer');
    });

    it('makes no handshake if the signature is not valid', async () => {
      const keys = keysOf('node', node);
      const verifier = createVerifier({ certificates: { trust }, sessionKeys: keys });
      const jws = await offer(caller, keysOf('caller', caller));
      expect(await refusal(verifier.verify(`${jws.slice(0, -8)}AAAAAAAA`))).to.equal(
        'the signature is not valid',
      );
      expect(keys.sealing(caller.name)).to.equal(undefined);
    });
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

    it('accepts a machine that holds one, only in its collective', async () => {
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
      const { jti } = readToken(token);
      const everything = { token: jti, replace: false, callers: claims().callers };
      expect(proof.enrolment).to.deep.equal(everything);
      const limits = { names: '/^web/', replace: true } as const;
      const limited = await issueToken({ ...claims(), ...limits }, caller);
      const allowed = await verifier.verify(
        await signJws(Buffer.from('{}'), privateKey, { typ: envelopeType, jwk, token: limited }),
      );
      expect(allowed.proof.enrolment).to.deep.equal({
        ...everything,
        ...limits,
        token: readToken(limited).jti,
      });
      const without = await signJws(Buffer.from('{}'), privateKey, { typ: envelopeType, jwk });
      expect(await refusal(verifier.verify(without))).to.include(
        'a key without a certificate or enrolment token',
      );
    });

    it('counts as user of a token only who holds the key', async () => {
      const token = await issueToken({ ...claims(), uses: 1 }, caller);
      const admitted: string[] = [];
      const ledger = { admit: (_: unknown, holder: string) => void admitted.push(holder) };
      const verifier = createVerifier({
        tokens: { trust, issuers: '/\\.mcollective$/', ledger: ledger as unknown as TokenLedger },
      });
      const jws = await bare({ jwk, token });
      expect(await refusal(verifier.verify(`${jws.slice(0, -8)}AAAAAAAA`))).to.equal(
        'the signature is not valid',
      );
      expect(admitted).to.deep.equal([]);
      const { proof } = await verifier.verify(jws);
      expect(admitted).to.deep.equal([proof.key]);
    });

    it('refuses one that expired, one that a node signed, one that was altered', async () => {
      const options = { trust, issuers: '/\\.mcollective$/' };
      const token = await issueToken(claims(), caller);
      expect(await refusal(verifyToken(token, options, Date.now() + 120_000))).to.include('expired at');
      expect(
        await refusal(issueToken({ ...claims(), iss: node.name }, node).then((t) => verifyToken(t, options))),
      ).to.include('is not allowed to issue tokens');
      const [header, , signature] = token.split('.');
      const altered = `${header}.${encode({ ...claims(), v: 1, jti: 'x', iat: 1, exp: 9e9, collective: 'mcollective' })}.${signature}`;
      expect(await refusal(verifyToken(altered, options))).to.include('the signature is not valid');
    });
  });
});
