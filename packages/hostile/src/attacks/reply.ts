import { waitFor } from '@troupe/testkit';
import { counterDdl } from '../counter.js';
import { jws, payloadOf } from '../jws.js';
import type { World } from '../world.js';
import type { Attack } from './attack.js';

type Forge = (world: World, truth: Record<string, unknown>) => Promise<Uint8Array> | Uint8Array;

/** web2 is asked, and answers with a lie before it answers with the truth: only the truth may arrive. */
function isNotTaken(name: string, forge: Forge, refused: RegExp): Attack {
  return {
    name,
    run: async (world) => {
      const node = await world.join('web2.lab', { clientId: 'web2.lab' });
      await node.subscribe('mco/mcollective/node/web2.lab');
      const call = world.client.agent(counterDdl).count({}, { targets: ['web2.lab'] });
      const asked = await waitFor('the request', () => node.heard[0]);
      const { id, caller, session, agent, action, collective } = payloadOf(asked.payload);
      const truth = {
        v: 1,
        type: 'reply',
        kind: 'result',
        id,
        time: Date.now(),
        seq: 1,
        sender: 'web2.lab',
        caller,
        session,
        collective,
        agent,
        action,
      };
      const full = { ...truth, outcome: 'ok', statuscode: 0, statusmsg: 'OK', data: { count: 666 } };
      const topic = `mco/mcollective/reply/${String(caller)}/${String(session)}/web2.lab`;
      await node.publish(topic, await forge(world, full));
      await node.publish(topic, world.sign('web2.lab', { ...full, data: { count: 7 } }));
      const results = await call.all();
      return results.map(({ sender, state, data }) => `${sender} ${state} ${JSON.stringify(data)}`).join();
    },
    refused: [refused, /web2\.lab ok \{"count":7\}/],
  };
}

/** What a stolen node does to a client. */
export const replyAttacks: readonly Attack[] = [
  isNotTaken(
    'a node replies under the name of another',
    (world, truth) => world.sign('web2.lab', { ...truth, sender: 'web1.lab' }),
    /signed a reply that says it is from/,
  ),
  isNotTaken(
    'a reply is signed by nobody who is known',
    (world, truth) => world.selfSigned(truth),
    /nobody vouches for/,
  ),
  isNotTaken(
    'a reply is signed by another CA',
    (world, truth) => world.sign('evil alice', truth),
    /is not from a trusted CA/,
  ),
  isNotTaken(
    'a revoked node replies',
    (world, truth) => world.sign('web9.lab', { ...truth, sender: 'web9.lab' }),
    /is revoked/,
  ),
  isNotTaken(
    'a reply is altered',
    (world, truth) => {
      const [head, , signature] = world.sign('web2.lab', truth).toString().split('.');
      return Buffer.from(
        `${head}.${Buffer.from(JSON.stringify({ ...truth, data: { count: 1 } })).toString('base64url')}.${signature}`,
      );
    },
    /the signature does not fit/,
  ),
  isNotTaken(
    'a reply to another caller is handed on',
    (world, truth) => world.sign('web2.lab', { ...truth, caller: 'eve.mcollective' }),
    /is addressed to another client/,
  ),
  isNotTaken(
    'a reply to another session is handed on',
    (world, truth) => world.sign('web2.lab', { ...truth, session: 's2' }),
    /is addressed to another client/,
  ),
  isNotTaken(
    'a reply to another request is handed on',
    (world, truth) => world.sign('web2.lab', { ...truth, id: 'f'.repeat(32) }),
    /^/,
  ),
  isNotTaken(
    'an enrolling machine replies in the main collective',
    async (world, truth) => world.selfSigned({ ...truth, sender: 'web2.lab' }, await world.token()),
    /may speak in the collective/,
  ),
  isNotTaken(
    'a machine replies with a token that is over',
    async (world, truth) =>
      world.selfSigned({ ...truth, collective: 'provisioning' }, await world.token({ ttlSeconds: -60 })),
    /expired at/,
  ),
  isNotTaken(
    'a reply has a field that is not known',
    (world, truth) => world.sign('web2.lab', { ...truth, admin: 1 }),
    /must NOT have additional properties/,
  ),
  isNotTaken(
    'a reply is sealed with a key that nobody agreed on',
    (_, truth) =>
      jws({ alg: 'HS256', typ: 'troupe+jws', kid: 'AAAAAAAAAAAAAAAAAAAAAA' }, truth, () => Buffer.alloc(32)),
    /a session key that is not known here/,
  ),
  isNotTaken('a reply is a request', (world) => world.sign('web2.lab', world.request()), /unknown kind/),
  isNotTaken('a reply is nonsense', () => Buffer.from('nonsense'), /not a JWS/),
  isNotTaken(
    'a reply nests without end',
    (world) => world.sign('web2.lab', '['.repeat(50_000)),
    /deeper than 40 levels/,
  ),
];
