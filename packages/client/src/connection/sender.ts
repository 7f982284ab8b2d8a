import {
  type MessageProtection,
  type Peer,
  type ProtocolVersion,
  protocolVersion,
  type Security,
  sealText,
  type Topics,
  type Transport,
} from '@troupe/core';
import type { NodeVersions } from './node-versions.js';
import { fitsVersion1, hasSecrets, jsonOf, type Outgoing, type OwnRequest, secretsOf } from './outgoing.js';

/** Signed, with an offer of our key; the reply is signed as well. */
const withOurKey: MessageProtection = { as: 'offering' };

export interface SenderParts {
  readonly transport: Transport;
  readonly topics: Topics;
  readonly security: Security;
  readonly versions: NodeVersions;
  /** W3C Trace Context of requests that have none. */
  readonly traceparent?: string;
}

/** How a request that somebody waits for has been sent so far. */
interface Course {
  /** How often to each node by itself. */
  readonly tries: Map<string, number>;
  /** The versions in which it went to all. */
  readonly broadcastIn: Set<ProtocolVersion>;
}

/** Sends messages to nodes: to each in the version that it speaks, signed, or sealed if a key is agreed. */
export class Sender {
  readonly #session: string;
  readonly #parts: SenderParts;
  // no peer fills this: it holds what this program itself asks for
  readonly #courses = new Map<string, Course>();

  /** `session` is the one of this client. */
  constructor(session: string, parts: SenderParts) {
    this.#session = session;
    this.#parts = parts;
  }

  /** Keeps how a request is sent, from its first message on, until it is left. */
  follow(id: string): void {
    if (!this.#courses.has(id)) this.#courses.set(id, { tries: new Map(), broadcastIn: new Set() });
  }

  leave(id: string): void {
    this.#courses.delete(id);
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

  /** Sends a request to all that have an agent, once in each version that somebody there may speak. Throws NOT_CONNECTED. */
  async broadcast(message: Outgoing, agent: string): Promise<void> {
    if (hasSecrets(message)) throw new RangeError('secrets are encrypted for one node each');
    for (const v of this.#parts.versions.ofAll(message.collective))
      await this.#broadcastIn(v, message, agent);
  }

  /** The same for nodes of version 1 that were not known of when it was sent. Throws NOT_CONNECTED. */
  async broadcastToVersion1(message: Outgoing, agent: string): Promise<void> {
    const isSent = this.#courses.get(message.id)?.broadcastIn.has(1) ?? true;
    if (!isSent && this.#parts.versions.allowsVersion1) await this.#broadcastIn(1, message, agent);
  }

  async #broadcastIn(v: ProtocolVersion, message: Outgoing, agent: string): Promise<void> {
    if (v === 1 && !fitsVersion1(message)) return;
    const { transport, topics, security } = this.#parts;
    this.#courses.get(message.id)?.broadcastIn.add(v);
    const protection = this.#isOurs(message) ? security.sessionKeys?.offering : undefined;
    const bytes = await sealText(this.#jsonOf(message, v), security.signer, protection);
    await transport.publish(topics.agent(message.collective, agent, v), bytes);
  }

  /** Sends a message to each node: the same signed bytes where nothing is for one of them alone. Throws NOT_CONNECTED. */
  async direct(message: Outgoing, identities: readonly string[]): Promise<void> {
    const { transport, topics, security, versions } = this.#parts;
    await versions.whenKnown(message.collective, identities);
    const plain = new Map<ProtocolVersion, string>();
    const signed = new Map<ProtocolVersion, Promise<Uint8Array>>();
    for (const identity of identities) {
      const tries = this.#countTry(message, identity);
      const v = versions.of(message.collective, identity, tries ?? 0);
      const isSecret = hasSecrets(message);
      const text = isSecret
        ? this.#withSecrets(message as OwnRequest, identity)
        : memo(plain, v, () => this.#jsonOf(message, v));
      // Version 1 cannot say it, or no key is agreed: whoever asked for it finds out.
      if (text === undefined || (v === 1 && !fitsVersion1(message))) continue;
      const protection = this.#sealing(message, identity, tries);
      const sign = () => sealText(text, security.signer, this.#isOurs(message) ? withOurKey : undefined);
      const bytes = protection
        ? sealText(text, security.signer, protection)
        : isSecret
          ? sign()
          : memo(signed, v, sign);
      await transport.publish(topics.node(message.collective, identity), await bytes);
    }
  }

  #withSecrets(message: OwnRequest, identity: string): string | undefined {
    const { sessionKeys } = this.#parts.security;
    const peer = this.#secretPeerOf(identity);
    if (!sessionKeys || !peer) return undefined;
    const secret = sessionKeys.encrypt(Buffer.from(JSON.stringify(secretsOf(message))), peer);
    return this.#jsonOf(message, protocolVersion, secret);
  }

  #jsonOf(message: Outgoing, v: ProtocolVersion, secret?: string): string {
    const { traceparent } = this.#parts;
    const isTraced = traceparent !== undefined && message.type === 'request';
    return jsonOf(isTraced ? { traceparent, ...message } : message, v, secret);
  }

  /** How often the message was sent to a node before; nothing where nobody waits for replies. */
  #countTry({ id }: Outgoing, identity: string): number | undefined {
    const tries = this.#courses.get(id)?.tries;
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
    const isFirst = tries === 0 && this.#courses.get(message.id)?.broadcastIn.size === 0;
    return isFirst ? sessionKeys.sealing(identity) : undefined;
  }

  // The replies to others cannot be opened there when they are sealed for this process.
  #isOurs(message: Outgoing): boolean {
    return message.session === this.#session && !(message.type === 'request' && message.noReply);
  }
}

function memo<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
