import type { MemoryBroker, Request } from '@troupe/core';

interface Seen {
  /** The topic after the collective. */
  readonly to: string;
  readonly v: number;
  readonly message: Request;
}

/** All messages to nodes, as anybody at the broker can read them. */
export class Wire {
  readonly #seen: Seen[] = [];
  #text = '';

  static async tap(broker: MemoryBroker): Promise<Wire> {
    const wire = new Wire();
    const observer = broker.connect();
    for (const filter of ['mco/+/node/+', 'mco/+/agent/+', 'mco/+/reply/#'])
      await observer.subscribe(filter, (payload, topic) =>
        wire.#take(Buffer.from(payload).toString(), topic),
      );
    return wire;
  }

  /** Requests to other agents than discovery and rpcutil. */
  requests(): readonly Seen[] {
    return this.#seen.filter(({ message }) => !['discovery', 'rpcutil'].includes(message.agent));
  }

  /** The inputs of those that went to one node. */
  inputsTo(identity: string): readonly unknown[] {
    return this.#inputs((to) => to === `node/${identity}`);
  }

  /** The inputs of those that went to all. */
  inputsToAll(): readonly unknown[] {
    return this.#inputs((to) => to.startsWith('agent/'));
  }

  /** All payloads. */
  text(): string {
    return this.#text;
  }

  forget(): void {
    this.#seen.splice(0);
  }

  #inputs(isMeant: (to: string) => boolean): readonly unknown[] {
    return this.requests()
      .filter(({ to }) => isMeant(to))
      .map(({ message }) => message.input)
      .filter((input) => Object.keys(input).length > 0);
  }

  #take(jws: string, topic: string): void {
    const [, body = ''] = jws.split('.');
    const text = Buffer.from(body, 'base64url').toString();
    this.#text += `${text}\n`;
    const message = JSON.parse(text) as Request;
    const to = topic.split('/').slice(2).join('/');
    if (message.type === 'request') this.#seen.push({ to, v: message.v, message });
  }
}
