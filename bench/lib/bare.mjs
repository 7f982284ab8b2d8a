import { connectAsync } from 'mqtt';

/** A bare MQTT.js requester: the baseline. Its topics are laid out as Troupe's, so that a broker has the same work. */
export class BareRequester {
  static async connect(url, options, { requestBytes, node = 'bare-1.fleet' }) {
    const client = await connectAsync(url, {
      ...options,
      clientId: 'requester.mcollective:bare',
      protocolVersion: 4,
    });
    client.stream.setNoDelay(true);
    const requester = new BareRequester(client, requestBytes, node);
    await client.subscribeAsync('mco/mcollective/reply/requester.mcollective/bare/#', { qos: 0 });
    return requester;
  }

  #client;
  #node;
  #padding;
  #waiting = new Map();
  #count = 0;

  constructor(client, requestBytes, node) {
    this.#client = client;
    this.#node = node;
    this.#padding = 'x'.repeat(Math.max(0, requestBytes - 60));
    client.on('message', (_topic, payload) => {
      const { id } = JSON.parse(payload);
      this.#waiting.get(id)?.();
    });
  }

  /** One request to one node. */
  call() {
    return this.#ask(`mco/mcollective/node/${this.#node}`, 1);
  }

  /** One request to all, until `count` have answered. */
  broadcast(count) {
    return this.#ask('mco/mcollective/agent/bare', count);
  }

  #ask(topic, count) {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve) => {
      let missing = count;
      this.#waiting.set(id, () => {
        missing -= 1;
        if (missing > 0) return;
        this.#waiting.delete(id);
        resolve();
      });
      this.#client.publish(topic, JSON.stringify({ id, padding: this.#padding }), { qos: 0 });
    });
  }

  async close() {
    await this.#client.endAsync(true);
  }
}
