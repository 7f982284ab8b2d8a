import {
  checkConfig,
  checkNodeMessage,
  connectMqtt,
  nodeSecurity,
  open,
  type Request,
  type ResultReply,
  type Security,
  seal,
  silentLogger,
  Topics,
} from '@troupe/core';
import type { IssuedCertificate, TestPki } from '@troupe/testkit';
import { clientSchema } from '../../src/index.js';

/** A request, with its secret inputs if this node can read them. */
export interface Asked {
  readonly request: Request;
  readonly secrets: unknown;
}

type Said = Partial<Pick<ResultReply, 'outcome' | 'data' | 'ddl'>> & { readonly secrets?: object };

/** A node that replies as a test says, on its own topic. */
export class PlayedNode implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #make: () => Security;
  readonly #close: () => Promise<void>;
  #security: Security;

  private constructor(make: () => Security, close: () => Promise<void>) {
    this.#make = make;
    this.#security = make();
    this.#close = close;
  }

  /** Connects a node, and has it reply to each request what `reply` returns, which may restart it first. */
  static async start(
    identity: string,
    { pki, own, url }: { readonly pki: TestPki; readonly own: IssuedCertificate; readonly url: string },
    reply: (asked: Asked, node: PlayedNode) => Said,
  ): Promise<PlayedNode> {
    const settings = { broker: { urls: [url] }, security: { ca: pki.caCertificate, ...own } };
    const { broker, security: config } = checkConfig(settings, clientSchema, 'the test');
    const make = () => nodeSecurity({ config, broker, identity, stateDir: '/nonexistent' });
    const topics = new Topics();
    const { credentials } = make();
    const transport = await connectMqtt({
      ...broker,
      clientId: identity,
      credentials,
      log: silentLogger,
      timeout: 30,
    });
    const node = new PlayedNode(make, () => transport.close());
    const serve = async (bytes: Uint8Array) => {
      const asked = await node.#read(bytes);
      if (!asked) return;
      const said = reply(asked, node);
      const { caller, session, collective } = asked.request;
      const payload = await node.#answer(bytes, identity, asked.request, said);
      await transport.publish(topics.reply(collective, caller, session, identity), payload);
    };
    await transport.subscribe(topics.node('mcollective', identity), (bytes) => void serve(bytes));
    return node;
  }

  /** Forgets the session keys, as a restart does. */
  restart(): void {
    this.#security = this.#make();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  async #read(bytes: Uint8Array): Promise<Asked | undefined> {
    const { payload, proof } = await open(bytes, this.#security.verifier);
    const request = checkNodeMessage(payload);
    if (request.type !== 'request') return undefined;
    const { peer } = proof.answer ?? {};
    const read = request.secret && peer && this.#security.sessionKeys?.decrypt(request.secret, peer);
    const asked = { request, secrets: read && JSON.parse(Buffer.from(read).toString()) };
    this.asked.push(asked);
    return asked;
  }

  async #answer(bytes: Uint8Array, sender: string, request: Request, said: Said): Promise<Uint8Array> {
    const { id, caller, session, collective, agent, action } = request;
    const { signer, verifier, sessionKeys } = this.#security;
    const { proof } = await open(bytes, verifier);
    const { secrets, ...rest } = said;
    const peer = proof.answer?.peer;
    const secret = secrets && peer && sessionKeys?.encrypt(Buffer.from(JSON.stringify(secrets)), peer);
    const reply = {
      ...{ v: 2, protocol: 2, type: 'reply', kind: 'result', time: Date.now(), seq: 1, sender },
      ...{ id, caller, session, collective, agent, action },
      ...{
        outcome: 'ok',
        statuscode: rest.outcome === undefined ? 0 : 1,
        statusmsg: '',
        data: {},
        ...rest,
        secret,
      },
    };
    return seal(reply, signer, proof.answer);
  }
}
