import {
  checkReply,
  type Logger,
  open,
  type Proof,
  type Reply,
  type Security,
  type Topics,
  type Transport,
  TroupeError,
} from '@troupe/core';
import { Serial } from '@troupe/core/async';
import { isHash, parseJson, reasonOf } from '@troupe/core/internal';
import { type NodeProof, NodeProofs } from './node-proofs.js';
import type { NodeVersions } from './node-versions.js';
import type { Outgoing } from './outgoing.js';
import { RejectedReplies } from './rejected-replies.js';
import { rejectionOf } from './rejection.js';
import { Sender } from './sender.js';
import { StatedDdls } from './stated-ddls.js';

/** Receives an authenticated reply, and the key that signed it. */
export type ReplyListener = (reply: Reply, key: string) => void;

export interface RouterParts {
  readonly transport: Transport;
  readonly topics: Topics;
  readonly security: Security;
  readonly versions: NodeVersions;
  readonly log: Logger;
  /** W3C Trace Context of requests that have none. */
  readonly traceparent?: string;
}

/** Sends signed messages to nodes, and delivers each authenticated reply to the listeners of its request. */
export class Router {
  readonly session: string;
  /** Replies that were not accepted. */
  readonly rejected = new RejectedReplies();
  /** What nodes have said of their DDLs. */
  readonly ddls = new StatedDdls();
  readonly #parts: RouterParts;
  readonly #sender: Sender;
  // no peer fills this: it holds what this program itself asks for
  readonly #listeners = new Map<string, Set<ReplyListener>>();
  // no peer fills this: it holds what this program itself asks for
  readonly #others = new Set<(reply: Reply) => void>();
  readonly #proofs = new NodeProofs();
  // no peer fills this: it holds what this program itself asks for
  readonly #collectives = new Map<string, Promise<unknown>>();
  // no peer fills this: a message is checked as soon as it arrives; nothing waits for a peer
  readonly #inOrder = new Serial();
  #undelivered = 0;

  constructor(session: string, parts: RouterParts) {
    this.session = session;
    this.#parts = parts;
    this.#sender = new Sender(session, parts);
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
    return this.#sender.mayHaveSecrets(identity);
  }

  /** Sends a request to all that have an agent, once in each version that somebody there may speak. Throws NOT_CONNECTED. */
  broadcast(message: Outgoing, agent: string): Promise<void> {
    return this.#sender.broadcast(message, agent);
  }

  /** The same for nodes of version 1 that were not known of when it was sent. Throws NOT_CONNECTED. */
  broadcastToVersion1(message: Outgoing, agent: string): Promise<void> {
    return this.#sender.broadcastToVersion1(message, agent);
  }

  /** Sends a message to each node. Throws NOT_CONNECTED. */
  direct(message: Outgoing, identities: readonly string[]): Promise<void> {
    return this.#sender.direct(message, identities);
  }

  /** Seals nothing for a node until its next reply: it went offline, and may come back without its key. */
  invalidateKey(identity: string): void {
    this.#parts.security.sessionKeys?.invalidate(identity);
  }

  /** What is proved of the node that signed a reply with this key; undefined long after its reply. */
  proofOf(key: string): NodeProof | undefined {
    return this.#proofs.of(key);
  }

  /** The number of requests with listeners. */
  get openRequests(): number {
    return this.#listeners.size;
  }

  /** Delivers the replies to request `id` to the listener, until the returned function is called. */
  async listen(collective: string, id: string, listener: ReplyListener): Promise<() => void> {
    await this.#subscribed(collective);
    // Two may attach to one request.
    const all = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, all.add(listener));
    this.#sender.follow(id);
    return () => {
      all.delete(listener);
      if (all.size > 0 || this.#listeners.get(id) !== all) return;
      this.#listeners.delete(id);
      this.#sender.leave(id);
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
    const { topics } = this.#parts;
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
        const other = reply.caller === this.caller ? 'session' : 'caller';
        throw new TroupeError(
          'MESSAGE_MALFORMED',
          `a reply from "${reply.sender}" is addressed to another ${other}`,
        );
      }
      this.#note(reply, proof);
      const listeners = this.#listeners.get(reply.id);
      for (const listener of listeners ?? []) listener(reply, proof.key);
      if (!listeners) for (const other of this.#others) other(reply);
    } catch (error) {
      this.#reject(error, topic);
    }
  }

  #reject(error: unknown, topic: string): void {
    const { log, topics } = this.#parts;
    const place = topics.parse(topic);
    const why = reasonOf(error);
    const node = place?.kind === 'reply' ? place.identity : topic;
    const rejected = { collective: place?.collective ?? '', node, reason: why.reason, code: why.code };
    const { count, isNews } = this.rejected.note(rejected, Date.now());
    if (!isNews) return;
    const times = count > 1 ? { times: count } : {};
    log.warn({ node, ...why, ...times }, `reply rejected: ${rejectionOf(error)}`);
  }

  #note(reply: Reply, proof: Proof): void {
    this.versions.heard(reply);
    this.ddls.heard(reply);
    this.#proofs.keep(proof);
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
