import type { Client } from '@troupe/client';
import type { Ddl } from '@troupe/core';
import { agreed, contextOf, fingerprintOf, jwe, jweHeader, newOffer, sealed } from '../agreement.js';
import type { AttackNetwork } from '../attack-network.js';
import { counterDdl, counterHash } from '../counter.js';
import { type PlayedNode, playNode, type Received, replyTo, type Says } from '../played-node.js';
import type { Attack } from './attack.js';
import { called } from './called.js';

const ddl = counterDdl as unknown as Ddl;
const fits = { ddl: { version: '1.0.0', hash: counterHash } };
const password = 'correct horse';

/** Whether the words of a secret were in anything that a node received. */
function leaks({ received }: PlayedNode): string {
  return `the node received the secret: ${received.some(({ payload }) => JSON.stringify(payload).includes(password))}`;
}

/** A client calls `keep` with a secret at a stolen node. */
function asksForSecret(
  name: string,
  answer: (message: Received) => Says,
  refused: RegExp,
  before: (client: Client) => Promise<unknown> = async () => undefined,
): Attack {
  return {
    name,
    run: async (network) => {
      const node = await playNode(network, 'web2.lab', answer);
      const client = await network.newClient();
      await before(client);
      const call = client.call(ddl, 'keep', { password }, { answerWithin: 2, targets: ['web2.lab'] });
      return `${await called(call)}; ${leaks(node)}`;
    },
    refused: [refused, /the node received the secret: false$/],
  };
}

/** What a node and a client agree on if the node answers the client's offer. */
function agreeWith(network: AttackNetwork, { header }: Received) {
  const { epk, x5c } = header as { epk: { x: string }; x5c: string[] };
  const own = newOffer();
  const node = { fingerprint: fingerprintOf({ x5c: network.person('web2.lab').x5c }), x: own.x };
  const context = contextOf({ fingerprint: fingerprintOf({ x5c }), x: epk.x }, node);
  return { epk: own.epk, keys: agreed(context, own.privateKey, epk.x) };
}

/** web2 answers a call with a forged reply, then with the true one; the client must take only the latter. */
function isRejected(
  name: string,
  forge: (
    network: AttackNetwork,
    truth: Record<string, unknown>,
    message: Received,
  ) => Uint8Array | readonly Uint8Array[],
  refused: RegExp,
): Attack {
  return {
    name,
    run: async (network) => {
      await playNode(network, 'web2.lab', (message) => {
        const truth = { ...replyTo(message.payload, 'web2.lab'), ...fits };
        return [
          ...[forge(network, { ...truth, data: { count: 666 } }, message)].flat(),
          network.sign('web2.lab', { ...truth, data: { count: 7 } }),
        ];
      });
      const client = await network.newClient();
      return called(client.call(ddl, 'count', {}, { targets: ['web2.lab'], answerWithin: 2 }));
    },
    refused: [/web2\.lab ok OK \{"count":7\}/, refused],
  };
}

/** The retained record of a node says what is not so; resolves with what `use` says. */
async function withPresence(
  network: AttackNetwork,
  identity: string,
  record: object,
  use: () => Promise<string>,
): Promise<string> {
  const account = await network.join(identity);
  const topic = `mco/mcollective/presence/${identity}`;
  const publish = (more: object) =>
    account.publish(topic, JSON.stringify({ identity, online: true, since: 1, version: '1', ...more }), {
      retain: true,
      qos: 1,
    });
  await publish(record);
  try {
    return await use();
  } finally {
    await publish({ v: 2, protocol: 2 });
  }
}

