import {
  createHash,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hkdfSync,
  X509Certificate,
} from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { encodeHeader, envelopeType, headerOf, macJws } from '../../src/security/jws.js';
import type { Own } from '../../src/security/modes.js';
import {
  type Credential,
  type MessageProtection,
  type Peer,
  type Role,
  SessionKeys,
} from '../../src/security/session-keys.js';
import type { Trusted } from '../../src/security/trust.js';
import { fixture } from './pki-fixture.js';

const hour = 3_600_000;

function trustedOf({ name, certificatePem, chain }: Own): Trusted {
  const authority = new X509Certificate(certificatePem);
  const { publicKey } = authority;
  const fingerprint = createHash('sha256')
    .update(Buffer.from(chain[0] ?? '', 'base64'))
    .digest('hex');
  return { name, publicKey, fingerprint, authority, confirm: () => {} };
}

/** One end: its certificate and its keys. */
function end(role: Role, own: Own, more: { most?: number; now?: () => number } = {}) {
  const trusted = trustedOf(own);
  const keys = new SessionKeys({
    role,
    own: () => trusted.fingerprint,
    most: more.most ?? 10,
    lifetime: 12 * 3600,
    ...(more.now && { now: more.now }),
  });
  return { own, trusted, keys };
}

type End = ReturnType<typeof end>;

const handshake = (who: End, other: End, acknowledged?: boolean) =>
  who.keys.handshake(other.trusted, { x5c: other.own.chain }, other.keys.offer, acknowledged);
const peerOf = (protection: MessageProtection | undefined): Peer => {
  if (protection?.peer === undefined) throw new Error('no peer');
  return protection.peer;
};
const payload = Buffer.from('{"type":"request"}');
const kidOf = (jws: string) => headerOf(jws, envelopeType).kid ?? '';

