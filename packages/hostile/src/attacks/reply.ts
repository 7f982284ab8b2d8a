import { waitFor } from '@troupe/testkit';
import { counterDdl } from '../counter.js';
import { jws, payloadOf } from '../jws.js';
import type { World } from '../world.js';
import type { Attack } from './attack.js';

type Forge = (world: World, truth: Record<string, unknown>) => Promise<Uint8Array> | Uint8Array;

/** web2 is called and sends a forged reply before the true one: the client must accept only the true one. */
function isRejected(name: string, forge: Forge, refused: RegExp): Attack {
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
    refused: [/web2\.lab ok \{"count":7\}/, refused],
  };
}

/** Attacks on a client by a stolen node. */
export const replyAttacks: readonly Attack[] = [
  isRejected(
    'a node replies in the name of another node',
    (world, truth) => world.sign('web2.lab', { ...truth, sender: 'web1.lab' }),
    /a reply from .* is signed by/,
  ),
  isRejected(
    'a reply is signed with a key without a certificate',
    (world, truth) => world.selfSigned(truth),
    /a key without a certificate or enrolment token/,
  ),
  isRejected(
    'a reply is signed under a certificate from another CA',
    (world, truth) => world.sign('evil alice', truth),
    /is not signed by a trusted CA/,
  ),
  isRejected(
    'a revoked node replies',
    (world, truth) => world.sign('web9.lab', { ...truth, sender: 'web9.lab' }),
    /is revoked/,
  ),
  isRejected(
    'a reply is altered',
    (world, truth) => {
      const [head, , signature] = world.sign('web2.lab', truth).toString().split('.');
      return Buffer.from(
        `${head}.${Buffer.from(JSON.stringify({ ...truth, data: { count: 1 } })).toString('base64url')}.${signature}`,
      );
    },
    /the signature is not valid/,
  ),
  isRejected(
    'a reply to another caller is forwarded',
    (world, truth) => world.sign('web2.lab', { ...truth, caller: 'eve.mcollective' }),
    /is addressed to another client/,
  ),
  isRejected(
    'a reply to another session is forwarded',
    (world, truth) => world.sign('web2.lab', { ...truth, session: 's2' }),
    /is addressed to another client/,
  ),
  isRejected(
    'a reply to another request is forwarded',
    (world, truth) => world.sign('web2.lab', { ...truth, id: 'f'.repeat(32) }),
    /^/,
  ),
  isRejected(
    'an enrolling machine replies in the main collective',
    async (world, truth) => world.selfSigned({ ...truth, sender: 'web2.lab' }, await world.token()),
    /is only allowed in the collective/,
  ),
  isRejected(
    'a machine replies with an expired token',
    async (world, truth) =>
      world.selfSigned({ ...truth, collective: 'provisioning' }, await world.token({ ttlSeconds: -60 })),
    /expired at/,
  ),
  isRejected(
    'a reply has an unknown field',
    (world, truth) => world.sign('web2.lab', { ...truth, admin: 1 }),
    /must NOT have additional properties/,
  ),
  isRejected(
    'a reply is sealed with a key that was not agreed on',
    (_, truth) =>
      jws({ alg: 'HS256', typ: 'troupe+jws', kid: 'AAAAAAAAAAAAAAAAAAAAAA' }, truth, () => Buffer.alloc(32)),
    /an unknown session key/,
  ),
  isRejected('a reply is a request', (world) => world.sign('web2.lab', world.request()), /unknown kind/),
  isRejected('a reply is random text', () => Buffer.from('nonsense'), /not a JWS/),
  isRejected(
    'a reply is nested 50,000 levels deep',
    (world) => world.sign('web2.lab', '['.repeat(50_000)),
    /more than 40 levels deep/,
  ),
];
