import {
  checkReply,
  type Logger,
  type MessageProtection,
  open,
  type Peer,
  type Proof,
  type ProtocolVersion,
  protocolVersion,
  type Reply,
  type Security,
  sealText,
  type Topics,
  type Transport,
  TroupeError,
} from '@troupe/core';
import { Serial } from '@troupe/core/async';
import { isHash, parseJson, reasonOf } from '@troupe/core/internal';
import type { NodeVersions } from './node-versions.js';
import { fitsVersion1, hasSecrets, jsonOf, type Outgoing, type OwnRequest, secretsOf } from './outgoing.js';
import { rejectionOf } from './rejection.js';
import { StatedDdls } from './stated-ddls.js';

/** Signed, with an offer of our key; the reply is signed as well. */
const withOurKey: MessageProtection = { as: 'offering' };

/** What is proved of a node. */
export type NodeProof = Pick<Proof, 'vouchedBy' | 'name' | 'enrolment'>;

/** Of the nodes that replied last. */
const mostProofs = 16_384;

/** Receives an authenticated reply, and the key that signed it. */
export type ReplyListener = (reply: Reply, key: string) => void;

/** A request that somebody waits for. */
interface Awaited {
  readonly listeners: Set<ReplyListener>;
  /** How often it was sent to each node by itself. */
  readonly tries: Map<string, number>;
  /** The versions in which it went to all. */
  readonly broadcastIn: Set<ProtocolVersion>;
}

export interface RouterParts {
  readonly transport: Transport;
  readonly topics: Topics;
  readonly security: Security;
  readonly versions: NodeVersions;
  readonly log: Logger;
}

/** Sends signed messages to nodes, and delivers each authenticated reply to the listeners of its request. */
export class Router {
  readonly session: string;
  /** What nodes have said of their DDLs. */
  readonly ddls = new StatedDdls();
  readonly #parts: RouterParts;
  readonly #awaited = new Map<string, Awaited>();
  readonly #others = new Set<(reply: Reply) => void>();
  /** By the fingerprint of the key, in the order of the last replies. */
  readonly #proofs = new Map<string, NodeProof>();
  readonly #collectives = new Map<string, Promise<unknown>>();
  readonly #inOrder = new Serial();
  #undelivered = 0;

  constructor(session: string, parts: RouterParts) {
    this.session = session;
    this.#parts = parts;
  }

  get caller(): string {
    return this.#parts.security.signer.name;
  }

  get isConnected(): boolean {
    return this.#parts.transport.connected;
  }

  /** Whether replies have arrived that are not checked yet. */
  get isBehind(): boolean {
    return this.#undelivered > 0;
  }

  /** In which versions the nodes are spoken to. */
  get versions(): NodeVersions {
    return this.#parts.versions;
  }

  /** Whether secrets can be sent to a node: a key is agreed with it, and it is proved that the key is of this node. */
  mayHaveSecrets(identity: string): boolean {
    return this.#secretPeerOf(identity) !== undefined;
  }

