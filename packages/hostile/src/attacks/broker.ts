import { waitFor } from '@troupe/testkit';
import { encode } from '../jws.js';
import type { World } from '../world.js';
import type { Attack } from './attack.js';

const session = '0011223344556677';

function subscribes(who: string, name: string, filter: string): Attack {
  return {
    name,
    run: async (world) => `SUBACK ${await (await world.join(who)).subscribe(filter)}`,
    refused: [/SUBACK 128/, /subscription denied/],
  };
}

function publishes(
  who: string,
  name: string,
  topic: string,
  options: { retain?: boolean; payload?: string | Buffer } = {},
): Attack {
  return {
    name,
    run: async (world) => {
      const account = await world.join(who);
      await account.publish(topic, options.payload ?? 'x', { retain: options.retain ?? false });
      await waitFor('the broker to end the connection', () => account.isClosed);
      return 'disconnected';
    },
    refused: [
      /disconnected/,
      options.payload ? /a payload of|too large|connection closed|bytes/ : /publish denied/,
    ],
  };
}

function isNotLetIn(name: string, options: (world: World) => Promise<object> | object, why: RegExp): Attack {
  return { name, run: async (world) => world.refusal(await options(world)), refused: [/not let in/, why] };
}

/** What a stolen account of a node, a caller or an enrolling machine tries at the broker. */
export const brokerAttacks: readonly Attack[] = [
  subscribes('web2.lab', "a node listens to another node's requests", 'mco/mcollective/node/web1.lab'),
  subscribes('web2.lab', 'a node listens to the requests of all nodes', 'mco/mcollective/node/+'),
  subscribes('web2.lab', 'a node listens to everything', '#'),
  subscribes('web2.lab', "a node listens to a caller's replies", 'mco/mcollective/reply/alice.mcollective/#'),
  subscribes('web2.lab', 'a node watches who is online', 'mco/mcollective/presence/#'),
  subscribes('web2.lab', 'a node reads the audit of others', 'mco/mcollective/event/#'),
  subscribes(
    'web2.lab',
    'a node looks into the collective of new machines',
    'mco/provisioning/agent/provision',
  ),
  subscribes(
    'eve.mcollective',
    "a caller listens to another caller's replies",
    'mco/mcollective/reply/alice.mcollective/#',
  ),
  subscribes('eve.mcollective', "a caller listens to everybody's replies", 'mco/mcollective/reply/+/#'),
  subscribes('eve.mcollective', "a caller listens to a node's requests", 'mco/mcollective/node/web1.lab'),
  publishes('web2.lab', 'a node publishes a request to all', 'mco/mcollective/agent/counter'),
  publishes('web2.lab', 'a node publishes a request to another', 'mco/mcollective/node/web1.lab'),
  publishes('web2.lab', 'a node takes another offline', 'mco/mcollective/presence/web1.lab', {
    retain: true,
  }),
  publishes(
    'web2.lab',
    'a node replies in the place of another',
    `mco/mcollective/reply/alice.mcollective/${session}/web1.lab`,
  ),
  publishes('web2.lab', 'a node writes into the audit stream of another', 'mco/mcollective/event/web1.lab'),
  publishes(
    'web2.lab',
    'a node leaves a retained reply',
    `mco/mcollective/reply/alice.mcollective/${session}/web2.lab`,
    { retain: true },
  ),
  publishes(
    'eve.mcollective',
    'a caller replies in the place of a node',
    `mco/mcollective/reply/alice.mcollective/${session}/web1.lab`,
  ),
  publishes('eve.mcollective', 'a caller takes a node offline', 'mco/mcollective/presence/web1.lab', {
    retain: true,
  }),
  publishes('eve.mcollective', 'a caller leaves a retained request', 'mco/mcollective/agent/counter', {
    retain: true,
  }),
  publishes('eve.mcollective', 'a caller publishes two megabytes', 'mco/mcollective/agent/counter', {
    payload: Buffer.alloc(2 * 1024 * 1024),
  }),
  isNotLetIn(
    'a node leaves a last will in the name of another',
    (world) => ({
      ...world.person('web2.lab').pem,
      clientId: 'web2.lab',
      will: { topic: 'mco/mcollective/presence/web1.lab', payload: Buffer.from('x'), qos: 1, retain: true },
    }),
    /a node publishes its own presence/,
  ),
  isNotLetIn(
    'a node pushes another off by its client id',
    (world) => ({ ...world.person('web2.lab').pem, clientId: 'web1.lab' }),
    /its client id is/,
  ),
  isNotLetIn(
    'somebody comes without a certificate',
    () => ({ clientId: 'x' }),
    /neither a certificate nor an enrolment token/,
  ),
  isNotLetIn(
    'somebody comes with a certificate of another CA',
    (world) => ({ ...world.person('evil alice').pem, clientId: 'alice.mcollective:1' }),
    /is not accepted/,
  ),
  isNotLetIn(
    'a revoked node comes',
    (world) => ({ ...world.person('web9.lab').pem, clientId: 'web9.lab' }),
    /revoked/i,
  ),
  isNotLetIn(
    'a revoked caller comes',
    (world) => ({ ...world.person('mallory.mcollective').pem, clientId: 'mallory.mcollective:1' }),
    /revoked/i,
  ),
  isNotLetIn(
    'a caller whose certificate is over comes',
    (world) => ({ ...world.person('old.mcollective').pem, clientId: 'old.mcollective:1' }),
    /expired/i,
  ),
  isNotLetIn(
    'a machine comes with a token that is over',
    async (world) => world.enrolling('new1.lab', await world.token({ ttlSeconds: -60 })),
    /expired at/,
  ),
  isNotLetIn(
    'a machine makes its token last longer',
    async (world) => {
      const [header, claims = '', signature] = (await world.token({ ttlSeconds: -60 })).split('.');
      const longer = {
        ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object),
        exp: 4_000_000_000,
      };
      return world.enrolling('new1.lab', [header, encode(JSON.stringify(longer)), signature].join('.'));
    },
    /the signature does not fit/,
  ),
  isNotLetIn(
    'a node makes enrolment tokens',
    async (world) => world.enrolling('new1.lab', await world.token({}, 'web2.lab')),
    /may not issue tokens/,
  ),
  isNotLetIn(
    'a revoked caller makes enrolment tokens',
    async (world) => world.enrolling('new1.lab', await world.token({}, 'mallory.mcollective')),
    /revoked/,
  ),
  isNotLetIn(
    'a token for the main collective is made',
    async (world) => world.enrolling('new1.lab', await world.token({ collective: 'mcollective' })),
    /machines enrol in "provisioning"/,
  ),
  {
    name: 'a token is used by one machine more than it is for',
    run: async (world) => {
      const token = await world.token({ uses: 1 });
      await world.connect(world.enrolling('new1.lab', token));
      return world.refusal(world.enrolling('new2.lab', token));
    },
    refused: [/not let in/, /it is used up: 1 machines/],
  },
  {
    name: 'a token is used that was revoked',
    run: async (world) => {
      const token = await world.token();
      const { appendFileSync } = await import('node:fs');
      const [, claims = ''] = token.split('.');
      const { jti } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { jti: string };
      appendFileSync(world.folder.join('revoked'), `${jti} lost\n`);
      return world.refusal(world.enrolling('new1.lab', token));
    },
    refused: [/not let in/, /is refused: it is revoked/],
  },
  {
    name: 'an enrolling machine listens in the main collective',
    run: async (world) => {
      const machine = await world.connect(world.enrolling('new1.lab', await world.token()));
      return `SUBACK ${await machine.subscribe('mco/mcollective/agent/+')}`;
    },
    refused: [/SUBACK 128/],
  },
  {
    name: 'an enrolling machine publishes in the main collective',
    run: async (world) => {
      const machine = await world.connect(world.enrolling('new1.lab', await world.token()));
      await machine.publish('mco/mcollective/presence/new1.lab', 'x', { retain: true });
      await waitFor('the broker to end the connection', () => machine.isClosed);
      return 'disconnected';
    },
    refused: [/disconnected/],
  },
  {
    name: 'an enrolling machine takes the name of a node to hear its requests',
    run: async (world) => {
      const machine = await world.connect(world.enrolling('web1.lab', await world.token()));
      return `SUBACK ${await machine.subscribe('mco/mcollective/node/web1.lab')}`;
    },
    refused: [/SUBACK 128/],
  },
];
