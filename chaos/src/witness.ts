import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Fields {
  readonly node?: string;
  readonly outcome?: string;
  readonly groups?: readonly {
    readonly event: string;
    readonly messages: readonly { readonly node: string }[];
  }[];
}

/** A person who reads the notifications: a web server of this process, to which the notifiers post them. */
export class Witness {
  readonly #server: Server;
  /** The outcomes of which it read, by node. */
  readonly #outcomes = new Map<string, Set<string>>();
  readonly #ids = new Map<string, number>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Witness> {
    const server = createServer();
    const witness = new Witness(server);
    server.on('request', async (request, response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        witness.#read(Buffer.concat(chunks).toString());
        response.writeHead(204).end();
      } catch {
        // A notifier that was killed in the middle of it tries again.
        response.writeHead(400).end();
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return witness;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** How many notifications it got, and how many of them it had got before. */
  get counts(): { readonly all: number; readonly repeated: number } {
    const all = [...this.#ids.values()].reduce((sum, count) => sum + count, 0);
    return { all, repeated: all - this.#ids.size };
  }

  /** What it read of a node: `done`, `quarantined` and others. */
  outcomesOf(node: string): readonly string[] {
    return [...(this.#outcomes.get(node) ?? [])];
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #read(body: string): void {
    const { id, fields } = JSON.parse(body) as { id: string; fields: Fields };
    this.#ids.set(id, (this.#ids.get(id) ?? 0) + 1);
    const { node, outcome, groups = [] } = fields;
    if (node !== undefined && outcome !== undefined) this.#note(node, outcome);
    for (const { event, messages } of groups) for (const each of messages) this.#note(each.node, event);
  }

  #note(node: string, outcome: string): void {
    const outcomes = this.#outcomes.get(node) ?? new Set();
    this.#outcomes.set(node, outcomes.add(outcome));
  }
}
