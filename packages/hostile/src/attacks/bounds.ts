import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { waitFor } from '@troupe/testkit';
import { contextOf, fingerprintOf, kidOf, newOffer, sealed } from '../agreement.js';
import { type AttackNetwork, mostConnections, mostPending, mostSubscriptions } from '../attack-network.js';
import { newId, payloadOf } from '../jws.js';
import type { Attack } from './attack.js';
import { agree, handshake } from './handshake.js';
import { answerTo, ask, isRejected, textOf } from './victim.js';

const eve = 'eve.mcollective';
const alice = 'alice.mcollective';
const victim = 'web3.lab';
const topic = `mco/mcollective/node/${victim}`;

/** What the victim answers to alice after all that eve sent. */
async function askAlice(network: AttackNetwork, parts: object = {}): Promise<string> {
  const request = network.request2({ caller: alice, action: 'read', ...parts });
  return `alice: ${await ask(network, request, alice, { topic })}`;
}

/** Eve sends many requests that nobody waits for, and one that she waits for. */
async function flood(network: AttackNetwork, count: number, parts: Record<string, unknown>): Promise<string> {
  // Sealed: a signature costs a millisecond.
  const { kid, ofCaller } = await agree(network, eve, { topic });
  for (let index = 0; index < count; index += 1)
    await network.deliver(sealed(kid, network.request2({ noReply: true, ...parts }), ofCaller), topic);
  const last = network.request2(parts);
  return `eve: ${textOf(await answerTo(network, last.id, sealed(kid, last, ofCaller), { topic }))}`;
}

