import type { Logger } from '@troupe/core';
import type { AedesOptions, Client } from 'aedes';
import { authenticate, ConnackCode, type Gate, Refusal } from '../authentication/authenticate.js';
import type { Twins } from '../authentication/twins.js';
import {
  mayPublish,
  maySubscribe,
  type Party,
  type Permission,
  type Rules,
} from '../authorization/permissions.js';
import type { Limits } from '../config.js';
import type { Backlog } from '../connection/backlog.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionLimits } from '../connection/connection-limits.js';
import type { RetainedQuota } from './retained-quota.js';
import type { MutableCounters } from './stats.js';

type Hooks = Required<
  Pick<
    AedesOptions,
    'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'
  >
>;

interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
}

// A PUBLISH is its payload, its topic of up to 64 KiB, and a few bytes more.
const packetOverhead = 65_536 + 16;
// Beyond it a client is not mistaken but filling the log.
const maxRefusals = 100;
const maxLogged = 256;

const allowed: Permission = { allowed: true };

/** Ends a connection for what its client did; it is in the log already. */
export class Denial extends Error {
  override readonly name = 'Denial';
}

/** Where the MQTT library asks whether something may be done. */
export function createHooks(options: {
  readonly connectionOf: (client: Client) => Connection;
  /** The connection that has a client id now. */
  readonly holderOf: (clientId: string) => Connection | undefined;
  /** Whether a node of this name is connected. */
  readonly isConnected: (identity: string) => boolean;
  readonly twins: Twins;
  readonly gate: () => Gate;
  readonly rules: Rules;
  readonly limits: Limits;
  readonly retained: RetainedQuota;
  readonly connectionLimits: ConnectionLimits;
  readonly backlog: Backlog<Connection>;
  readonly counters: MutableCounters;
  /** Hears of each client that is not let in, and under which name it came. */
  readonly onRefusal: (connection: Connection, name: string | undefined, reason: string) => void;
  readonly log: Logger;
}): Hooks {
  const {
    connectionOf,
    holderOf,
    isConnected,
    twins,
    gate,
    rules,
    limits,
    retained,
    connectionLimits,
    backlog,
    counters,
    log,
  } = options;

  function permitMessage(party: Party, message: Message): Permission {
    if (message.payload.length > limits.payload_bytes) {
      const reason = `a payload of ${message.payload.length} bytes exceeds the limit of ${limits.payload_bytes} (limits.payload_bytes)`;
      return { allowed: false, reason };
    }
    return mayPublish(party, message, rules);
  }

  function permitPublish(party: Party, message: Message): Permission {
    const permission = permitMessage(party, message);
    const topic = message.retain && permission.allowed ? rules.topics.parse(message.topic) : undefined;
    if (topic?.kind === 'presence' && party.role === 'caller' && isConnected(topic.identity))
      return { allowed: false, reason: `the node ${topic.identity} is connected` };
    // The name in the topic: the same as the client's, but for clients without a proven name, and callers that remove it.
    return topic?.kind === 'presence'
      ? retained.keep(topic.identity, message.topic, message.payload.length, party.role === 'enrolling')
      : permission;
  }

  function permitPacket(
    party: Party,
    packet: Parameters<typeof messageFrom>[0] & { qos: number },
  ): Permission {
    // Troupe never uses it, and each such message in flight is kept.
    if (packet.qos === 2) return { allowed: false, reason: 'QoS 2 is not supported' };
    return permitPublish(party, messageFrom(packet));
  }

  // The library ends the connection that has the client id when another one is admitted under it.
  function checkTwin(connection: Connection, party: Party, id: string): void {
    const holder = holderOf(id);
    if (!holder || holder.socket.destroyed) return;
    const [here, there] = [addressOf(holder), addressOf(connection)];
    const { isAdmitted, report } = twins.judge(id, here, there, Date.now());
    if (report || !isAdmitted) counters.twins += 1;
    if (report)
      log.error(
        { name: party.name, addresses: [here, there] },
        `two machines use the identity ${shown(party.name)}: ${here} and ${there}; give each machine its own identity and certificate`,
      );
    if (isAdmitted) return;
    throw new Refusal(
      `another machine with the identity ${party.name} is connected from ${here}`,
      ConnackCode.identifierRejected,
    );
  }

  async function admit(
    client: Client,
    connection: Connection,
    username?: string,
    password?: Buffer,
  ): Promise<Party> {
    const { socket, method, clientId, will } = connection;
    const party = await authenticate(
      { socket, method, clientId, username, password: password?.toString('utf8') },
      gate(),
    );
    const permission = will ? permitMessage(party, will) : allowed;
    if (!permission.allowed)
      throw new Refusal(`last will on ${shown(will?.topic)} denied: ${permission.reason}`);
    checkTwin(connection, party, client.id);
    const fault = connectionLimits.authenticated(socket, party);
    if (fault !== undefined) throw new Refusal(fault, ConnackCode.unavailable);
    return party;
  }

  function disconnectSlow(connection: Connection, limit: string): void {
    const { socket } = connection;
    if (socket.destroyed) return;
    counters.slow += 1;
    log.warn(
      { ...describe(connection), bytes: socket.writableLength },
      `connection closed: the client reads too slowly (${limit})`,
    );
    socket.destroy();
  }

  function permitSubscription(connection: Connection, party: Party, filter: string): Permission {
    if (!connection.filters.has(filter) && connection.filters.size >= limits.subscriptions) {
      return {
        allowed: false,
        reason: `the client already has ${connection.filters.size} subscriptions (limits.subscriptions)`,
      };
    }
    return maySubscribe(party, filter, rules);
  }

  return {
    preConnect(client, packet, done) {
      const connection = connectionOf(client);
      connection.hasSpoken = true;
      connection.clientId = packet.clientId;
      connection.will = packet.will && messageFrom(packet.will);
      // Client ids that are proven differently never meet: nobody without a certificate ends the connection of one with.
      if (packet.clientId !== '') packet.clientId = `${connection.method}/${packet.clientId}`;
      // No session outlives its connection: a node must not run a command hours later, nor fill the memory meanwhile.
      packet.clean = true;
      done(null, true);
    },

    authenticate(client, username, password, done) {
      const connection = connectionOf(client);
      admit(client, connection, username, password).then(
        (party) => {
          connection.party = party;
          connection.gauge.limit = limits.payload_bytes + packetOverhead;
          done(null, true);
        },
        (error: Error & { returnCode?: number }) => {
          counters.refused += 1;
          const who = {
            peer: connection.peer,
            clientId: shown(connection.clientId),
            username: shown(username),
          };
          if (error instanceof Refusal) {
            options.onRefusal(connection, username ?? nameIn(connection.clientId), error.message);
            if (connectionLimits.mayLog) log.warn({ ...who, reason: error.message }, 'connection refused');
          } else
            log.error({ ...who, err: error }, 'connection refused: unexpected error during authentication');
          done(Object.assign(error, { returnCode: error.returnCode ?? 3 }), null);
        },
      );
    },

    authorizePublish(client, packet, done) {
      // Only the broker itself has no client: with a last will, which was judged when its client connected.
      if (!client) return done();
      const connection = connectionOf(client);
      const { party } = connection;
      const permission = party
        ? permitPacket(party, packet)
        : ({ allowed: false, reason: 'not authenticated' } as const);
      if (permission.allowed) {
        counters.published += 1;
        return done();
      }
      counters.deniedPublishes += 1;
      log.warn(
        { ...describe(connection), topic: shown(packet.topic), reason: permission.reason },
        'publish denied',
      );
      done(new Denial(permission.reason));
    },

    authorizeSubscribe(client, subscription, done) {
      const connection = connectionOf(client);
      const { party } = connection;
      const filter = subscription.topic;
      const permission = party
        ? permitSubscription(connection, party, filter)
        : ({ allowed: false, reason: 'not authenticated' } as const);
      if (permission.allowed) {
        connection.filters.add(filter);
        return done(null, subscription);
      }
      counters.deniedSubscriptions += 1;
      connection.refusals += 1;
      log.warn(
        { ...describe(connection), filter: shown(filter), reason: permission.reason },
        'subscription denied',
      );
      if (connection.refusals > maxRefusals) return done(new Denial('too many denied subscriptions'));
      done(null, null);
    },

    authorizeForward(client, packet) {
      const connection = connectionOf(client);
      const largest = backlog.note(connection, Date.now());
      if (largest) disconnectSlow(largest, 'limits.backlog_total_bytes');
      if (connection.socket.writableLength > limits.backlog_bytes)
        disconnectSlow(connection, 'limits.backlog_bytes');
      if (connection.socket.destroyed) return null;
      counters.delivered += 1;
      return packet;
    },
  };
}

/** Who a log line is about. */
export function describe(connection: Connection): { peer: string; role?: string; name?: string } {
  const { peer, party } = connection;
  return { peer, ...(party && { role: party.role, name: party.name }) };
}

function addressOf({ peer }: Connection): string {
  return peer.replace(/:\d+$/, '');
}

// What follows the colon may be a secret of the client.
function nameIn(clientId: string): string | undefined {
  return clientId.split(':', 1)[0] || undefined;
}

function shown<T extends string | undefined>(text: T): T | string {
  return text === undefined ? text : text.slice(0, maxLogged);
}

function messageFrom(packet: { topic: string; payload: Buffer | string; retain?: boolean }): Message {
  const { topic, payload, retain = false } = packet;
  return { topic, payload: typeof payload === 'string' ? Buffer.from(payload) : payload, retain };
}
