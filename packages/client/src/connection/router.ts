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

/** Signed, and to be answered so: our key goes along. */
const withOurKey: MessageProtection = { as: 'offering' };

/** A reply that is believed, and the key that signed it. */
export type ReplyListener = (reply: Reply, key: string) => void;

/** Sends signed messages to nodes and brings each reply that is believed to whoever asked. */
export class Router {
  readonly session: string;
  readonly #parts: { transport: Transport; topics: Topics; security: Security; log: Logger };
  readonly #listeners = new Map<string, Set<ReplyListener>>();
  /** Who was asked under a seal, for each request that is listened to. */
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

  /** Whether replies have come that are not checked yet. */
  get isBehind(): boolean {
    return this.#undelivered > 0;
  }

  /** Seals nothing for a node until it has answered again: it went, and may come back without its key. */
  invalidateKey(identity: string): void {
    this.#parts.security.sessionKeys?.invalidate(identity);
  }

  /** How many requests are listened to. */
  get openRequests(): number {
    return this.#listeners.size;
  }

  /** Brings the replies to request `id` to the listener, until the result is called. */
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

  /** Brings the replies that nobody else listens to, until the result is called. */
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
    // Whoever is asked by name afterwards is asked again.
    this.#sealed.delete(message.id);
    const protection = this.#isOurs(message) ? security.sessionKeys?.offering : undefined;
    const bytes = await seal(message, security.signer, protection);
    await transport.publish(topics.agent(message.collective, agent), bytes);
  }

  /** The same message to each node: sealed where a key is agreed, else the same signed bytes. */
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

  // What is asked again is signed: the node may have lost the key, or this client the answer that told it.
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
    // Whoever delivers it hears of a failure; until its turn comes, nobody does.
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
      // The broker lets each publish under its own name only: a token's holder, whom no certificate names, too.
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
      log.warn(reasonOf(error), 'reply rejected');
    }
  }
}
