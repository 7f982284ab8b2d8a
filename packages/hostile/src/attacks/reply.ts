import { waitFor } from '@troupe/testkit';
import type { AttackNetwork } from '../attack-network.js';
import { counterDdl } from '../counter.js';
import { jws, payloadOf } from '../jws.js';
import type { Attack } from './attack.js';

type Forge = (network: AttackNetwork, truth: Record<string, unknown>) => Promise<Uint8Array> | Uint8Array;

/** web2 is called and sends a forged reply before the true one: the client must accept only the true one. */
function isRejected(name: string, forge: Forge, refused: RegExp): Attack {
  return {
    name,
    run: async (network) => {
      const node = await network.join('web2.lab', { clientId: 'web2.lab' });
      await node.subscribe('mco/mcollective/node/web2.lab');
      const call = network.client.agent(counterDdl).count({}, { targets: ['web2.lab'] });
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
      await node.publish(topic, await forge(network, full));
      await node.publish(topic, network.sign('web2.lab', { ...full, data: { count: 7 } }));
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
    (network, truth) => network.sign('web2.lab', { ...truth, sender: 'web1.lab' }),
    /a reply from .* is signed by/,
  ),
  isRejected(
    'a reply is signed with a key without a certificate',
    (network, truth) => network.selfSigned(truth),
    /a key without a certificate or enrolment token/,
  ),
  isRejected(
    'a reply is signed under a certificate from another CA',
    (network, truth) => network.sign('evil alice', truth),
    /is not signed by a trusted CA/,
  ),
  isRejected(
    'a reply is signed under a certificate for e-mail',
    (network, truth) => network.sign('mail of web2', truth),
    /is not valid for clientAuth/,
  ),
  isRejected(
    'a revoked node replies',
    (network, truth) => network.sign('web9.lab', { ...truth, sender: 'web9.lab' }),
    /is revoked/,
  ),
  isRejected(
    'a reply is altered',
    (network, truth) => {
      const [head, , signature] = network.sign('web2.lab', truth).toString().split('.');
      return Buffer.from(
        `${head}.${Buffer.from(JSON.stringify({ ...truth, data: { count: 1 } })).toString('base64url')}.${signature}`,
      );
    },
    /the signature is not valid/,
  ),
  isRejected(
    'a reply to another caller is forwarded',
    (network, truth) => network.sign('web2.lab', { ...truth, caller: 'eve.mcollective' }),
    /is addressed to another caller/,
  ),
  isRejected(
    'a reply to another session is forwarded',
    (network, truth) => network.sign('web2.lab', { ...truth, session: 's2' }),
    /is addressed to another session/,
  ),
  isRejected(
    'a reply to another request is forwarded',
    (network, truth) => network.sign('web2.lab', { ...truth, id: 'f'.repeat(32) }),
    /^/,
  ),
  isRejected(
    'an enrolling machine replies in the main collective',
    async (network, truth) => network.selfSigned({ ...truth, sender: 'web2.lab' }, await network.token()),
    /is only allowed in the collective/,
  ),
  isRejected(
    'a machine replies with an expired token',
    async (network, truth) =>
      network.selfSigned({ ...truth, collective: 'provisioning' }, await network.token({ ttlSeconds: -60 })),
    /expired at/,
  ),
  isRejected(
    'a reply has an unknown field',
    (network, truth) => network.sign('web2.lab', { ...truth, admin: 1 }),
    /unknown key "admin"/,
  ),
  isRejected(
    'a reply is sealed with a key that was not agreed on',
    (_, truth) =>
      jws({ alg: 'HS256', typ: 'troupe+jws', kid: 'AAAAAAAAAAAAAAAAAAAAAA' }, truth, () => Buffer.alloc(32)),
    /an unknown session key/,
  ),
  isRejected(
    'a reply is a request',
    (network) => network.sign('web2.lab', network.request()),
    /unknown kind/,
  ),
  isRejected('a reply is random text', () => Buffer.from('nonsense'), /not a JWS/),
  isRejected(
    'a reply is nested 50,000 levels deep',
    (network) => network.sign('web2.lab', '['.repeat(50_000)),
    /more than 40 levels deep/,
  ),
];