/** One caller uses up what a node has; another one is served all the same. */
function isShared(
  name: string,
  limits: object,
  attack: (network: AttackNetwork) => Promise<string>,
  refused: RegExp,
): Attack {
  return {
    name,
    run: async (network) => {
      await network.addNode(victim, { limits });
      return `${await attack(network)} | ${await askAlice(network)}`;
    },
    refused: [refused, / \| alice: ok: OK/],
    runs: 'many',
  };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

const mostGrowth = 12 * 1024 * 1024;

/** Messages that are rejected must leave nothing in memory. */
function leavesNothing(
  name: string,
  junk: (network: AttackNetwork, index: number) => Uint8Array,
  count = 1000,
): Attack {
  return {
    name,
    run: async (network) => {
      const daemon = await network.addNode(victim);
      const send = async (from: number, to: number) => {
        const { unvalidated } = daemon.node.stats;
        for (let index = from; index < to; index += 1) await network.deliver(junk(network, index), topic);
        await waitFor(
          'the messages to be rejected',
          () => daemon.node.stats.unvalidated === unvalidated + to - from,
        );
      };
      await send(0, 100);
      const before = heap();
      await send(100, 100 + count);
      const growth = heap() - before;
      const size = growth < mostGrowth ? 'little' : `${growth} bytes`;
      return `the heap grew by ${size} | ${await askAlice(network)}`;
    },
    refused: [/the heap grew by little \| alice: ok: OK/, /message rejected/],
    runs: 1,
  };
}

/** A message of somebody with a certificate that is not secret, and without its key. */
function junkOf(network: AttackNetwork, more: object, payload: object = {}): Uint8Array {
  const [head, body] = network
    .sign(alice, network.request2({ caller: alice, ...payload }), more)
    .toString()
    .split('.');
  return Buffer.from(`${head}.${body}.${Buffer.alloc(256, 7).toString('base64url')}`);
}

const onNodes: readonly Attack[] = [
  isShared(
    'a caller fills the record of request ids',
    { keep_ids: 1000 },
    (network) => flood(network, 810, { action: 'count' }),
    /eve: busy: this node cannot store more request ids of "eve\.mcollective"/,
  ),
  isShared(
    'a caller fills the memory for the ids of read-only requests',
    { keep_ids: 1000 },
    (network) => flood(network, 810, { action: 'read' }),
    /eve: busy: this node cannot store more request ids of "eve\.mcollective"/,
  ),
  isShared(
    'a caller fills the queue of a node',
    { concurrency: 5, queue: 10 },
    (network) => flood(network, 30, { action: 'wait' }),
    /eve: busy: too many requests of "eve\.mcollective" are waiting on this node/,
  ),
  {
    name: 'a caller makes a node forget the replies to another caller',
    run: async (network) => {
      await network.addNode(victim, { limits: { keep_requests: 10 } });
      const id = newId();
      const first = await askAlice(network, { id });
      await flood(network, 50, { action: 'read' });
      return `${first} | again ${(await askAlice(network, { id })) === first}`;
    },
    refused: [/alice: ok: OK .* \| again true/],
    runs: 'many',
  },
  {
    name: 'a caller offers seventy keys, to make a node forget the keys of another caller',
    run: async (network) => {
      const { kid, ofCaller } = await agree(network, alice);
      const requests = Array.from({ length: 70 }, () => network.request({ action: 'no-such' }));
      for (const request of requests.slice(1))
        await network.deliver(network.sign(eve, request, { epk: newOffer().epk }));
      const [last = {}] = requests;
      await answerTo(network, last.id, network.sign(eve, last, { epk: newOffer().epk }));
      const request = network.request2({ caller: alice, action: 'read' });
      const account = await network.join(alice);
      const bytes = sealed(kid, request, ofCaller);
      return textOf(await answerTo(network, request.id, bytes, { account, caller: alice }));
    },
    refused: [/ok: OK/],
    audited: /"caller":"alice\.mcollective".*"outcome":"ok"/,
    runs: 1,
  },
  leavesNothing('a thousand junk signatures under a certificate that is not secret', (network, index) =>
    junkOf(network, {}, { input: { text: `${index}` } }),
  ),
  leavesNothing(
    'five hundred junk signatures, each under another header of 40,000 characters',
    (network, index) => junkOf(network, { token: `${index}`.padEnd(40_000, 'x') }),
    500,
  ),
  leavesNothing('a thousand spellings of one certificate', (network, index) => {
    const [leaf = ''] = network.person(alice).x5c;
    return junkOf(network, { x5c: [leaf.slice(0, index) + ' '.repeat(1000) + leaf.slice(index)] });
  }),
  leavesNothing('a thousand key offers under junk signatures', (network) =>
    junkOf(network, { epk: newOffer().epk }),
  ),
  isRejected(
    'a key offer of a low order, whose secret is known',
    async (network) => {
      const x = Buffer.alloc(32).toString('base64url');
      const { context } = await handshake(network, x);
      return sealed(kidOf(context), network.request2(), Buffer.alloc(32));
    },
    /the offered key is not usable/,
  ),
  isRejected(
    'a sealed message with the certificate of another caller in the key id',
    async (network) => {
      const { x } = newOffer();
      const { offered } = await handshake(network, x);
      const caller = { fingerprint: fingerprintOf({ x5c: network.person(alice).x5c }), x };
      const node = { fingerprint: fingerprintOf({ x5c: network.person('web1.lab').x5c }), x: offered };
      return sealed(kidOf(contextOf(caller, node)), network.request2({ caller: alice }), Buffer.alloc(32));
    },
    /an unknown session key/,
  ),
  {
    name: 'a named pipe in the folder of facts',
    run: async (network) => {
      const pipe = network.folder.join('pipe.json');
      execFileSync('mkfifo', [pipe]);
      await network.addNode(victim, { facts: { paths: [pipe] } });
      return askAlice(network);
    },
    refused: [/alice: ok: OK/, /pipe\.json/],
    runs: 1,
  },
];

const fromAnotherAddress = { localAddress: '127.0.0.2' };

/** Opens connections that send nothing; what ended them. */
async function openSilent(network: AttackNetwork, count: number): Promise<readonly TLSSocket[]> {
  const { hostname: host, port } = new URL(network.broker.url);
  const sockets = Array.from({ length: count }, () =>
    connect({ host, port: Number(port), rejectUnauthorized: false }),
  );
  await Promise.all(
    sockets.map((socket) => {
      socket.on('error', () => undefined);
      return Promise.race([once(socket, 'secureConnect'), once(socket, 'close')]).catch(() => undefined);
    }),
  );
  return sockets;
}

const atTheBroker: readonly Attack[] = [
  {
    name: 'a client opens more connections than its name may have',
    run: async (network) => {
      // One is eve's own.
      for (let index = 1; index < mostConnections; index += 1) await network.join(eve);
      const { pem } = network.person(eve);
      const refused = await network.refusal({ clientId: `${eve}:more`, ...pem });
      await network.join(alice);
      return `${refused}; alice connected`;
    },
    refused: [
      /connection refused: .*; alice connected/,
      /"eve\.mcollective" has 20 connections \(limits\.connections_per_name\)/,
    ],
  },
  {
    name: 'a stranger opens connections and sends nothing',
    run: async (network) => {
      const sockets = await openSilent(network, mostPending + 10);
      try {
        const { pem } = network.person(alice);
        // From another address.
        await network.connect({ clientId: `${alice}:2`, ...pem, ...fromAnotherAddress });
        return 'alice connected';
      } finally {
        for (const socket of sockets) socket.destroy();
        await waitFor('the broker to forget them', () =>
          network.refusal({ clientId: 'x' }).then((why) => !why.includes('ECONNRESET')),
        );
      }
    },
    refused: [
      /alice connected/,
      /too many connections from 127\.0\.0\.1, or in all, that are not authenticated yet/,
    ],
  },
  {
    name: 'a client makes more subscriptions than it may',
    run: async (network) => {
      const account = await network.join(eve);
      let code = 0;
      for (let index = 0; index <= mostSubscriptions; index += 1)
        code = await account.subscribe(`mco/mcollective/event/n${index}.lab`);
      return `SUBACK ${code}`;
    },
    refused: [/SUBACK 128/, /the client already has 30 subscriptions \(limits\.subscriptions\)/],
  },
  {
    name: 'a client asks a hundred times for what it may not read',
    run: async (network) => {
      const account = await network.join('web2.lab');
      for (let index = 0; index < 102 && !account.isClosed; index += 1)
        await Promise.race([
          account.subscribe(`mco/mcollective/node/n${index}.lab`).catch(() => 0),
          waitFor('the end', () => account.isClosed),
        ]);
      await waitFor('the broker to end the connection', () => account.isClosed);
      return 'disconnected';
    },
    refused: [/disconnected/, /subscription denied/],
  },
  {
    name: 'a client publishes with QoS 2, so that the broker keeps the message',
    run: async (network) => {
      const account = await network.join(eve);
      void account.publish('mco/mcollective/agent/v2-counter', 'x', { qos: 2 }).catch(() => undefined);
      await waitFor('the broker to end the connection', () => account.isClosed);
      return 'disconnected';
    },
    refused: [/disconnected/, /QoS 2 is not supported/],
  },
  {
    name: 'a node retains a presence record of twenty kilobytes',
    run: async (network) => {
      const account = await network.join('web2.lab');
      await account.publish('mco/mcollective/presence/web2.lab', 'x'.repeat(20_000), { retain: true });
      await waitFor('the broker to end the connection', () => account.isClosed);
      return 'disconnected';
    },
    refused: [/disconnected/, /limits\.retained_bytes/],
  },
  {
    name: 'a client keeps a session at the broker, to get old messages later',
    run: async (network) => {
      const options = { clientId: `${eve}:kept`, clean: false, ...network.person(eve).pem };
      const first = await network.connect(options);
      await first.subscribe(`mco/mcollective/reply/${eve}/kept/#`);
      await first.close();
      const second = await network.connect(options);
      const after = network.request2({ ddl: undefined, session: 'kept' });
      await network.deliver(network.sign(eve, after));
      await ask(network, network.request2({ ddl: undefined }));
      return `received ${second.heard.map(({ payload }) => payloadOf(payload).kind).join()}.`;
    },
    refused: [/received \./],
    audited: /"outcome":"ddl-mismatch"/,
  },
];

/** Attacks on what callers and strangers share: memory, places and time of nodes and of the broker. */
export const boundAttacks: readonly Attack[] = [...onNodes, ...atTheBroker];
