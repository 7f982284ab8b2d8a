import { rmSync } from 'node:fs';
import { type Client, ddlCache, resolveDdl } from '@troupe/client';
import { type Ddl, ddlHash } from '@troupe/core';
import type { AttackNetwork } from '../attack-network.js';
import { counterDdl, counterHash } from '../counter.js';
import { type PlayedNode, playNode, type Says } from '../played-node.js';
import type { Attack } from './attack.js';
import { called } from './called.js';

const honest = counterDdl as unknown as Ddl;

/** The DDL of the counter with other values for `count`. */
function poisoned(change: object, input: object = {}): Ddl {
  const actions = counterDdl.actions.map((action) =>
    action.action === 'count'
      ? { ...action, ...change, input: { text: { ...action.input.text, ...input } } }
      : action,
  );
  return { ...counterDdl, actions } as unknown as Ddl;
}

/** What a node says of itself by its DDL: the answers of `discovery` and `rpcutil`, and the mismatch. */
function withDdl(ddl: Ddl, payload: Record<string, unknown>, hash = ddlHash(ddl)): Says {
  const { agent, action, ddl: asked } = payload;
  if (agent === 'discovery') return action === 'ddl' ? { data: { ddl, hash } } : {};
  if (agent === 'rpcutil') return { outcome: 'denied', statuscode: 1, statusmsg: 'no' };
  return asked === hash
    ? { data: { count: 7 }, ddl: { version: '1.0.0', hash } }
    : { outcome: 'ddl-mismatch', statuscode: 1, ddl: { version: '1.0.0', hash } };
}

function inputsOf({ received }: PlayedNode): string {
  const inputs = received
    .filter(({ payload }) => payload.agent === 'counter')
    .map(({ payload }) => `${String(payload.ddl).slice(0, 4)} ${JSON.stringify(payload.input)}`);
  return `received ${inputs.join(', ')}`;
}

/** Gives a client that has no DDL of the agent the one of a stolen node, which has the first name of all. */
async function withStolenDdl(
  network: AttackNetwork,
  ddl: Ddl,
  use: (client: Client, ddl: Ddl) => Promise<string>,
): Promise<string> {
  const stolen = await playNode(network, 'app1.lab', ({ payload }) => withDdl(ddl, payload));
  const record = { v: 2, identity: 'app1.lab', online: true, since: 1, version: '1', protocol: 2 };
  const topic = 'mco/mcollective/presence/app1.lab';
  await stolen.account.publish(topic, JSON.stringify(record), { retain: true, qos: 1 });
  try {
    const client = await network.newClient();
    const got = await resolveDdl(client, 'counter', 'mcollective');
    const which = ddlHash(got) === ddlHash(ddl) ? 'the poisoned DDL' : 'another DDL';
    return `the client has ${which}; ${await use(client, got)}`;
  } finally {
    await stolen.account.publish(topic, '', { retain: true, qos: 1 });
    // It would be the one of the network for an hour.
    rmSync(ddlCache(), { recursive: true, force: true });
  }
}

/** The honest node is called under the DDL of a stolen one. */
function isPoisoned(
  name: string,
  ddl: Ddl,
  { accept, refused, runs }: { accept: boolean; refused: RegExp; runs: 0 | 1 },
): Attack {
  return {
    name,
    run: (network) =>
      withStolenDdl(network, ddl, async (client, got) => {
        const options = { targets: ['web1.lab'], ...(accept && { acceptDdl: () => true }) };
        return `${await called(client.call(got, 'count', {}, options))}; ${JSON.stringify(network.inputs.at(-1))}`;
      }),
    refused: [/the client has the poisoned DDL/, refused],
    audited: runs > 0 ? /"outcome":"ok"/ : /^(?!.*"outcome":"ok").*"outcome":"ddl-mismatch"/,
    runs,
  };
}

/** web2, a stolen node, serves a DDL of its own to a client that has the honest one. */
function isServed(
  name: string,
  answer: (payload: Record<string, unknown>) => Says,
  refused: readonly RegExp[],
): Attack {
  return {
    name,
    run: async (network) => {
      const node = await playNode(network, 'web2.lab', ({ payload }) => answer(payload));
      const client = await network.newClient();
      const call = client.call(honest, 'count', { text: 'mine' }, { targets: ['web2.lab'], answerWithin: 2 });
      return `${await called(call)}; ${inputsOf(node)}`;
    },
    refused,
  };
}

const fourthHash = 'f'.repeat(64);

async function callAll(network: AttackNetwork, names: readonly string[]): Promise<string> {
  for (const [index, name] of names.entries())
    await playNode(network, name, ({ payload }) =>
      withDdl(poisoned({ description: `Number ${index}` }), payload),
    );
  const client = await network.newClient();
  return called(client.call(honest, 'count', {}, { targets: names, acceptDdl: () => true, answerWithin: 4 }));
}

