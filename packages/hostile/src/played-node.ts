import type { AttackNetwork } from './attack-network.js';
import { headerOf, payloadOf } from './jws.js';
import type { Account } from './mqtt.js';

/** A message that a stolen node received. */
export interface Received {
  readonly topic: string;
  readonly header: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
}

/** What a stolen node says: parts of a reply that it signs, or bytes of its own making. */
export type Says = Record<string, unknown> | Uint8Array | undefined;

/** A stolen node that answers as it likes. */
export interface PlayedNode {
  readonly name: string;
  readonly account: Account;
  /** All that it received, in that order. */
  readonly received: readonly Received[];
}

/** A reply to a request, as an honest node would begin it. */
export function replyTo(request: Record<string, unknown>, sender: string): Record<string, unknown> {
  const { v, id, caller, session, collective, agent = '', action = '' } = request;
  return {
    v,
    ...(v === 2 && { protocol: 2 }),
    type: 'reply',
    kind: 'result',
    id,
    time: Date.now(),
    seq: 1,
    sender,
    caller,
    session,
    collective,
    agent,
    action,
    outcome: 'ok',
    statuscode: 0,
    statusmsg: 'OK',
    data: {},
  };
}

/** Plays a node with its stolen account: `answer` says what it replies to each request that reaches it. */
export async function playNode(
  network: AttackNetwork,
  name: string,
  answer: (message: Received) => Says | readonly Says[],
  { collective = 'mcollective', account }: { readonly collective?: string; readonly account?: Account } = {},
): Promise<PlayedNode> {
  const own = account ?? (await network.join(name, { clientId: name }));
  const received: Received[] = [];
  own.mqtt.on('message', (topic, bytes) => {
    const message = { topic, header: headerOf(bytes), payload: payloadOf(bytes) };
    received.push(message);
    const said = answer(message);
    for (const one of Array.isArray(said) ? (said as readonly Says[]) : [said as Says]) {
      if (one === undefined) continue;
      const { caller, session } = message.payload;
      const bytesOut =
        one instanceof Uint8Array ? one : network.sign(name, { ...replyTo(message.payload, name), ...one });
      void own.publish(`mco/${collective}/reply/${String(caller)}/${String(session)}/${name}`, bytesOut);
    }
  });
  for (const topic of [
    `node/${name}`,
    'agent/v2-discovery',
    'agent/discovery',
    'agent/v2-counter',
    'agent/counter',
  ])
    await own.subscribe(`mco/${collective}/${topic}`);
  return { name, account: own, received };
}
