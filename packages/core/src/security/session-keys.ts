import {
  createHash,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { BoundedMap } from '../bounded-map.js';
import { TroupeError } from '../errors.js';
import { decryptJwe, encryptJwe, kidOfJwe } from './jwe.js';
import { encodeHeader, envelopeType, type JwsHeader, macJws, verifyMacJws } from './jws.js';

/** The public half of a key pair made for one process: X25519 as a JWK (RFC 8037, 2). */
export type OfferedKey = { readonly kty: 'OKP'; readonly crv: 'X25519'; readonly x: string };

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly offer: OfferedKey;
  readonly madeAt: number;
}

/** What an author signed with: its certificates, or a bare key and what vouches for it. */
export type Credential = Pick<JwsHeader, 'x5c' | 'jwk' | 'token' | 'receipt'>;

/** Who signed a message, as far as that is proved. */
export interface Author {
  /** Where a certificate says it. */
  readonly name?: string;
  /** SHA-256 of its certificate's DER, or of its public key's SPKI where it has none: hexadecimal. */
  readonly fingerprint: string;
}

/** A process at the other end that offered its key under its signature. */
export interface Peer extends Author {
  /** What it signed with, checked again with each of its messages. */
  readonly credential: Credential;
  /** The fingerprint of ours at the handshake. */
  readonly own: string;
  /** The key that it offered, and the pair of ours that goes with it. */
  readonly offered: string;
  readonly pair: KeyPair;
  readonly agreedAt: number;
  readonly kid: string;
  /** Whether it was sent our key, so that it can open what is sealed for it. */
  isAnswered: boolean;
  /** The name under which it is known here. */
  metAs?: string;
  keys?: DerivedKeys;
}

/** The keys of both directions: for the MACs of sealed messages, and for what is encrypted. */
interface DerivedKeys {
  readonly ours: KeyObject;
  readonly theirs: KeyObject;
  readonly encrypting: KeyObject;
  readonly decrypting: KeyObject;
  /** Of a message that we seal. */
  readonly header: string;
}

/** How a message is protected: sealed for one peer, or signed together with an offer of our key. Without one: a plain signature. */
export type MessageProtection =
  | { readonly as: 'sealed'; readonly peer: Peer }
  | {
      readonly as: 'offering';
      /** Whose offer this answers. */
      readonly peer?: Peer;
      /** In a message to many nodes: those that already hold our key may answer sealed. The key `met` of the header. */
      readonly acknowledged?: boolean;
    };

/** What the two ends derive their keys from; each end has one role. */
export type Role = 'caller' | 'node';

const keyBytes = 32;

/** Bytes that a peer takes beside its chain, roughly; and those that peers may take each on average. */
const peerBytes = 1024;
const meanBytes = 8192;

/**
 * Keys that a caller's process and a node's daemon agree on, so that the messages between them after the first
 * need no signature, and secrets can be encrypted: X25519 (RFC 7748) between two keys that were signed, HKDF (RFC 5869),
 * HMAC, AES-GCM.
 */
export class SessionKeys {
  readonly #role: Role;
  readonly #own: () => string;
  readonly #lifetime: number;
  readonly #now: () => number;
  readonly #newKey: () => KeyObject;
  #pair: KeyPair | undefined;
  // A name with many offers pushes out its own: no peer can take the keys of another.
  // bound: session keys | callers at a node, nodes at a client; only with a good signature | 64 at a node, 20,000 at
  // a client | 8 KiB each on average | of the name with most keys, the one unused for the longest time is removed;
  // its owner agrees on a new one
  readonly #byKid: BoundedMap<string, Peer>;
  // Both hold peers that are in the first one.
  // no peer fills this: it holds keys that are in the first map
  readonly #byOffer = new Map<string, Peer>();
  // no peer fills this: it holds keys that are in the first map
  readonly #byName = new Map<string, Peer>();
  #remembersAll = true;

