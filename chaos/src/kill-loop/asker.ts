import type { ClientConfig } from '@troupe/client';
import {
  checkReply,
  clientSecurity,
  connectMqtt,
  emptyFilter,
  open,
  type Request,
  type ResultReply,
  seal,
  silentLogger,
  Topics,
} from '@troupe/core';
import { identity } from './site.js';

/** Sends a request again under an id that was used before, as a broker may, or a client that had no answer. */
export interface Asker extends AsyncDisposable {
  ask(id: string, input: Request['input'], signal: AbortSignal): Promise<ResultReply>;
}

const session = 'again';
/** Milliseconds after which it is sent again: QoS 0 loses. */
const patience = 2000;

/** An asker of the same caller as the client of a configuration, in a session of its own. */
export async function openAsker(config: ClientConfig): Promise<Asker> {
  const security = clientSecurity({ config: config.security, broker: config.broker, name: 'loop' });
  const topics = new Topics({ escape: config.topics.escape });
  const [collective = 'mcollective'] = config.collectives;
  const { name: caller } = security.signer;
  const transport = await connectMqtt({
    ...config.broker,
    clientId: `${caller}:${session}`,
    credentials: security.credentials,
    log: silentLogger,
    timeout: config.connect_timeout,
  });
  const waiting = new Map<string, (result: ResultReply) => void>();
  const receive = async (bytes: Uint8Array) => {
    const { payload } = await open(bytes, security.verifier);
    const reply = checkReply(payload);
    if (reply.kind === 'result') waiting.get(reply.id)?.(reply);
  };
  await transport.subscribe(topics.replies(collective, caller, session), (bytes) => void receive(bytes));
  const ask = async (id: string, input: Request['input'], signal: AbortSignal) => {
    const ended = new Promise<ResultReply>((resolve, reject) => {
      waiting.set(id, resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const request: Request = {
      ...{ v: 1, type: 'request', id, time: Date.now(), ttl: 60, caller, session, collective },
      ...{ agent: 'marks', action: 'mark', filter: emptyFilter, input, answerUnmatched: true },
    };
    const send = async () =>
      transport.publish(topics.node(collective, identity), await seal(request, security.signer));
    // One that is not sent now is sent the next time.
    const timer = setInterval(() => void send().catch(() => {}), patience);
    try {
      await send();
      return await ended;
    } finally {
      clearInterval(timer);
      waiting.delete(id);
    }
  };
  return { ask, [Symbol.asyncDispose]: () => transport.close() };
}