/** Attacks on a client that speaks version 2. */
export const clientAttacks: readonly Attack[] = [
  {
    name: 'the presence record of a node says that it speaks only version 1',
    run: (network) =>
      withPresence(network, 'web1.lab', { v: 1 }, async () => {
        const { version1 } = network.daemon.node;
        const before = version1.messages;
        const client = await network.newClient();
        await client.presence();
        const said = await called(client.call(ddl, 'count', {}, { targets: ['web1.lab'] }));
        return `${said}; messages of version 1: ${version1.messages - before}`;
      }),
    refused: [/web1\.lab ok OK .*; messages of version 1: 0/],
    audited: /"outcome":"ok"/,
    runs: 1,
  },
  {
    name: 'the presence record of a node of version 1 says that it speaks version 2',
    run: (network) =>
      withPresence(network, 'web2.lab', { v: 2, protocol: 2 }, async () => {
        await playNode(network, 'web2.lab', ({ payload }) =>
          payload.v === 1 ? { data: { count: 7 } } : undefined,
        );
        const client = await network.newClient();
        await client.presence();
        return called(client.call(ddl, 'count', {}, { targets: ['web2.lab'] }));
      }),
    refused: [/web2\.lab ok OK \{"count":7\}/],
  },
  {
    name: 'the presence record of a node says that it is offline',
    run: (network) =>
      withPresence(network, 'web1.lab', { v: 2, protocol: 2, online: false }, async () => {
        const client = await network.newClient();
        await client.presence();
        return called(client.call(ddl, 'read', {}, { targets: ['web1.lab'] }));
      }),
    refused: [/web1\.lab ok OK/],
    audited: /"outcome":"ok"/,
    runs: 1,
  },
  {
    name: 'a presence record that is not JSON',
    run: async (network) => {
      const account = await network.join('web2.lab');
      await account.publish('mco/mcollective/presence/web2.lab', '{"identity":7,"online":"x"', {
        retain: true,
        qos: 1,
      });
      const client = await network.newClient();
      const view = await client.presence();
      await account.publish('mco/mcollective/presence/web2.lab', '', { retain: true, qos: 1 });
      return `known: ${String(view.isOnline('web2.lab'))}, ${String(view.isOnline('web1.lab'))}`;
    },
    refused: [/known: undefined, true/],
  },
  asksForSecret(
    'a node says that it speaks version 1, to get a secret that is not encrypted',
    () => ({ v: 1, protocol: undefined }),
    /web2\.lab failed the node speaks protocol version 1, which cannot carry secrets/,
    (client) => called(client.call(ddl, 'read', {}, { targets: ['web2.lab'] })),
  ),
  asksForSecret(
    'a node offers no session key, to get a secret that is not encrypted',
    () => ({ outcome: 'ddl-mismatch', statuscode: 1, ...fits }),
    /web2\.lab failed secrets cannot be sent to this node: it offered no session key/,
  ),
  {
    name: 'a stolen node reads the requests to all nodes while a secret is sent to some',
    run: async (network) => {
      const node = await playNode(network, 'web2.lab', () => undefined);
      const client = await network.newClient();
      return `${await called(client.call(ddl, 'keep', { password }))}; ${leaks(node)}`;
    },
    refused: [/web1\.lab ok OK \{"hush":"the-secret-of-the-victim"\}; the node received the secret: false$/],
    audited: /"action":"keep".*"outcome":"ok"/,
    runs: 1,
  },
  isRejected(
    'a reply with a secret for another key',
    (network, truth) =>
      network.sign('web2.lab', {
        ...truth,
        secret: jwe(jweHeader('A'.repeat(22)), Buffer.alloc(32), '{"hush":"x"}'),
      }),
    /has secrets for another key/,
  ),
  isRejected(
    'a reply with an altered secret',
    (network, truth, message) => {
      const { epk, keys } = agreeWith(network, message);
      const secret = jwe(jweHeader(keys.kid), keys.secretsOfCaller, '{"hush":"x"}');
      return network.sign('web2.lab', { ...truth, secret }, { epk });
    },
    /the encrypted part is damaged or altered/,
  ),
  isRejected(
    'a reply whose secret is not an object',
    (network, truth, message) => {
      const { epk, keys } = agreeWith(network, message);
      const secret = jwe(jweHeader(keys.kid), keys.secretsOfNode, '"x"');
      return network.sign('web2.lab', { ...truth, secret }, { epk });
    },
    /the encrypted outputs are not an object/,
  ),
  isRejected(
    "a reply that is sealed with the key of the client's own messages",
    (network, truth, message) => {
      const { epk, keys } = agreeWith(network, message);
      return [
        network.sign('web2.lab', { ...truth, id: 'e'.repeat(32) }, { epk }),
        sealed(keys.kid, truth, keys.ofCaller),
      ];
    },
    /the seal is not valid/,
  ),
  isRejected(
    'a reply with a key offer that is not a key',
    (network, truth) => network.sign('web2.lab', truth, { epk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }),
    /epk is not an X25519 public key/,
  ),
  isRejected(
    'a reply with version 3 of the protocol',
    (network, truth) => network.sign('web2.lab', { ...truth, v: 3 }),
    /protocol version 3 is not supported/,
  ),
  isRejected(
    'a reply of version 1 with a key of version 2',
    (network, { protocol: _, ddl: __, ...truth }) =>
      network.sign('web2.lab', { ...truth, v: 1, withheld: [] }),
    /unknown key "withheld"/,
  ),
  isRejected(
    'a reply that has the same key twice',
    (network, truth) =>
      network.sign(
        'web2.lab',
        JSON.stringify(truth).replace('"outcome":"ok"', '"outcome":"failed","outcome":"ok"'),
      ),
    /the same key twice/,
  ),
  isRejected(
    'a reply that is signed under a CA certificate',
    (network, truth) => network.sign('alice as a CA', { ...truth, sender: 'alice.mcollective' }),
    /is a CA certificate, which must not sign messages/,
  ),
  isRejected(
    'a reply of a caller in the name of a node',
    (network, truth) => network.sign('eve.mcollective', truth),
    /a reply from "web2\.lab" is signed by "eve\.mcollective"/,
  ),
  {
    name: 'a reply of one node is published on the topic of another',
    run: async (network) => {
      const thief = await network.join('web1.lab');
      await playNode(network, 'web2.lab', ({ payload }) => {
        const truth = { ...replyTo(payload, 'web2.lab'), ...fits };
        const topic = `mco/mcollective/reply/${String(payload.caller)}/${String(payload.session)}`;
        void thief.publish(`${topic}/web1.lab`, network.sign('web2.lab', { ...truth, data: { count: 666 } }));
        return network.sign('web2.lab', { ...truth, data: { count: 7 } });
      });
      const client = await network.newClient();
      return called(client.call(ddl, 'count', {}, { targets: ['web2.lab'] }));
    },
    refused: [/web2\.lab ok OK \{"count":7\}/, /arrived on the topic .*web1\.lab, which is not its own/],
  },
  {
    name: 'a node refuses every version of the protocol',
    run: async (network) => {
      const node = await playNode(network, 'web2.lab', () => ({
        outcome: 'unsupported',
        statuscode: 1,
        data: { use: 2 },
      }));
      const client = await network.newClient();
      const said = await called(client.call(ddl, 'count', {}, { targets: ['web2.lab'], answerWithin: 1 }));
      return `${said}; ${node.received.length < 100 ? 'few' : 'many'} requests`;
    },
    refused: [/web2\.lab (no-reply|failed) .*few requests/],
  },
  {
    name: 'a node is busy forever',
    run: async (network) => {
      const node = await playNode(network, 'web2.lab', () => ({
        outcome: 'busy',
        statuscode: 1,
        statusmsg: 'too many requests',
        ...fits,
      }));
      const client = await network.newClient();
      const said = await called(
        client.call(ddl, 'count', {}, { targets: ['web2.lab'], answerWithin: 1, ttl: 2 }),
      );
      return `${said}; ${node.received.length < 10 ? 'few' : 'many'} requests`;
    },
    refused: [/web2\.lab failed too many requests .*few requests/],
  },
];