  constructor(options: {
    readonly role: Role;
    /** The fingerprint of our own certificate: SHA-256 of the DER, hexadecimal. */
    readonly own: () => string;
    /** The most peers to remember; of the name with the most, the one unused for the longest time is forgotten first. */
    readonly most: number;
    /** Seconds after which a new key is made. */
    readonly lifetime: number;
    readonly now?: () => number;
    /** Makes an X25519 private key; a random one by default. */
    readonly newKey?: () => KeyObject;
  }) {
    this.#role = options.role;
    this.#own = options.own;
    this.#lifetime = options.lifetime * 1000;
    this.#now = options.now ?? Date.now;
    this.#newKey = options.newKey ?? (() => generateKeyPairSync('x25519').privateKey);
    this.#byKid = new BoundedMap({
      most: options.most,
      mostBytes: options.most * meanBytes,
      bytesOf: ({ credential }) => peerBytes + JSON.stringify(credential).length,
      // Machines with one token have any number of keys.
      ownerOf: ({ name, credential, fingerprint }) => name ?? credential.token ?? fingerprint,
      onEvict: (_, peer) => {
        this.#remembersAll = false;
        this.#unlink(peer);
      },
    });
  }

  /** What a header offers as `epk`. */
  get offer(): OfferedKey {
    return this.#currentPair().offer;
  }

  /** How to protect a message to many nodes. */
  get offering(): MessageProtection {
    // A peer that was forgotten here may still hold our key and answer sealed.
    return { as: 'offering', acknowledged: this.#remembersAll };
  }

  /**
   * Takes the key that a peer offers, and returns how to protect the answer. `acknowledged`: the peer holds the key that
   * we sent it. Throws SIGNATURE_INVALID if the offer is not a key.
   */
  handshake(author: Author, credential: Credential, epk: unknown, acknowledged = false): MessageProtection {
    const offered = checkOffer(epk);
    const known = this.#byOffer.get(`${author.fingerprint}.${offered}`);
    const isSame = known && this.#isFresh(known) && vouchesAlike(known.credential, credential);
    const peer = isSame ? known : this.#remember(author, credential, offered);
    if (peer.name !== undefined) this.met(peer.name, peer);
    return acknowledged && peer.isAnswered ? { as: 'sealed', peer } : { as: 'offering', peer };
  }

  /** Takes a peer for the process of this name, until a message of that name comes from another. */
  met(name: string, peer: Peer): void {
    if (this.#byKid.peek(peer.kid) !== peer) return;
    if (peer.metAs !== name) this.#unlinkName(peer);
    peer.metAs = name;
    this.#byName.set(name, peer);
  }

  /** How to protect a message to a peer whose key is known; undefined if it is not. */
  sealing(name: string): MessageProtection | undefined {
    const peer = this.peerOf(name);
    return peer && { as: 'sealed', peer };
  }

  /** The peer of this name, if its key is known. */
  peerOf(name: string): Peer | undefined {
    const peer = this.#byName.get(name);
    return peer && this.#isFresh(peer) ? peer : undefined;
  }

  /** Seals nothing for this name until its next message: its process may have ended, and its key with it. */
  invalidate(name: string): void {
    this.#byName.delete(name);
  }

  /** Seals a payload for one peer: a JWS with an HMAC. */
  seal(payload: Uint8Array, peer: Peer): string {
    const { ours, header } = this.#keysOf(peer);
    return macJws(payload, ours, header);
  }

  /** What a peer has sealed for us. Throws SIGNATURE_INVALID. */
  open(jws: string, kid: string): { readonly payload: Uint8Array; readonly peer: Peer } {
    const peer = this.#byKid.peek(kid);
    if (!peer || this.#now() - peer.agreedAt > this.#lifetime)
      throw new TroupeError('SIGNATURE_INVALID', 'the message is sealed with an unknown session key');
    const payload = verifyMacJws(jws, this.#keysOf(peer).theirs);
    // The peer that sent the latest message is forgotten last.
    this.#byKid.get(kid);
    if (peer.name !== undefined) this.met(peer.name, peer);
    peer.isAnswered = true;
    return { payload, peer };
  }

  /** Encrypts what only one peer may read: a JWE. */
  encrypt(plaintext: Uint8Array, peer: Peer): string {
    return encryptJwe(plaintext, this.#keysOf(peer).encrypting, peer.kid);
  }

  /** What a peer encrypted for us; nothing if that was for another key than the one agreed with it. Throws SIGNATURE_INVALID. */
  decrypt(jwe: string, peer: Peer): Uint8Array | undefined {
    if (kidOfJwe(jwe) !== peer.kid) return undefined;
    return decryptJwe(jwe, this.#keysOf(peer).decrypting, peer.kid);
  }

  #isFresh(peer: Peer): boolean {
    return peer.own === this.#own() && this.#now() - peer.agreedAt <= this.#lifetime;
  }

  #currentPair(): KeyPair {
    const now = this.#now();
    if (this.#pair && now - this.#pair.madeAt <= this.#lifetime) return this.#pair;
    const privateKey = this.#newKey();
    const { x = '' } = privateKey.export({ format: 'jwk' });
    this.#pair = { privateKey, offer: { kty: 'OKP', crv: 'X25519', x }, madeAt: now };
    return this.#pair;
  }

  #remember(author: Author, credential: Credential, offered: string): Peer {
    const pair = this.#currentPair();
    const parts = { ...author, credential, own: this.#own(), offered, pair };
    const kid = createHash('sha256')
      .update(contextOf(this.#role, parts))
      .digest()
      .subarray(0, 16)
      .toString('base64url');
    const peer: Peer = { ...parts, agreedAt: this.#now(), kid, isAnswered: false };
    const before = this.#byOffer.get(offerOf(peer));
    if (before) this.#forget(before);
    this.#byOffer.set(offerOf(peer), peer);
    this.#byKid.set(kid, peer);
    return peer;
  }

  #forget(peer: Peer): void {
    this.#byKid.delete(peer.kid);
    this.#unlink(peer);
  }

  #unlink(peer: Peer): void {
    this.#byOffer.delete(offerOf(peer));
    this.#unlinkName(peer);
  }

  #unlinkName(peer: Peer): void {
    const { metAs } = peer;
    if (metAs !== undefined && this.#byName.get(metAs) === peer) this.#byName.delete(metAs);
  }

  // Derived at the first use: most peers exchange only one message.
  #keysOf(peer: Peer): DerivedKeys {
    peer.keys ??= this.#derive(peer);
    return peer.keys;
  }

  #derive(peer: Peer): DerivedKeys {
    let secret: Buffer;
    try {
      const key = { kty: 'OKP', crv: 'X25519', x: peer.offered };
      const publicKey = createPublicKey({ key, format: 'jwk' });
      secret = diffieHellman({ privateKey: peer.pair.privateKey, publicKey });
    } catch (cause) {
      throw new TroupeError('SIGNATURE_INVALID', 'the offered key is not usable', { cause });
    }
    const context = contextOf(this.#role, peer);
    const bytes = new Uint8Array(hkdfSync('sha256', secret, '', context, 4 * keyBytes));
    // One for each direction, so that a message cannot be sent back to its author.
    const [ofCaller, ofNode, secretsOfCaller, secretsOfNode] = [0, 1, 2, 3].map((at) =>
      createSecretKey(bytes.subarray(at * keyBytes, (at + 1) * keyBytes)),
    ) as [KeyObject, KeyObject, KeyObject, KeyObject];
    const header = encodeHeader({ alg: 'HS256', typ: envelopeType, kid: peer.kid });
    return this.#role === 'caller'
      ? { ours: ofCaller, theirs: ofNode, encrypting: secretsOfCaller, decrypting: secretsOfNode, header }
      : { ours: ofNode, theirs: ofCaller, encrypting: secretsOfNode, decrypting: secretsOfCaller, header };
  }
}

// A machine that got a receipt for its token, or another one, is checked against that from then on.
function vouchesAlike(one: Credential, other: Credential): boolean {
  return one.token === other.token && one.receipt === other.receipt;
}

// A peer that copies the offer of another under its own certificate gets a different key, which it cannot know.
function contextOf(
  role: Role,
  { own, pair, fingerprint, offered }: Omit<Peer, 'kid' | 'agreedAt' | 'isAnswered' | 'metAs'>,
): string {
  const us = [own, pair.offer.x];
  const them = [fingerprint, offered];
  const [caller, node] = role === 'caller' ? [us, them] : [them, us];
  return ['troupe session key 1', ...caller, ...node].join('\n');
}

function offerOf({ fingerprint, offered }: Peer): string {
  return `${fingerprint}.${offered}`;
}

function checkOffer(epk: unknown): string {
  const { kty, crv, x, ...others } = (epk ?? {}) as Record<string, unknown>;
  const isOffer = kty === 'OKP' && crv === 'X25519' && typeof x === 'string' && /^[\w-]{43}$/.test(x);
  if (!isOffer || Object.keys(others).length > 0)
    throw new TroupeError('SIGNATURE_INVALID', "the header's epk is not an X25519 public key");
  return x;
}
