import { readToken } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import type { AttackNetwork } from '../attack-network.js';
import { encode } from '../jws.js';
import type { Attack } from './attack.js';

const session = '0011223344556677';
const fileId = '0123456789abcdef'.repeat(2);

function subscribes(who: string, name: string, filter: string): Attack {
  return {
    name,
    run: async (network) => `SUBACK ${await (await network.join(who)).subscribe(filter)}`,
    refused: [/SUBACK 128/, /subscription denied/],
  };
}

function publishes(
  who: string,
  name: string,
  topic: string,
  options: { retain?: boolean; payload?: string | Buffer; refused?: RegExp } = {},
): Attack {
  return {
    name,
    run: async (network) => {
      const account = await network.join(who);
      await account.publish(topic, options.payload ?? 'x', { retain: options.retain ?? false });
      await waitFor('the broker to end the connection', () => account.isClosed);
      return 'disconnected';
    },
    refused: [
      /disconnected/,
      options.refused ??
        (options.payload ? /a payload of|too large|connection closed|bytes/ : /publish denied/),
    ],
  };
}

function connects(
  name: string,
  options: (network: AttackNetwork) => Promise<object> | object,
  why: RegExp,
): Attack {
  return {
    name,
    run: async (network) => network.refusal(await options(network)),
    refused: [/connection refused/, why],
  };
}

