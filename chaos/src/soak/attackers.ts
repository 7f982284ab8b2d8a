import { randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import type { ClientConfig } from '@troupe/client';
import {
  clientSecurity,
  connectMqtt,
  emptyFilter,
  seal,
  silentLogger,
  Topics,
  type Transport,
} from '@troupe/core';
import { honest, identity, low, type SoakSite, stolen } from './site.js';

const topics = new Topics();
const collective = 'mcollective';

/** Something that is done so often each second. */
export interface Stream {
  readonly name: string;
  readonly perSecond: number;
  readonly act: () => Promise<unknown>;
}

const newId = () => randomBytes(16).toString('hex');
const junk = (bytes: number) => randomBytes(bytes).toString('base64url');

/** Opens what attackers have: an account of a low caller, that of a stolen node, and addresses without any. */
export async function openAttackers(
  site: SoakSite,
  sessionOfHonest: () => string,
): Promise<{ readonly streams: readonly Stream[]; close(): Promise<void> }> {
  const caller = await openAccount(site, low);
  const node = await openAccount(site, stolen);
  return {
    streams: [...strangers(site), ...lowCaller(site, caller), ...stolenNode(site, node, sessionOfHonest)],
    close: async () => {
      await caller.transport.close();
      await node.transport.close();
    },
  };
}

interface Account {
  readonly transport: Transport;
  readonly config: ClientConfig;
  /** The signer of a process that has just started: it offers a session key of its own. */
  fresh(): ReturnType<typeof clientSecurity>;
  readonly security: ReturnType<typeof clientSecurity>;
}

async function openAccount(site: SoakSite, name: string): Promise<Account> {
  const config = site.clientConfig(name);
  // The broker and nodes decide whether it is a caller, not its own configuration.
  const own = { ...config.security, callers: { match: '/./' } };
  const fresh = () => clientSecurity({ config: own, broker: config.broker, name });
  const security = fresh();
  const { credentials } = security;
  const clientId = name === stolen ? name : `${name}:attack`;
  const transport = await connectMqtt({
    ...config.broker,
    clientId,
    credentials,
    log: silentLogger,
    timeout: 10,
  });
  return { transport, config, fresh, security };
}

function strangers(site: SoakSite): Stream[] {
  const { hostname, port } = new URL(site.broker.callerUrls[0] ?? '');
  const open = (after: (socket: ReturnType<typeof connectTls>) => void) =>
    new Promise<void>((resolve) => {
      const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false });
      const end = () => {
        socket.destroy();
        resolve();
      };
      socket.on('error', end).on('close', end).setTimeout(15_000, end);
      socket.once('secureConnect', () => after(socket));
    });
  return [
    // They are not waited for: that they stay open is what they do.
    { name: 'silent connections of strangers', perSecond: 5, act: async () => void open(() => {}) },
    {
      name: 'connections of strangers that send junk',
      perSecond: 2,
      act: async () => void open((socket) => socket.write(randomBytes(4096))),
    },
  ];
}

