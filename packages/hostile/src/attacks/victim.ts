import { waitFor } from '@troupe/testkit';
import type { AttackNetwork } from '../attack-network.js';
import { payloadOf } from '../jws.js';
import type { Account } from '../mqtt.js';
import type { Attack } from './attack.js';

/** The audit entry of a message that was rejected for this reason. */
export function rejectedEntry(why: RegExp): RegExp {
  return new RegExp(`"outcome":"invalid","reason":.*${why.source}`);
}

type Bytes = (network: AttackNetwork) => Promise<Uint8Array | string> | Uint8Array | string;

/** A message that the victim must reject: it sends no reply, and its log and its audit have the reason. */
export function isRejected(name: string, bytes: Bytes, why: RegExp): Attack {
  return {
    name,
    run: async (network) => {
      await network.deliver(await bytes(network));
      return undefined;
    },
    refused: [/message rejected/, why],
    audited: rejectedEntry(why),
  };
}

/** Who waits for a reply, and where the request goes. */
export interface Exchange {
  /** Default: eve. */
  readonly account?: Account;
  readonly caller?: string;
  readonly session?: string;
  /** Default: the topic of web1. */
  readonly topic?: string;
}

/** Delivers a message to a victim, and returns its result for that id unchanged. */
export async function answerTo(
  network: AttackNetwork,
  id: unknown,
  bytes: Uint8Array,
  { account = network.eve, caller = 'eve.mcollective', session = 's1', topic }: Exchange = {},
): Promise<Uint8Array> {
  await account.subscribe(`mco/mcollective/reply/${caller}/${session}/#`);
  const { length } = account.heard;
  await network.deliver(bytes, topic);
  const answer = await waitFor('a reply from the victim', () =>
    account.heard.slice(length).find(({ payload }) => {
      const { id: of, kind } = payloadOf(payload);
      return of === id && kind === 'result';
    }),
  );
  return answer.payload;
}

/** Has somebody make a request, and returns the result as `OUTCOME: MESSAGE DATA`. */
export async function ask(
  network: AttackNetwork,
  message: Record<string, unknown>,
  who = 'eve.mcollective',
  exchange: Exchange = {},
): Promise<string> {
  const account = who === 'eve.mcollective' ? network.eve : await network.join(who);
  const answer = await answerTo(network, message.id, network.sign(who, message), {
    account,
    caller: who,
    ...exchange,
  });
  return textOf(answer);
}

/** A result as `OUTCOME: MESSAGE DATA`. */
export function textOf(answer: Uint8Array): string {
  const { outcome, statusmsg, data, withheld } = payloadOf(answer);
  const hidden = withheld === undefined ? '' : ` withheld ${JSON.stringify(withheld)}`;
  return `${String(outcome)}: ${String(statusmsg)} ${JSON.stringify(data)}${hidden}`;
}

/** A request that the victim answers with a refusal; unless told, its audit has the words after the outcome. */
export function isAnswered(
  name: string,
  message: (network: AttackNetwork) => Record<string, unknown>,
  refused: RegExp,
  audited = new RegExp(refused.source.replace(/^[\w-]+: /, '')),
): Attack {
  return { name, run: (network) => ask(network, message(network)), refused: [refused], audited };
}
