import { waitFor } from '@troupe/testkit';
import type { AttackNetwork } from '../attack-network.js';
import { payloadOf } from '../jws.js';
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

/** Delivers a message from eve to the victim, and returns the victim's result for that id unchanged. */
export async function answerTo(network: AttackNetwork, id: unknown, bytes: Uint8Array): Promise<Uint8Array> {
  await network.eve.subscribe('mco/mcollective/reply/eve.mcollective/s1/#');
  const { length } = network.eve.heard;
  await network.deliver(bytes);
  const answer = await waitFor('a reply from the victim', () =>
    network.eve.heard.slice(length).find(({ payload }) => {
      const { id: of, kind } = payloadOf(payload);
      return of === id && kind === 'result';
    }),
  );
  return answer.payload;
}