/** Attacks at the broker with the stolen account of a node, a caller or an enrolling machine. */
export const brokerAttacks: readonly Attack[] = [
  subscribes('web2.lab', "a node subscribes to another node's requests", 'mco/mcollective/node/web1.lab'),
  subscribes('web2.lab', 'a node subscribes to the requests of all nodes', 'mco/mcollective/node/+'),
  subscribes('web2.lab', 'a node subscribes to every topic', '#'),
  subscribes(
    'web2.lab',
    "a node subscribes to a caller's replies",
    'mco/mcollective/reply/alice.mcollective/#',
  ),
  subscribes('web2.lab', 'a node subscribes to the presence of all nodes', 'mco/mcollective/presence/#'),
  subscribes('web2.lab', 'a node subscribes to the audit events of all nodes', 'mco/mcollective/event/#'),
  subscribes(
    'web2.lab',
    'a node subscribes to the requests of a collective that does not list it',
    'mco/eu/agent/+',
  ),
  subscribes(
    'web2.lab',
    'a node subscribes to the collective of new machines',
    'mco/provisioning/agent/provision',
  ),
  subscribes(
    'eve.mcollective',
    "a caller subscribes to another caller's replies",
    'mco/mcollective/reply/alice.mcollective/#',
  ),
  subscribes(
    'eve.mcollective',
    'a caller subscribes to the replies of all callers',
    'mco/mcollective/reply/+/#',
  ),
  subscribes('eve.mcollective', "a caller subscribes to a node's requests", 'mco/mcollective/node/web1.lab'),
  publishes('web2.lab', 'a node publishes a request to all nodes', 'mco/mcollective/agent/counter'),
  publishes('web2.lab', 'a node publishes a request to another node', 'mco/mcollective/node/web1.lab'),
  publishes(
    'web2.lab',
    'a node publishes the presence of another node',
    'mco/mcollective/presence/web1.lab',
    {
      retain: true,
    },
  ),
  publishes(
    'web2.lab',
    'a node publishes a reply in the name of another node',
    `mco/mcollective/reply/alice.mcollective/${session}/web1.lab`,
  ),
  publishes(
    'web2.lab',
    'a node publishes an audit event in the name of another node',
    'mco/mcollective/event/web1.lab',
  ),
  publishes(
    'web2.lab',
    'a node publishes a retained reply',
    `mco/mcollective/reply/alice.mcollective/${session}/web2.lab`,
    { retain: true },
  ),
  publishes(
    'eve.mcollective',
    'a caller publishes a reply in the name of a node',
    `mco/mcollective/reply/alice.mcollective/${session}/web1.lab`,
  ),
  subscribes('eve.mcollective', 'a caller subscribes to the pieces of all files', 'mco/mcollective/file/#'),
  publishes('web2.lab', 'a node publishes a piece of a file', `mco/mcollective/file/web2.lab/${fileId}/0`),
  publishes(
    'web2.lab',
    "a node publishes a piece of a caller's file",
    `mco/mcollective/file/alice.mcollective/${fileId}/0`,
  ),
  publishes(
    'eve.mcollective',
    "a caller publishes a piece of another caller's file",
    `mco/mcollective/file/alice.mcollective/${fileId}/0`,
  ),
  publishes(
    'eve.mcollective',
    'a caller publishes the presence of a node',
    'mco/mcollective/presence/web1.lab',
    {
      retain: true,
    },
  ),
  publishes('eve.mcollective', 'a caller publishes a retained request', 'mco/mcollective/agent/counter', {
    retain: true,
  }),
  publishes(
    'eve.mcollective',
    'a caller publishes a message of one byte more than a megabyte',
    'mco/mcollective/agent/counter',
    {
      payload: Buffer.alloc(1024 * 1024 + 1),
      refused: /a payload of 1048577 bytes exceeds the limit/,
    },
  ),
  publishes(
    'eve.mcollective',
    'a caller publishes a message of two megabytes',
    'mco/mcollective/agent/counter',
    {
      payload: Buffer.alloc(2 * 1024 * 1024),
    },
  ),
  connects(
    'a node sets a last will in the name of another node',
    (network) => ({
      ...network.person('web2.lab').pem,
      clientId: 'web2.lab',
      will: { topic: 'mco/mcollective/presence/web1.lab', payload: Buffer.from('x'), qos: 1, retain: true },
    }),
    /a node may publish only its own presence/,
  ),
  connects(
    'a node connects with the client id of another node',
    (network) => ({ ...network.person('web2.lab').pem, clientId: 'web1.lab' }),
    /client id .* not permitted/,
  ),
  connects(
    'a client connects without a certificate',
    () => ({ clientId: 'x' }),
    /neither a certificate nor an enrolment token/,
  ),
  connects(
    'a client connects with a certificate from another CA',
    (network) => ({ ...network.person('evil alice').pem, clientId: 'alice.mcollective:1' }),
    /not accepted/,
  ),
  connects(
    'a caller connects with a certificate for e-mail',
    (network) => ({ ...network.person('mail of alice').pem, clientId: 'alice.mcollective:1' }),
    /unsuitable certificate purpose|unsupported certificate purpose|INVALID_PURPOSE/,
  ),
  connects(
    'a caller connects with a CA certificate',
    (network) => ({ ...network.person('alice as a CA').pem, clientId: 'alice.mcollective:1' }),
    /is a CA certificate, which must not sign messages or connect/,
  ),
  connects(
    'a node connects with a CA certificate',
    (network) => ({ ...network.person('web2 as a CA').pem, clientId: 'web2.lab' }),
    /is a CA certificate, which must not sign messages or connect/,
  ),
  connects(
    'a revoked node connects',
    (network) => ({ ...network.person('web9.lab').pem, clientId: 'web9.lab' }),
    /revoked/i,
  ),
  connects(
    'a revoked caller connects',
    (network) => ({ ...network.person('mallory.mcollective').pem, clientId: 'mallory.mcollective:1' }),
    /revoked/i,
  ),
  connects(
    'a caller connects with an expired certificate',
    (network) => ({ ...network.person('old.mcollective').pem, clientId: 'old.mcollective:1' }),
    /expired/i,
  ),
  connects(
    'a machine connects with an expired token',
    async (network) => network.enrolling('new1.lab', await network.token({ ttlSeconds: -60 })),
    /expired at/,
  ),
  connects(
    'a machine extends the lifetime of its token',
    async (network) => {
      const [header, claims = '', signature] = (await network.token({ ttlSeconds: -60 })).split('.');
      const longer = {
        ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object),
        exp: 4_000_000_000,
      };
      return network.enrolling('new1.lab', [header, encode(JSON.stringify(longer)), signature].join('.'));
    },
    /the signature is not valid/,
  ),
  connects(
    'a node issues an enrolment token',
    async (network) => network.enrolling('new1.lab', await network.token({}, 'web2.lab')),
    /is not allowed to issue tokens/,
  ),
  connects(
    'a revoked caller issues an enrolment token',
    async (network) => network.enrolling('new1.lab', await network.token({}, 'mallory.mcollective')),
    /revoked/,
  ),
  connects(
    'a token is issued for the main collective',
    async (network) => network.enrolling('new1.lab', await network.token({ collective: 'mcollective' })),
    /machines enrol in "provisioning"/,
  ),
  {
    name: 'a token is used by one machine more than it allows',
    run: async (network) => {
      const token = await network.token({ uses: 1 });
      await network.connect(network.enrolling('new1.lab', token));
      return network.refusal(network.enrolling('new2.lab', token));
    },
    refused: [/connection refused/, /it is used up: 1 machines/],
  },
  {
    name: 'a revoked token is used',
    run: async (network) => {
      const token = await network.token();
      network.revoke(readToken(token).jti);
      return network.refusal(network.enrolling('new1.lab', token));
    },
    refused: [/connection refused/, /was rejected: it is revoked/],
  },
  {
    name: 'an enrolling machine subscribes in the main collective',
    run: async (network) => {
      const machine = await network.connect(network.enrolling('new1.lab', await network.token()));
      return `SUBACK ${await machine.subscribe('mco/mcollective/agent/+')}`;
    },
    refused: [/SUBACK 128/],
  },
  {
    name: 'an enrolling machine publishes in the main collective',
    run: async (network) => {
      const machine = await network.connect(network.enrolling('new1.lab', await network.token()));
      await machine.publish('mco/mcollective/presence/new1.lab', 'x', { retain: true });
      await waitFor('the broker to end the connection', () => machine.isClosed);
      return 'disconnected';
    },
    refused: [/disconnected/],
  },
  {
    name: 'an enrolling machine uses the name of a node to receive its requests',
    run: async (network) => {
      const machine = await network.connect(network.enrolling('web1.lab', await network.token()));
      return `SUBACK ${await machine.subscribe('mco/mcollective/node/web1.lab')}`;
    },
    refused: [/SUBACK 128/],
  },
];