  // A machine that only has an enrolment token says its name itself, and another one may say the same.
  #secretPeerOf(identity: string): Peer | undefined {
    const peer = this.#parts.security.sessionKeys?.peerOf(identity);
    const isEnrolling = peer?.credential.token !== undefined || peer?.credential.receipt !== undefined;
    return isEnrolling ? undefined : peer;
  }

  /** Seals nothing for a node until its next reply: it went offline, and may come back without its key. */
  invalidateKey(identity: string): void {
    this.#parts.security.sessionKeys?.invalidate(identity);
  }

  /** What is proved of the node that signed a reply with this key; undefined long after its reply. */
  proofOf(key: string): NodeProof | undefined {
    return this.#proofs.get(key);
  }

  #keepProof({ key, vouchedBy, name, enrolment }: Proof): void {
    this.#proofs.delete(key);
    this.#proofs.set(key, {
      vouchedBy,
      ...(name === undefined ? {} : { name }),
      ...(enrolment && { enrolment }),
    });
    const [oldest] = this.#proofs.keys();
    if (this.#proofs.size > mostProofs && oldest !== undefined) this.#proofs.delete(oldest);
  }

  /** The number of requests with listeners. */
  get openRequests(): number {
    return this.#awaited.size;
  }

  /** Delivers the replies to request `id` to the listener, until the returned function is called. */
  async listen(collective: string, id: string, listener: ReplyListener): Promise<() => void> {
    await this.#subscribed(collective);
    // Two may attach to one request.
    const awaited = this.#awaited.get(id) ?? {
      listeners: new Set(),
      tries: new Map(),
      broadcastIn: new Set(),
    };
    awaited.listeners.add(listener);
    this.#awaited.set(id, awaited);
    return () => {
      awaited.listeners.delete(listener);
      if (awaited.listeners.size === 0 && this.#awaited.get(id) === awaited) this.#awaited.delete(id);
    };
  }

  /** Delivers the replies that no other listener takes, until the returned function is called. */
  async listenToOthers(collective: string, listener: (reply: Reply) => void): Promise<() => void> {
    await this.#subscribed(collective);
    const others = (reply: Reply) => {
      if (reply.collective === collective) listener(reply);
    };
    this.#others.add(others);
    return () => this.#others.delete(others);
  }

  async #subscribed(collective: string): Promise<void> {
    const { transport, topics } = this.#parts;
    let subscribed = this.#collectives.get(collective);
    if (!subscribed) {
      // QoS 0: a broker keeps only so many unacknowledged messages for a subscriber, and loses the rest of a fan-in.
      subscribed = transport.subscribe(
        topics.replies(collective, this.caller, this.session),
        (bytes, topic) => this.#receive(bytes, topic),
      );
      this.#collectives.set(collective, subscribed);
      subscribed.catch(() => this.#collectives.delete(collective));
    }
    await subscribed;
  }

  /** Sends a request to all that have an agent, once in each version that somebody there may speak. Throws NOT_CONNECTED. */
  async broadcast(message: Outgoing, agent: string): Promise<void> {
    if (hasSecrets(message)) throw new RangeError('secrets are encrypted for one node each');
    for (const v of this.versions.ofAll(message.collective)) await this.#broadcastIn(v, message, agent);
  }

  /** The same for nodes of version 1 that were not known of when it was sent. Throws NOT_CONNECTED. */
  async broadcastToVersion1(message: Outgoing, agent: string): Promise<void> {
    const isSent = this.#awaited.get(message.id)?.broadcastIn.has(1) ?? true;
    if (!isSent && this.versions.allowsVersion1) await this.#broadcastIn(1, message, agent);
  }

  async #broadcastIn(v: ProtocolVersion, message: Outgoing, agent: string): Promise<void> {
    if (v === 1 && !fitsVersion1(message)) return;
    const { transport, topics, security } = this.#parts;
    this.#awaited.get(message.id)?.broadcastIn.add(v);
    const protection = this.#isOurs(message) ? security.sessionKeys?.offering : undefined;
    const bytes = await sealText(jsonOf(message, v), security.signer, protection);
    await transport.publish(topics.agent(message.collective, agent, v), bytes);
  }

  /** Sends a message to each node: sealed if a key is agreed, otherwise the same signed bytes; secrets to those whose key is agreed. Throws NOT_CONNECTED. */
  async direct(message: Outgoing, identities: readonly string[]): Promise<void> {
    const { transport, topics, security } = this.#parts;
    await this.versions.whenKnown(message.collective, identities);
    const texts = new Map<ProtocolVersion, string>();
    const signed = new Map<ProtocolVersion, Promise<Uint8Array>>();
    const textOf = (v: ProtocolVersion) => {
      const known = texts.get(v) ?? jsonOf(message, v);
      texts.set(v, known);
      return known;
    };
    const sign = (v: ProtocolVersion) => {
      const known = signed.get(v) ?? this.#sign(message, textOf(v));
      signed.set(v, known);
      return known;
    };
    for (const identity of identities) {
      const tries = this.#countTry(message, identity);
      const v = this.versions.of(message.collective, identity, tries ?? 0);
      if (v === 1 && !fitsVersion1(message)) continue;
      const protection = this.#sealing(message, identity, tries);
      let bytes: Uint8Array;
      if (hasSecrets(message)) {
        const text = this.#withSecrets(message as OwnRequest, identity);
        if (text === undefined) continue;
        bytes = await (protection ? sealText(text, security.signer, protection) : this.#sign(message, text));
      } else bytes = await (protection ? sealText(textOf(v), security.signer, protection) : sign(v));
      await transport.publish(topics.node(message.collective, identity), bytes);
    }
  }

  #sign(message: Outgoing, text: string): Promise<Uint8Array> {
    return sealText(text, this.#parts.security.signer, this.#isOurs(message) ? withOurKey : undefined);
  }

  #withSecrets(message: OwnRequest, identity: string): string | undefined {
    const { sessionKeys } = this.#parts.security;
    const peer = this.#secretPeerOf(identity);
    if (!sessionKeys || !peer) return undefined;
    const secret = sessionKeys.encrypt(Buffer.from(JSON.stringify(secretsOf(message))), peer);
    return jsonOf(message, protocolVersion, secret);
  }

  /** How often the message was sent to a node before; nothing where nobody waits for replies. */
  #countTry({ id }: Outgoing, identity: string): number | undefined {
    const tries = this.#awaited.get(id)?.tries;
    if (!tries) return undefined;
    const before = tries.get(identity) ?? 0;
    tries.set(identity, before + 1);
    return before;
  }

  // A repeated request is signed, also one that went to all: the node may have lost the key, or this client the reply
  // that said so.
  #sealing(message: Outgoing, identity: string, tries: number | undefined): MessageProtection | undefined {
    const { sessionKeys } = this.#parts.security;
    if (!sessionKeys || message.type === 'cancel' || !this.#isOurs(message)) return undefined;
    const isFirst = tries === 0 && this.#awaited.get(message.id)?.broadcastIn.size === 0;
    return isFirst ? sessionKeys.sealing(identity) : undefined;
  }

  // The replies to others cannot be opened there when they are sealed for this process.
  #isOurs(message: Outgoing): boolean {
    return message.session === this.session && !(message.type === 'request' && message.noReply);
  }

  // A signature is checked on this thread, as soon as its message comes. What the check of a token waits for takes more
  // turns than that of a seal; whichever ends first, replies are brought in the order in which they came: a result must
  // not overtake the output before it.
  #receive(bytes: Uint8Array, topic: string): void {
    const opened = open(bytes, this.#parts.security.verifier);
    // A failure is handled when the message is delivered; until then it has no handler.
    opened.catch(() => undefined);
    this.#undelivered += 1;
    void this.#inOrder.run(async () => {
      await this.#deliver(opened, topic);
      this.#undelivered -= 1;
    });
  }

  async #deliver(opened: ReturnType<typeof open>, topic: string): Promise<void> {
    const { log, topics } = this.#parts;
    try {
      const { payload, proof } = await opened;
      const reply = this.#decrypted(checkReply(payload), proof);
      if (proof.name !== undefined && proof.name !== reply.sender) {
        throw new TroupeError(
          'SIGNATURE_INVALID',
          `a reply from "${reply.sender}" is signed by "${proof.name}"`,
        );
      }
      if (proof.collective !== undefined && proof.collective !== reply.collective) {
        throw new TroupeError(
          'SIGNATURE_INVALID',
          `"${reply.sender}" is only allowed in the collective "${proof.collective}"`,
        );
      }
      // The broker allows each node to publish only under its own name; that includes token holders, which have no certificate.
      const place = topics.parse(topic);
      if (
        place?.kind !== 'reply' ||
        place.identity !== reply.sender ||
        place.collective !== reply.collective
      ) {
        throw new TroupeError(
          'SIGNATURE_INVALID',
          `a reply from "${reply.sender}" arrived on the topic ${topic}, which is not its own`,
        );
      }
      if (reply.caller !== this.caller || reply.session !== this.session) {
        throw new TroupeError(
          'MESSAGE_MALFORMED',
          `a reply from "${reply.sender}" is addressed to another client`,
        );
      }
      this.#note(reply, proof);
      this.#keepProof(proof);
      const awaited = this.#awaited.get(reply.id);
      for (const listener of awaited?.listeners ?? []) listener(reply, proof.key);
      if (!awaited) for (const other of this.#others) other(reply);
    } catch (error) {
      log.warn(reasonOf(error), `reply rejected: ${rejectionOf(error)}`);
    }
  }

  #note(reply: Reply, proof: Proof): void {
    this.versions.heard(reply);
    this.ddls.heard(reply);
    const peer = proof.answer?.peer;
    if (peer && proof.name === undefined) this.#parts.security.sessionKeys?.met(reply.sender, peer);
  }

  // What only this client may read of a reply.
  #decrypted(reply: Reply, proof: Proof): Reply {
    if (reply.kind !== 'result' || reply.secret === undefined) return reply;
    const { secret, ...rest } = reply;
    const peer = proof.answer?.peer;
    const plaintext = peer && this.#parts.security.sessionKeys?.decrypt(secret, peer);
    if (!plaintext)
      throw new TroupeError(
        'SIGNATURE_INVALID',
        `a reply from "${reply.sender}" has secrets for another key`,
      );
    const hidden = parseJson(plaintext);
    if (!isHash(hidden))
      throw new TroupeError('MESSAGE_MALFORMED', 'the encrypted outputs are not an object');
    return { ...rest, data: { ...rest.data, ...hidden } };
  }
}
