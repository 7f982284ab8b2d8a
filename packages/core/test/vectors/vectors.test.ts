import { createPrivateKey, createPublicKey, type JsonWebKey, X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { canonicalJson, ddlHash } from '../../src/ddl/hash.js';
import { compileDdl } from '../../src/ddl/index.js';
import { checkNodeMessage, checkReply } from '../../src/message/check.js';
import { open } from '../../src/message/envelope.js';
import { parsePresence } from '../../src/message/presence.js';
import { fingerprintOf } from '../../src/security/enrolment.js';
import { envelopeType, signJws } from '../../src/security/jws.js';
import { verifyReceipt } from '../../src/security/receipt.js';
import type { Verifier } from '../../src/security/security.js';
import { type Peer, type Role, SessionKeys } from '../../src/security/session-keys.js';
import { verifyToken } from '../../src/security/token.js';
import { TrustStore } from '../../src/security/trust.js';
import { createVerifier } from '../../src/security/verifier.js';
import { Topics } from '../../src/transport/topics.js';
import * as independent from './independent.js';
import { vectors } from './vectors.js';

const { ca, caller, node, machine, sessionKey, secrets, call } = vectors;
const { kid, keys } = sessionKey;
const trust = new TrustStore({ ca });
const issuers = '/\\.mcollective$/';

/** One end of the call, with its key of the vectors. */
function endOf(role: Role) {
  const own = role === 'caller' ? caller : node;
  const sessionKeys = new SessionKeys({
    role,
    own: () => own.fingerprint,
    most: 10,
    lifetime: 3600,
    newKey: () => createPrivateKey({ key: sessionKey[role], format: 'jwk' }),
  });
  const verifier = createVerifier({ certificates: { trust }, sessionKeys });
  return { sessionKeys, verifier };
}

const openText = (jws: string, verifier: Verifier) => open(Buffer.from(jws), verifier);

async function peerOf(jws: string, verifier: Verifier): Promise<Peer> {
  const { proof } = await openText(jws, verifier);
  if (!proof.answer?.peer) throw new Error('no session key was agreed on');
  return proof.answer.peer;
}

/** Both ends after their handshake, which is the first two messages of the call. */
async function agreed() {
  const ends = { caller: endOf('caller'), node: endOf('node') };
  return {
    ends,
    peers: {
      caller: await peerOf(call[0]?.jws ?? '', ends.node.verifier),
      node: await peerOf(call[1]?.jws ?? '', ends.caller.verifier),
    },
  };
}

const jwsOf = async (payload: string, header: object, key: string) =>
  signJws(Buffer.from(payload), createPrivateKey(key), { typ: envelopeType, ...header });
const x5cOf = ({ certificate }: typeof caller) => [new X509Certificate(certificate).raw.toString('base64')];
const epkOf = ({ kty, crv, x }: typeof sessionKey.caller) => ({ kty, crv, x });

describe('the test vectors of the protocol', () => {
  describe('canonical JSON', () => {
    for (const { json, canonical, sha256 } of [
      ...vectors.canonicalJson,
      {
        json: JSON.stringify(vectors.ddl.ddl),
        canonical: vectors.ddl.canonical,
        sha256: vectors.ddl.hash,
      },
    ]) {
      it(`is made of ${json.slice(0, 40)}`, () => {
        expect(canonicalJson(JSON.parse(json))).to.equal(canonical);
        expect(independent.canonical(JSON.parse(json))).to.equal(canonical);
        expect(independent.sha256(canonical)).to.equal(sha256);
      });
    }

    it('gives a DDL its hash', () => {
      expect(ddlHash(vectors.ddl.ddl)).to.equal(vectors.ddl.hash);
      expect(compileDdl(vectors.ddl.ddl).action('unlock')?.secretInputs).to.deep.equal(['password']);
    });
  });

  it('contain the fingerprints of certificates and of a bare key', () => {
    for (const { certificate, fingerprint } of [caller, node]) {
      expect(trust.check([new X509Certificate(certificate).raw.toString('base64')]).fingerprint).to.equal(
        fingerprint,
      );
      expect(independent.fingerprintOfCertificate(certificate)).to.equal(fingerprint);
    }
    expect(fingerprintOf(createPublicKey({ key: machine.jwk, format: 'jwk' }))).to.equal(machine.fingerprint);
    expect(independent.fingerprintOfKey(machine.jwk)).to.equal(machine.fingerprint);
  });

  it('contain a session key, which both ends compute alike', async () => {
    const ends = [
      { fingerprint: caller.fingerprint, x: sessionKey.caller.x },
      { fingerprint: node.fingerprint, x: sessionKey.node.x },
    ] as const;
    const { secret, context } = sessionKey;
    const wanted = { secret, context, kid, keys };
    expect(independent.agree(sessionKey.caller, sessionKey.node.x, ...ends)).to.deep.equal(wanted);
    expect(independent.agree(sessionKey.node, sessionKey.caller.x, ...ends)).to.deep.equal(wanted);
    const { peers } = await agreed();
    expect([peers.caller.kid, peers.node.kid]).to.deep.equal([kid, kid]);
  });

  it('contain a call: handshake, sealed request and sealed reply', async () => {
    const { ends, peers } = await agreed();
    const [question, answer, request, reply] = call;
    if (!question || !answer || !request || !reply) throw new Error('the call has four messages');
    // Signed with deterministic algorithms, so the product makes the same text.
    const offer = (x5c: readonly string[], end: typeof sessionKey.caller) => ({ x5c, epk: epkOf(end) });
    expect(await jwsOf(question.payload, offer(x5cOf(caller), sessionKey.caller), caller.key)).to.equal(
      question.jws,
    );
    expect(await jwsOf(answer.payload, offer(x5cOf(node), sessionKey.node), node.key)).to.equal(answer.jws);
    for (const { payload, jws } of [question, answer])
      expect(independent.openSigned(jws, ca).payload).to.equal(payload);

    expect(ends.caller.sessionKeys.seal(Buffer.from(request.payload), peers.node)).to.equal(request.jws);
    expect(ends.node.sessionKeys.seal(Buffer.from(reply.payload), peers.caller)).to.equal(reply.jws);
    expect(independent.seal(request.payload, keys.messagesOfCaller, kid)).to.equal(request.jws);
    expect(independent.seal(reply.payload, keys.messagesOfNode, kid)).to.equal(reply.jws);

    const atNode = await openText(request.jws, ends.node.verifier);
    expect(atNode.payload).to.deep.equal(JSON.parse(request.payload));
    expect(atNode.proof.name).to.equal(caller.name);
    const atCaller = await openText(reply.jws, ends.caller.verifier);
    expect(atCaller.payload).to.deep.equal(JSON.parse(reply.payload));
    expect(atCaller.proof.name).to.equal(node.name);
    // Nobody can send a message back to its author.
    await expectRefusal(openText(request.jws, ends.caller.verifier));
  });

  it('contain only sound messages', () => {
    for (const { from, payload } of call) {
      const message = JSON.parse(payload);
      if (from === 'caller') expect(checkNodeMessage(message)).to.have.property('type', 'request');
      else expect(checkReply(message)).to.deep.equal(message);
    }
    for (const { payload } of Object.values(vectors.requests))
      expect(checkNodeMessage(JSON.parse(payload))).to.deep.equal(JSON.parse(payload));
    expect(checkReply(JSON.parse(vectors.replyWithReceipt.payload))).to.have.property('kind', 'result');
  });

  it('contain a secret of each end, encrypted', async () => {
    const { ends, peers } = await agreed();
    const decrypted = {
      caller: ends.node.sessionKeys.decrypt(secrets.caller.jwe, peers.caller),
      node: ends.caller.sessionKeys.decrypt(secrets.node.jwe, peers.node),
    };
    const keyOf = { caller: keys.secretsOfCaller, node: keys.secretsOfNode };
    for (const from of ['caller', 'node'] as const) {
      const { plaintext, iv, jwe } = secrets[from];
      expect(Buffer.from(decrypted[from] ?? '').toString()).to.equal(plaintext);
      expect(independent.encrypt(plaintext, { key: keyOf[from], kid, iv })).to.equal(jwe);
      expect(independent.decrypt(jwe, keyOf[from], kid)).to.equal(plaintext);
    }
    const own = ends.caller.sessionKeys.encrypt(Buffer.from('{}'), peers.node);
    expect(independent.decrypt(own, keys.secretsOfCaller, kid)).to.equal('{}');
    expect(JSON.parse(call[2]?.payload ?? '')).to.have.property('secret', secrets.caller.jwe);
    expect(JSON.parse(call[3]?.payload ?? '')).to.have.property('secret', secrets.node.jwe);
  });

  for (const { why, jwe } of vectors.refusedSecrets) {
    it(`contain a secret that a node does not accept: ${why}`, async () => {
      const { ends, peers } = await agreed();
      const decrypt = () => ends.node.sessionKeys.decrypt(jwe, peers.caller);
      if (why === 'another kid') expect(decrypt()).to.equal(undefined);
      else expect(decrypt).to.throw('damaged or altered');
      expect(() => independent.decrypt(jwe, keys.secretsOfCaller, kid)).to.throw();
    });
  }

  it('contain one request signed with a certificate, with a bare key, and in version 1', async () => {
    const { x5c, jwk, version1 } = vectors.requests;
    const { kty, crv, x } = machine.jwk;
    const machinePem = createPrivateKey({ key: machine.jwk, format: 'jwk' });
    const certified = createVerifier({ certificates: { trust } });
    const anybody = createVerifier({ anybody: true });
    for (const { payload, jws } of [x5c, version1]) {
      expect(await jwsOf(payload, { x5c: x5cOf(caller) }, caller.key)).to.equal(jws);
      expect((await openText(jws, certified)).proof.name).to.equal(caller.name);
      expect(independent.openSigned(jws, ca).payload).to.equal(payload);
    }
    const signed = await signJws(Buffer.from(jwk.payload), machinePem, {
      typ: envelopeType,
      jwk: { kty, crv, x },
    });
    expect(signed).to.equal(jwk.jws);
    expect((await openText(jwk.jws, anybody)).proof.key).to.equal(machine.fingerprint);
    expect(independent.openSigned(jwk.jws).payload).to.equal(jwk.payload);
    const { v, ddl, ...later } = JSON.parse(x5c.payload);
    expect([v, ddl]).to.deep.equal([2, vectors.ddl.hash]);
    expect(JSON.parse(version1.payload)).to.deep.equal({ ...later, v: 1 });
  });

  it('contain an enrolment token and the receipt for it', async () => {
    const { token, receipt, replyWithReceipt } = vectors;
    expect(await verifyToken(token.jws, { trust, issuers })).to.deep.equal(JSON.parse(token.payload));
    const holder = { key: machine.fingerprint, name: machine.name };
    expect(await verifyReceipt(receipt.jws, { trust, issuers, ...holder })).to.deep.equal(
      JSON.parse(receipt.payload),
    );
    for (const [{ payload, jws }, typ] of [
      [token, 'troupe-enrolment+jws'],
      [receipt, 'troupe-receipt+jws'],
    ] as const) {
      const opened = independent.openSigned(jws, ca);
      expect(opened.payload).to.equal(payload);
      expect(opened.header).to.have.property('typ', typ);
    }
    const { proof } = await openText(replyWithReceipt.jws, createVerifier({ tokens: { trust, issuers } }));
    expect(proof).to.include({ name: machine.name, vouchedBy: 'token', key: machine.fingerprint });
    const { header, payload } = independent.openSigned(replyWithReceipt.jws);
    expect(payload).to.equal(replyWithReceipt.payload);
    const claims = JSON.parse(independent.openSigned(String(header.receipt), ca).payload);
    expect(independent.fingerprintOfKey(header.jwk as JsonWebKey)).to.equal(claims.key);
    expect(JSON.parse(payload).sender).to.equal(claims.name);
    expect(claims.token).to.equal(JSON.parse(token.payload).jti);
  });

  for (const { escape: isEscaped, topic, ...parts } of vectors.topics) {
    it(`contain the topic ${topic}`, () => {
      expect(new Topics({ escape: isEscaped }).parse(topic)).to.deep.equal(parts);
      expect(independent.topicOf({ ...parts, escape: isEscaped })).to.equal(topic);
    });
  }

  it('contain a presence record with its digests', () => {
    const { topic, payload, ddls, facts } = vectors.presence;
    const record = parsePresence(Buffer.from(payload));
    const digest = (value: Parameters<typeof independent.canonical>[0]) =>
      independent.sha256(independent.canonical(value)).slice(0, 32);
    expect(record?.digests).to.deep.equal({ ddls: digest(ddls), facts: digest(facts) });
    expect(record).to.include({ v: 2, protocol: 2, identity: node.name, online: true });
    expect(topic).to.equal(new Topics().presence('mcollective', node.name));
  });
});

async function expectRefusal(opening: Promise<unknown>): Promise<void> {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.have.property('code', 'SIGNATURE_INVALID');
}