describe('SessionKeys', () => {
  let alice: Own;
  let mallory: Own;
  let web1: Own;
  let web2: Own;

  before(async () => {
    const pki = await fixture();
    const issue = (name: string) => pki.issue(name);
    alice = await issue('alice.mcollective');
    mallory = await issue('mallory.mcollective');
    web1 = await issue('web1.lab');
    web2 = await issue('web2.lab');
  });

  /** A caller and a node after their handshake. */
  const pair = (more: Parameters<typeof end>[2] = {}) => {
    const caller = end('caller', alice, more);
    const node = end('node', web1, more);
    const ofNode = peerOf(handshake(caller, node));
    const ofCaller = peerOf(handshake(node, caller));
    return { caller, node, ofNode, ofCaller };
  };

  it('opens what the other end sealed, and returns the name of that end', () => {
    const { caller, node, ofNode, ofCaller } = pair();
    const asked = caller.keys.seal(payload, ofNode);
    const opened = node.keys.open(asked, kidOf(asked));
    expect(Buffer.from(opened.payload).toString()).to.equal(payload.toString());
    expect(opened.peer.name).to.equal('alice.mcollective');
    expect(opened.peer.credential).to.deep.equal({ x5c: alice.chain });
    const answer = node.keys.seal(payload, ofCaller);
    expect(caller.keys.open(answer, kidOf(answer)).peer.name).to.equal('web1.lab');
  });

  it('derives the keys of both directions as the protocol specifies', () => {
    const { caller, node, ofNode, ofCaller } = pair();
    const context = [
      'troupe session key 1',
      caller.trusted.fingerprint,
      caller.keys.offer.x,
      node.trusted.fingerprint,
      node.keys.offer.x,
    ].join('\n');
    const kid = createHash('sha256').update(context).digest().subarray(0, 16).toString('base64url');
    const publicKey = createPublicKey({ key: { ...node.keys.offer }, format: 'jwk' });
    const secret = diffieHellman({ privateKey: ofNode.pair.privateKey, publicKey });
    const bytes = Buffer.from(hkdfSync('sha256', secret, '', context, 64));
    const sealed = (key: Buffer) =>
      macJws(payload, createSecretKey(key), encodeHeader({ alg: 'HS256', typ: envelopeType, kid }));
    expect(caller.keys.seal(payload, ofNode)).to.equal(sealed(bytes.subarray(0, 32)));
    expect(node.keys.seal(payload, ofCaller)).to.equal(sealed(bytes.subarray(32)));
  });

  it('rejects a message that it sealed itself', () => {
    const { caller, ofNode } = pair();
    const asked = caller.keys.seal(payload, ofNode);
    expect(() => caller.keys.open(asked, kidOf(asked))).to.throw('the seal is not valid');
  });

  it('rejects a message that was altered, cut, or sealed with only the id of the key', () => {
    const { caller, node, ofNode } = pair();
    const asked = caller.keys.seal(payload, ofNode);
    const [head = '', , mac = ''] = asked.split('.');
    const other = Buffer.from('{"type":"cancel"}').toString('base64url');
    const kid = kidOf(asked);
    const bySecret = (secret: string) =>
      macJws(
        payload,
        createSecretKey(Buffer.from(secret)),
        encodeHeader({ alg: 'HS256', typ: envelopeType, kid }),
      );
    const forged = [
      `${head}.${other}.${mac}`,
      `${head}.${asked.split('.')[1]}.`,
      `${head}.${asked.split('.')[1]}.${mac.slice(0, -2)}`,
      bySecret(kid),
      bySecret(alice.certificatePem),
      bySecret(''),
    ];
    for (const jws of forged) expect(() => node.keys.open(jws, kid), jws).to.throw('the seal is not valid');
  });

  it('agrees on a separate key with each node, so that one node cannot open messages to another', () => {
    const { caller, ofNode } = pair();
    const other = end('node', web2);
    handshake(other, caller);
    const asked = caller.keys.seal(payload, ofNode);
    expect(() => other.keys.open(asked, kidOf(asked))).to.throw('an unknown session key');
  });

  it('agrees on nothing usable with a peer that offers the key of another under its own certificate', () => {
    const { caller, node } = pair();
    const thief = end('caller', mallory);
    node.keys.handshake(thief.trusted, { x5c: mallory.chain }, caller.keys.offer);
    // The thief does not have the private key; the caller continues as before, under its own name.
    const asked = caller.keys.seal(payload, peerOf(caller.keys.sealing('web1.lab')));
    expect(node.keys.open(asked, kidOf(asked)).peer.name).to.equal('alice.mcollective');
    thief.keys.handshake(node.trusted, { x5c: web1.chain }, node.keys.offer);
    const stolen = thief.keys.seal(payload, peerOf(thief.keys.sealing('web1.lab')));
    expect(() => node.keys.open(stolen, kidOf(stolen))).to.throw('an unknown session key');
  });

  it('answers sealed only if our key was sent to the peer and the peer acknowledges it', () => {
    const caller = end('caller', alice);
    const node = end('node', web1);
    const first = handshake(node, caller, true);
    expect(first.as).to.equal('offering');
    peerOf(first).isAnswered = true;
    expect(handshake(node, caller).as).to.equal('offering');
    expect(handshake(node, caller, true).as).to.equal('sealed');
  });

  it('checks a machine against its latest token or receipt, under the same key', () => {
    const client = end('caller', alice);
    const node = end('node', web1);
    const author = { fingerprint: node.trusted.fingerprint };
    const shown = (credential: Credential) =>
      peerOf(client.keys.handshake(author, credential, node.keys.offer));
    const before = shown({ jwk: {}, token: 't' });
    expect(shown({ jwk: {}, token: 't' })).to.equal(before);
    const after = shown({ jwk: {}, receipt: 'r' });
    expect(after.kid).to.equal(before.kid);
    const peer = peerOf(handshake(node, client));
    const opened = client.keys.open(node.keys.seal(payload, peer), peer.kid);
    expect(opened.peer.credential).to.deep.equal({ jwk: {}, receipt: 'r' });
  });

  it('seals nothing for a peer whose key is invalidated, but still opens what that peer seals', () => {
    const { caller, node, ofCaller } = pair();
    caller.keys.invalidate('web1.lab');
    expect(caller.keys.sealing('web1.lab')).to.equal(undefined);
    const answer = node.keys.seal(payload, ofCaller);
    expect(caller.keys.open(answer, kidOf(answer)).peer.name).to.equal('web1.lab');
    expect(caller.keys.sealing('web1.lab')?.as).to.equal('sealed');
  });

  it('ends a key when its lifetime, our certificate or the process that made it ends', () => {
    let now = 1_000 * hour;
    const { caller, node, ofNode } = pair({ now: () => now });
    const asked = caller.keys.seal(payload, ofNode);
    const restarted = end('node', web1);
    expect(() => restarted.keys.open(asked, kidOf(asked))).to.throw('an unknown session key');
    const before = caller.keys.offer;
    now += 13 * hour;
    expect(caller.keys.sealing('web1.lab')).to.equal(undefined);
    expect(() => node.keys.open(asked, kidOf(asked))).to.throw('an unknown session key');
    expect(caller.keys.offer.x).to.not.equal(before.x);
    expect(handshake(caller, node).as).to.equal('offering');
    expect(caller.keys.sealing('web1.lab')?.as).to.equal('sealed');
  });

  it('accepts a key until its lifetime ends, and not after', () => {
    let now = 1_000 * hour;
    const { caller, node, ofNode } = pair({ now: () => now });
    const asked = caller.keys.seal(payload, ofNode);
    const { offer } = caller.keys;
    now += 12 * hour;
    expect(caller.keys.sealing('web1.lab')?.as).to.equal('sealed');
    expect(caller.keys.offer).to.equal(offer);
    expect(handshake(caller, node).peer).to.equal(ofNode);
    expect(node.keys.open(asked, kidOf(asked)).peer.name).to.equal('alice.mcollective');
    now += 1;
    expect(caller.keys.sealing('web1.lab')).to.equal(undefined);
    expect(caller.keys.offer).to.not.equal(offer);
    expect(handshake(caller, node).peer).to.not.equal(ofNode);
    expect(() => node.keys.open(asked, kidOf(asked))).to.throw('an unknown session key');
  });

  it('forgets the previous key when the same offer comes again', () => {
    const node = end('node', web1);
    let own = 'first';
    const keys = new SessionKeys({ role: 'caller', own: () => own, most: 10, lifetime: 3600 });
    const { kid: before } = peerOf(keys.handshake(node.trusted, { x5c: web1.chain }, node.keys.offer));
    own = 'renewed';
    const { kid: after } = peerOf(keys.handshake(node.trusted, { x5c: web1.chain }, node.keys.offer));
    const forged = (kid: string) =>
      macJws(
        payload,
        createSecretKey(Buffer.alloc(32)),
        encodeHeader({ alg: 'HS256', typ: envelopeType, kid }),
      );
    expect(() => keys.open(forged(before), before)).to.throw('an unknown session key');
    expect(() => keys.open(forged(after), after)).to.throw('the seal is not valid');
  });

  it('seals for the process of a name that sent the latest message', () => {
    const caller = end('caller', alice);
    const [before, after] = [end('node', web1), end('node', web1)];
    for (const node of [before, after]) {
      handshake(caller, node);
      handshake(node, caller);
    }
    const to = () => peerOf(caller.keys.sealing('web1.lab')).offered;
    expect(to()).to.equal(after.keys.offer.x);
    const answer = before.keys.seal(payload, peerOf(before.keys.sealing('alice.mcollective')));
    caller.keys.open(answer, kidOf(answer));
    expect(to()).to.equal(before.keys.offer.x);
    handshake(caller, after);
    expect(to()).to.equal(after.keys.offer.x);
  });

  it('answers sealed if the peer sealed first, because it has our key', () => {
    const { caller, node, ofNode } = pair();
    expect(handshake(node, caller, true).as).to.equal('offering');
    const asked = caller.keys.seal(payload, ofNode);
    node.keys.open(asked, kidOf(asked));
    expect(handshake(node, caller, true).as).to.equal('sealed');
    expect(handshake(node, caller, false).as).to.equal('offering');
  });

  it('identifies a key by 128 bits', () => {
    expect(Buffer.from(pair().ofNode.kid, 'base64url')).to.have.length(16);
  });

  it('forgets active peers last', () => {
    const node = end('node', web1, { most: 2 });
    const callers = [1, 2, 3].map(() => end('caller', alice));
    const sealed = callers.map((caller) => {
      handshake(caller, node);
      return caller.keys.seal(payload, peerOf(caller.keys.sealing('web1.lab')));
    });
    const [one = '', two = '', three = ''] = sealed;
    const [first, second, third] = callers as [End, End, End];
    handshake(node, first);
    handshake(node, second);
    node.keys.open(one, kidOf(one));
    handshake(node, third);
    expect(() => node.keys.open(two, kidOf(two))).to.throw('an unknown session key');
    for (const jws of [one, three]) expect(node.keys.open(jws, kidOf(jws)).peer.name).to.contain('alice');
  });

  it('seals nothing for a name whose last process it has forgotten', () => {
    const node = end('node', web1, { most: 1 });
    handshake(node, end('caller', alice));
    expect(node.keys.sealing('alice.mcollective')?.as).to.equal('sealed');
    handshake(node, end('caller', mallory));
    expect(node.keys.sealing('alice.mcollective')).to.equal(undefined);
    expect(node.keys.sealing('mallory.mcollective')?.as).to.equal('sealed');
  });

  it('agrees on a key again with a peer that it has forgotten', () => {
    const node = end('node', web1, { most: 1 });
    const caller = end('caller', alice);
    handshake(node, caller);
    handshake(node, end('caller', mallory));
    handshake(node, caller);
    handshake(caller, node);
    const asked = caller.keys.seal(payload, peerOf(caller.keys.sealing('web1.lab')));
    expect(node.keys.open(asked, kidOf(asked)).peer.name).to.equal('alice.mcollective');
  });

  it('continues to seal for a name after it has forgotten an older process of it', () => {
    const node = end('node', web1, { most: 1 });
    handshake(node, end('caller', alice));
    const newer = end('caller', alice);
    handshake(node, newer);
    expect(peerOf(node.keys.sealing('alice.mcollective')).offered).to.equal(newer.keys.offer.x);
  });

  it('makes a new key when our certificate is renewed', async () => {
    let own = trustedOf(alice).fingerprint;
    const keys = new SessionKeys({ role: 'caller', own: () => own, most: 10, lifetime: 60 });
    const node = end('node', web1);
    const first = peerOf(keys.handshake(node.trusted, { x5c: web1.chain }, node.keys.offer));
    own = trustedOf(mallory).fingerprint;
    expect(keys.sealing('web1.lab')).to.equal(undefined);
    const second = peerOf(keys.handshake(node.trusted, { x5c: web1.chain }, node.keys.offer));
    expect(second.kid).to.not.equal(first.kid);
  });

  it('keeps the keys of other callers if one of them offers many', () => {
    const node = end('node', web1, { most: 64 });
    const known = end('caller', alice);
    handshake(node, known);
    const ofNode = peerOf(handshake(known, node));
    for (let count = 0; count < 70; count += 1) handshake(node, end('caller', mallory));
    const asked = known.keys.seal(payload, ofNode);
    expect(node.keys.open(asked, kidOf(asked)).peer.name).to.equal('alice.mcollective');
    expect(node.keys.sealing('alice.mcollective')).to.have.property('as', 'sealed');
  });

  it('forgets the oldest peers beyond its limit, and then acknowledges no key in a broadcast', () => {
    const node = end('node', web1, { most: 2 });
    const callers = [1, 2, 3].map(() => end('caller', alice));
    expect(node.keys.offering).to.deep.equal({ as: 'offering', acknowledged: true });
    const sealed = callers.map((caller) => {
      handshake(caller, node);
      handshake(node, caller);
      return caller.keys.seal(payload, peerOf(caller.keys.sealing('web1.lab')));
    });
    const [first = '', second = '', third = ''] = sealed;
    expect(() => node.keys.open(first, kidOf(first))).to.throw('an unknown session key');
    for (const jws of [second, third]) expect(node.keys.open(jws, kidOf(jws)).peer.name).to.contain('alice');
    expect(node.keys.offering).to.deep.equal({ as: 'offering', acknowledged: false });
  });

  for (const [what, epk] of [
    ['nothing', {}],
    ['undefined', undefined],
    ['null', null],
    ['another type', { kty: 'EC', crv: 'X25519', x: 'A'.repeat(43) }],
    ['a curve for signatures', { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }],
    ['a key that is too long', { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(44) }],
    ['a key that is not base64url', { kty: 'OKP', crv: 'X25519', x: `${'A'.repeat(42)}=` }],
    ['another curve', { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43) }],
    ['a private key', { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43), d: 'A'.repeat(43) }],
    ['a key that is too short', { kty: 'OKP', crv: 'X25519', x: 'AA' }],
    ['a number', { kty: 'OKP', crv: 'X25519', x: 7 }],
  ] as const)
    it(`rejects ${what} as an offered key`, () => {
      const node = end('node', web1);
      expect(() => node.keys.handshake(trustedOf(alice), { x5c: alice.chain }, epk)).to.throw(
        "the header's epk is not an X25519 public key",
      );
    });

  it('derives nothing from a key of low order, whose secret anyone could compute', () => {
    const node = end('node', web1);
    const zero = { kty: 'OKP', crv: 'X25519', x: Buffer.alloc(32).toString('base64url') };
    const peer = peerOf(node.keys.handshake(trustedOf(alice), { x5c: alice.chain }, zero));
    expect(() => node.keys.seal(payload, peer)).to.throw('the offered key is not usable');
  });
});