function lowCaller(site: SoakSite, { transport, security, fresh }: Account): Stream[] {
  const chain = [derOf(site, honest)];
  const request = (parts: object = {}) => ({
    v: 2,
    type: 'request',
    id: newId(),
    time: Date.now(),
    ttl: 3600,
    caller: low,
    session: 'v2-low',
    collective,
    agent: 'discovery',
    action: 'ping',
    filter: emptyFilter,
    input: {},
    ...parts,
  });
  const toAll = topics.agent(collective, 'discovery', 2);
  const toNode = topics.node(collective, identity);
  const signed = async (message: object, topic: string) =>
    transport.publish(topic, await seal(message, security.signer));
  const unsigned = (header: object) =>
    transport.publish(
      toNode,
      Buffer.from([Buffer.from(JSON.stringify(header)).toString('base64url'), junk(200), junk(64)].join('.')),
    );
  return [
    {
      name: 'pings with the longest ttl',
      perSecond: 40,
      act: () => signed(request({ noReply: true }), toAll),
    },
    {
      name: 'requests that the policy denies, 100 kB each',
      perSecond: 3,
      act: () => signed(request({ agent: 'rpcutil', action: 'ping', input: { text: junk(75_000) } }), toNode),
    },
    {
      name: 'offers of session keys by ever new processes',
      perSecond: 5,
      act: async () => {
        const { signer } = fresh();
        await transport.publish(toNode, await seal(request(), signer, { as: 'offering' }));
      },
    },
    {
      name: 'messages with unknown keys',
      perSecond: 5,
      act: () => signed(request({ nonsense: junk(1000) }), toNode),
    },
    { name: 'messages of version 9', perSecond: 5, act: () => signed(request({ v: 9 }), toNode) },
    {
      name: 'questions for requests of others',
      perSecond: 5,
      act: () => {
        const { agent: _1, action: _2, filter: _3, input: _4, ...rest } = request();
        return signed({ ...rest, type: 'attach', after: 0 }, toNode);
      },
    },
    {
      name: "messages with another caller's certificate",
      perSecond: 20,
      act: () => unsigned({ alg: 'RS256', typ: 'troupe+jws', x5c: chain.map((der) => spaced(der)) }),
    },
    {
      name: 'messages with ever new headers',
      perSecond: 20,
      act: () => unsigned({ alg: 'RS256', typ: 'troupe+jws', x5c: chain, 'x-junk': junk(8000) }),
    },
    { name: 'junk of 500 kB', perSecond: 1, act: () => transport.publish(toNode, randomBytes(500_000)) },
  ];
}

function stolenNode(site: SoakSite, { transport, security }: Account, session: () => string): Stream[] {
  const chain = [derOf(site, identity)];
  const reply = (parts: object = {}) => ({
    v: 2,
    protocol: 2,
    type: 'reply',
    kind: 'result',
    id: newId(),
    time: Date.now(),
    seq: 1,
    sender: stolen,
    caller: honest,
    session: session(),
    collective,
    agent: `a${randomBytes(4).toString('hex')}`,
    action: 'ping',
    outcome: 'ok',
    statuscode: 0,
    statusmsg: 'OK',
    data: {},
    ddl: { version: '1', hash: randomBytes(32).toString('hex') },
    ...parts,
  });
  const toHonest = () => topics.reply(collective, honest, session(), stolen);
  return [
    {
      name: 'signed replies without a request, 10 kB each',
      perSecond: 10,
      act: async () =>
        transport.publish(toHonest(), await seal(reply({ data: { text: junk(7500) } }), security.signer)),
    },
    {
      name: "replies with another node's certificate",
      perSecond: 20,
      act: () => {
        const header = { alg: 'RS256', typ: 'troupe+jws', x5c: chain.map((der) => spaced(der)) };
        const head = Buffer.from(JSON.stringify(header)).toString('base64url');
        return transport.publish(toHonest(), Buffer.from(`${head}.${junk(500)}.${junk(64)}`));
      },
    },
    {
      name: 'presence records with ever new content',
      perSecond: 5,
      act: () => {
        const record = {
          v: 2,
          identity: stolen,
          online: true,
          since: Date.now(),
          version: junk(2000),
          protocol: 2,
        };
        return transport.publish(topics.presence(collective, stolen), Buffer.from(JSON.stringify(record)), {
          qos: 1,
          retain: true,
        });
      },
    },
    {
      name: 'events',
      perSecond: 10,
      act: async () => {
        const event = {
          v: 1,
          type: 'event',
          kind: 'soak',
          sender: stolen,
          collective,
          time: Date.now(),
          data: { text: junk(2000) },
        };
        await transport.publish(topics.event(collective, stolen), await seal(event, security.signer));
      },
    },
  ];
}

function derOf(site: SoakSite, name: string): string {
  const { certificate = '' } = site.certificates.get(name) ?? {};
  return new X509Certificate(readFileSync(certificate)).raw.toString('base64');
}

// The same certificate in ever other words.
function spaced(base64: string): string {
  const at = Math.floor(Math.random() * base64.length);
  return `${base64.slice(0, at)} ${base64.slice(at)}`;
}