/** Attacks on a client, and on the nodes that it calls, with the DDL of a stolen node. */
export const ddlAttacks: readonly Attack[] = [
  isPoisoned("a stolen node's default for an input", poisoned({}, { default: 'poison', optional: false }), {
    accept: true,
    refused: /web1\.lab ok OK \{"count":\d+\}; \{\}/,
    runs: 1,
  }),
  isPoisoned('a stolen node says that an action changes nothing', poisoned({ mutating: false }), {
    accept: false,
    refused: /web1\.lab ddl-mismatch .*the action can change the host, and this was not confirmed/,
    runs: 0,
  }),
  isPoisoned(
    'a stolen node allows an input that the others do not',
    poisoned({}, { maxlength: 9999, default: 'x'.repeat(2000), optional: false }),
    { accept: true, refused: /web1\.lab ok OK \{"count":\d+\}; \{\}/, runs: 1 },
  ),
  {
    name: 'a stolen node waits for an input that was made under the DDL of another stolen node',
    run: (network) =>
      withStolenDdl(network, poisoned({ description: 'of another node' }), async (client, ddl) => {
        const node = await playNode(network, 'web2.lab', ({ payload }) =>
          withDdl(poisoned({}), payload, fourthHash),
        );
        const options = { targets: ['web2.lab'], answerWithin: 2 };
        return `${await called(client.call(ddl, 'count', { text: 'mine' }, options))}; ${inputsOf(node)}`;
      }),
    refused: [/web2\.lab ddl-mismatch/, /received unde \{\}$/],
  },
  isServed(
    'the DDL of a stolen node does not have the hash that it states',
    (payload) =>
      payload.agent === 'discovery'
        ? withDdl(poisoned({}), payload)
        : { outcome: 'ddl-mismatch', statuscode: 1, ddl: { version: '1.0.0', hash: fourthHash } },
    [/web2\.lab ddl-mismatch .*web2\.lab sent another DDL of "counter" than the one it says it has/],
  ),
  isServed(
    'a stolen node states another hash with its DDL',
    (payload) => withDdl(poisoned({}), payload, fourthHash),
    [/web2\.lab ddl-mismatch .*web2\.lab sent a DDL that is damaged, or not the one of the agent "counter"/],
  ),
  isServed(
    'a stolen node sends the DDL of another agent',
    (payload) => withDdl({ ...honest, metadata: { ...honest.metadata, name: 'shell' } }, payload),
    [/web2\.lab ddl-mismatch .*damaged, or not the one of the agent "counter"/],
  ),
  isServed(
    'a stolen node makes an action change hosts that does not under the DDL of the caller',
    (payload) => withDdl(poisoned({ mutating: true, description: 'x' }), payload),
    [/web2\.lab ok/],
  ),
  isServed(
    'a stolen node says again and again that its DDL is another one',
    (() => {
      let count = 0;
      let ddl = honest;
      return (payload: Record<string, unknown>) => {
        if (payload.agent !== 'counter') return withDdl(ddl, payload);
        count += 1;
        ddl = poisoned({ description: `Number ${count}` });
        return { outcome: 'ddl-mismatch', statuscode: 1, ddl: { version: '1.0.0', hash: ddlHash(ddl) } };
      };
    })(),
    [/web2\.lab ddl-mismatch the node says again and again that its DDL is another one/],
  ),
  isServed(
    'a DDL with an input named `__proto__`',
    (payload) => {
      const trap = JSON.parse('{"__proto__":{"admin":true}}') as Record<string, unknown>;
      const ddl = poisoned({ input: undefined });
      const actions = ddl.actions.map((action) => ({ ...action, input: { ...action.input, ...trap } }));
      return withDdl(JSON.parse(JSON.stringify({ ...ddl, actions })) as Ddl, payload);
    },
    [/web2\.lab ddl-mismatch .*actions\.4\.input has a key named __proto__/],
  ),
  isServed(
    'a DDL with a regular expression that would run indefinitely',
    (payload) => withDdl(poisoned({}, { validation: '^(a{1,1000}){1,1000}$' }), payload),
    [/web2\.lab ddl-mismatch .*validation: the regular expression .* is not valid: expression too large/],
  ),
  isServed(
    'a DDL that is not a DDL',
    (payload) =>
      payload.agent === 'discovery'
        ? { data: { ddl: { metadata: { name: 'counter' }, actions: 'all' }, hash: fourthHash } }
        : { outcome: 'ddl-mismatch', statuscode: 1, ddl: { version: '1.0.0', hash: fourthHash } },
    [/web2\.lab ddl-mismatch .*could not be fetched/],
  ),
  isServed(
    'a stolen node requires another input than the caller gave',
    (payload) => withDdl(poisoned({}, { maxlength: 2 }), payload),
    [/web2\.lab ddl-mismatch .*which does not allow the input/],
  ),
  {
    name: 'five nodes with five DDLs of one agent',
    run: (network) => callAll(network, ['app1.lab', 'db1.lab', 'db2.lab', 'db3.lab', 'db4.lab']),
    refused: [
      /(\w+\.lab ok.*){3}/,
      /ddl-mismatch its DDL is not the one of this call, nor one of 3 others that were used.*ddl-mismatch its DDL is not/,
    ],
  },
  {
    name: 'the hash of a DDL in the reply of another node',
    run: async (network) => {
      await playNode(network, 'web2.lab', () => ({
        sender: 'web1.lab',
        outcome: 'ok',
        ddl: { version: '1.0.0', hash: counterHash },
      }));
      const client = await network.newClient();
      return called(client.call(honest, 'count', {}, { targets: ['web2.lab'], answerWithin: 1 }));
    },
    refused: [/a reply from "web1\.lab" is signed by "web2\.lab"/, /web2\.lab no-reply/],
  },
];
