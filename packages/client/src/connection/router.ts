import {
  checkReply,
  type Logger,
  type MessageProtection,
  type NodeMessage,
  open,
  type Reply,
  type Security,
  seal,
  sealText,
  type Topics,
  type Transport,
  TroupeError,
} from '@troupe/core';
import { Serial } from '@troupe/core/async';
import { reasonOf } from '@troupe/core/internal';
import { rejectionOf } from './rejection.js';

/** Signed, with an offer of our key; the reply is signed as well. */
const withOurKey: MessageProtection = { as: 'offering' };

/** Receives an authenticated reply, and the key that signed it. */
export type ReplyListener = (reply: Reply, key: string) => void;

/** Sends signed messages to nodes, and delivers each authenticated reply to the listeners of its request. */
export class Router {
  readonly session: string;
  readonly #parts: { transport: Transport; topics: Topics; security: Security; log: Logger };
  readonly #listeners = new Map<string, Set<ReplyListener>>();
  /** The nodes that were sent a sealed request, for each request with listeners. */
  readonly #sealed = new Map<string, Set<string>>();
  readonly #others = new Set<(reply: Reply) => void>();
  readonly #collectives = new Map<string, Promise<unknown>>();
  readonly #inOrder = new Serial();
  #undelivered = 0;

  constructor(
    session: string,
    parts: { transport: Transport; topics: Topics; security: Security; log: Logger },
  ) {
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

  /** Seals nothing for a node until its next reply: it went offline, and may come back without its key. */
  invalidateKey(identity: string): void {
    this.#parts.security.sessionKeys?.invalidate(identity);
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
    if (!this.#sealed.has(id)) this.#sealed.set(id, new Set());
    return () => {
      all.delete(listener);
      if (all.size > 0 || this.#listeners.get(id) !== all) return;
      this.#listeners.delete(id);
      this.#sealed.delete(id);
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

  async broadcast(message: NodeMessage, agent: string): Promise<void> {
    const { transport, topics, security } = this.#parts;
    // A node that is called by name afterwards gets a signed request.
    this.#sealed.delete(message.id);
    const protection = this.#isOurs(message) ? security.sessionKeys?.offering : undefined;
    const bytes = await seal(message, security.signer, protection);
    await transport.publish(topics.agent(message.collective, agent), bytes);
  }

  /** Sends the same message to each node: sealed if a key is agreed, otherwise the same signed bytes. */
  async direct(message: NodeMessage, identities: readonly string[]): Promise<void> {
    const { transport, topics, security } = this.#parts;
    const json = JSON.stringify(message);
    let signed: Promise<Uint8Array> | undefined;
    const sign = () => {
      signed ??= sealText(json, security.signer, this.#isOurs(message) ? withOurKey : undefined);
      return signed;
    };
    for (const identity of identities) {
      const protection = this.#sealing(message, identity);
      const bytes = await (protection ? sealText(json, security.signer, protection) : sign());
      await transport.publish(topics.node(message.collective, identity), bytes);
    }
  }

  // A repeated request is signed: the node may have lost the key, or this client the reply that said so.
  #sealing(message: NodeMessage, identity: string): MessageProtection | undefined {
    const { sessionKeys } = this.#parts.security;
    if (!sessionKeys || message.type === 'cancel' || !this.#isOurs(message)) return undefined;
    const sealed = this.#sealed.get(message.id);
    if (!sealed || sealed.has(identity)) return undefined;
    const protection = sessionKeys.sealing(identity);
    if (protection) sealed.add(identity);
    return protection;
  }

  // The replies to others cannot be opened there when they are sealed for this process.
  #isOurs(message: NodeMessage): boolean {
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
      const reply = checkReply(payload);
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
      const listeners = this.#listeners.get(reply.id);
      for (const listener of listeners ?? []) listener(reply, proof.key);
      if (!listeners) for (const other of this.#others) other(reply);
    } catch (error) {
      log.warn(reasonOf(error), `reply rejected: ${rejectionOf(error)}`);
    }
  }
}
