import { waitFor } from '@troupe/testkit';
import { payloadOf } from '../jws.js';
import type { World } from '../world.js';
import type { Attack } from './attack.js';

type Bytes = (world: World) => Promise<Uint8Array | string> | Uint8Array | string;

/** Bytes that the victim must not believe: nobody is answered, log and audit have the reason. */
export function isNotBelieved(name: string, bytes: Bytes, why: RegExp): Attack {
  return {
    name,
    run: async (world) => {
      await world.deliver(await bytes(world));
      return undefined;
    },
    refused: [/a message was not believed/, why],
    audited: new RegExp(`"outcome":"invalid","reason":.*${why.source}`),
  };
}

/** Delivers a message of eve's to the victim, and returns its result for that id as it came. */
export async function answerTo(world: World, id: unknown, bytes: Uint8Array): Promise<Uint8Array> {
  await world.eve.subscribe('mco/mcollective/reply/eve.mcollective/s1/#');
  const { length } = world.eve.heard;
  await world.deliver(bytes);
  const answer = await waitFor('an answer of the victim', () =>
    world.eve.heard.slice(length).find(({ payload }) => {
      const { id: of, kind } = payloadOf(payload);
      return of === id && kind === 'result';
    }),
  );
  return answer.payload;
}
