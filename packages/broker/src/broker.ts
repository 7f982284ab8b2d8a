import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { compilePattern, type Logger, silentLogger, Topics } from '@troupe/core';
import { reasonOf, warnOfEnds, warnOfEndsDaily } from '@troupe/core/internal';
import { Aedes, type Client } from 'aedes';
import { type Gate, methodOf, Refusal, type VerifyToken } from './authentication/authenticate.js';
import { type Credentials, loadCredentials, watchCredentials } from './authentication/credentials.js';
import { EnrolledNames } from './authentication/enrolled-names.js';
import { Twins } from './authentication/twins.js';
import { membership } from './authorization/membership.js';
import { type BrokerConfig, type BrokerConfigInput, checkBrokerConfig } from './config.js';
import { Backlog } from './connection/backlog.js';
import { type Connection, peerOf, tcpOf } from './connection/connection.js';
import { ConnectionLimits } from './connection/connection-limits.js';
import { isTls, type Listener, openListener } from './connection/listener.js';
import { limitPackets } from './connection/packet-gauge.js';
import { createHooks, Denial, describe } from './mqtt/hooks.js';
import { RetainedQuota } from './mqtt/retained-quota.js';
import { type BrokerStats, zeroCounters } from './mqtt/stats.js';
import { distrustOf, leftBeforeConnect } from './refusals/distrust.js';
import { RefusalReports } from './refusals/refusal-reports.js';

// A CONNECT holds a token and a last will; more is not taken from somebody unknown.
const firstPacketBytes = 128 * 1024;
// The protocol needs 6.
const maxTopicLevels = 8;
const maxClientIdLength = 65_535;

/** A running broker. */
export interface Broker {
  /** Where it listens, with the ports that were bound, in the order of the configuration. */
  readonly urls: readonly string[];
  /** The first of `urls`. */
  readonly url: string;
  /** The port of `url`. */
  readonly port: number;
  stats(): BrokerStats;
  /**
   * Reads certificates and revocation lists again and disconnects clients that they no longer trust. Throws
   * FILE_UNREADABLE or CERTIFICATE_INVALID; then the old ones stay.
   */
  reload(): void;
  close(): Promise<void>;
}

export interface BrokerOptions {
  /** How enrolment tokens are verified; without it they are refused. */
  readonly verifyToken?: VerifyToken;
  readonly log?: Logger;
}

/** Starts a broker in this process. Throws CONFIG_INVALID, FILE_UNREADABLE, CERTIFICATE_INVALID or LISTEN_FAILED. */
export async function startBroker(config: BrokerConfigInput, options: BrokerOptions = {}): Promise<Broker> {
  const broker = new EmbeddedBroker(checkBrokerConfig(config), options);
  try {
    await broker.start();
  } catch (error) {
    await broker.close();
    throw error;
  }
  return broker;
}

class EmbeddedBroker implements Broker {
  readonly #config: BrokerConfig;
  readonly #log: Logger;
  readonly #gate: Omit<Gate, 'credentials'>;
  readonly #counters = zeroCounters();
  readonly #retained: RetainedQuota;
  // The MQTT library asks about a client (its last will) after its socket is closed.
  // no peer fills this: an entry lasts as long as its socket
  readonly #connections = new WeakMap<object, Connection>();
  // no peer fills this: it holds connections, which their limits bound
  readonly #live = new Set<Connection>();
  /** By client id. */
  // no peer fills this: it holds connections, which their limits bound
  readonly #holders = new Map<string, Connection>();
  readonly #connectionLimits: ConnectionLimits;
  readonly #backlog: Backlog<Connection>;
  readonly #refusals: RefusalReports;
  // no peer fills this: it holds addresses of the configuration
  readonly #listeners: Listener[] = [];
  readonly #aedes: Aedes;
  #credentials: Credentials | undefined;
  #unwatch: (() => void) | undefined;
  #isOutdated = false;

  constructor(config: BrokerConfig, options: BrokerOptions) {
    this.#config = config;
    this.#log = options.log ?? silentLogger;
    const { security, enrolment, limits } = config;
    this.#gate = {
      callers: compilePattern(security.callers.match, 'security.callers.match'),
      verifyToken: options.verifyToken,
      enrolmentCollective: enrolment.collective,
      enrolledNames: new EnrolledNames(),
    };
    this.#retained = new RetainedQuota(limits);
    this.#connectionLimits = new ConnectionLimits(limits);
    this.#backlog = new Backlog(limits.backlog_total_bytes, this.#live);
    const topics = new Topics(config.topics);
    this.#refusals = new RefusalReports((report) =>
      this.#publish(topics.refusals(enrolment.collective), report),
    );
    this.#aedes = new Aedes({
      // With a limit here, a client that leaves during a large fan-in overflows the stack of mqemitter.
      concurrency: 0,
      drainTimeout: limits.drain_timeout * 1000,
      maxTopicLevels,
      maxClientsIdLength: maxClientIdLength,
      ...createHooks({
        connectionOf: (client) => this.#connectionOf(client),
        holderOf: (clientId) => this.#holders.get(clientId),
        isConnected: (identity) =>
          [...this.#holders.values()].some(
            ({ party }) => party?.name === identity && party.role !== 'caller',
          ),
        twins: new Twins(),
        gate: () => ({ ...this.#gate, credentials: this.#credentials }),
        rules: {
          topics,
          enrolmentCollective: enrolment.collective,
          isMember: membership(config.collectives),
        },
        limits,
        retained: this.#retained,
        connectionLimits: this.#connectionLimits,
        backlog: this.#backlog,
        counters: this.#counters,
        onRefusal: (connection, name, reason) => this.#report(connection.peer, reason, name),
        log: this.#log,
      }),
    });
  }

  get urls(): readonly string[] {
    return this.#listeners.map(({ url }) => url);
  }

  get url(): string {
    return this.#listeners[0]?.url ?? '';
  }

  get port(): number {
    return this.#listeners[0]?.port ?? 0;
  }

  async start(): Promise<void> {
    const { listen, security } = this.#config;
    if (listen.some(isTls)) this.#credentials = loadCredentials(security);
    await this.#aedes.listen();
    this.#follow();
    for (const url of listen) {
      const listener = await openListener({
        url,
        credentials: this.#credentials,
        onConnection: (socket) => this.#connected(socket),
        admits: (socket, isTls) => this.#admits(socket, isTls),
        onError: (error) => {
          if (this.#connectionLimits.mayLog)
            this.#log.error({ url, reason: error.message }, 'cannot accept a connection');
        },
        onTlsError: (error, socket) => {
          const distrust = distrustOf(error, tcpOf(socket).bytesRead);
          this.#counters.tlsFailures += 1;
          if (distrust !== undefined) this.#report(peerOf(socket), distrust);
          if (this.#connectionLimits.mayLog)
            this.#log.warn(
              { peer: peerOf(socket), reason: error.message },
              'connection refused: TLS handshake failed',
            );
        },
      });
      this.#listeners.push(listener);
    }
    if (!this.#credentials) return;
    warnOfEnds(security, this.#log);
    const unwatch = watchCredentials(security, () => this.#reloadChanged());
    const stopWarning = warnOfEndsDaily(security, this.#log);
    this.#unwatch = () => {
      unwatch();
      stopWarning();
    };
  }

  stats(): BrokerStats {
    const roles = { node: 0, caller: 0, enrolling: 0, anyone: 0 };
    let backlogBytes = 0;
    for (const { party, socket } of this.#live) {
      if (party) roles[party.role] += 1;
      if (!socket.destroyed) backlogBytes += socket.writableLength;
    }
    return {
      clients: this.#aedes.connectedClients,
      nodes: roles.node,
      callers: roles.caller,
      enrolling: roles.enrolling,
      anonymous: roles.anyone,
      pending: this.#connectionLimits.pending,
      retained: this.#retained.messages,
      retainedBytes: this.#retained.bytes,
      backlogBytes,
      outdated: this.#isOutdated ? 1 : 0,
      ...this.#counters,
    };
  }

  reload(): void {
    if (!this.#credentials) return;
    this.#isOutdated = true;
    const credentials = loadCredentials(this.#config.security);
    this.#isOutdated = false;
    this.#credentials = credentials;
    for (const listener of this.#listeners) listener.use(credentials);
    for (const connection of this.#live) {
      const { socket, method } = connection;
      const fault = method === 'certificate' && socket instanceof TLSSocket && credentials.faultOf(socket);
      if (!fault) continue;
      this.#log.warn(
        { ...describe(connection), reason: fault },
        'connection closed: its certificate is no longer valid',
      );
      socket.destroy();
    }
    this.#log.info('certificates and revocation lists reloaded');
    warnOfEnds(this.#config.security, this.#log);
  }

  async close(): Promise<void> {
    this.#unwatch?.();
    this.#refusals.close();
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  #reloadChanged(): void {
    try {
      this.reload();
    } catch (error) {
      this.#log.error(reasonOf(error), 'cannot use the changed certificates: the previous ones stay in use');
    }
  }

  #admits(socket: Socket, isTls: boolean): boolean {
    const peer = peerOf(socket);
    const refuse = (reason: string) => {
      this.#counters.refused += 1;
      if (this.#connectionLimits.mayLog) this.#log.warn({ peer, reason }, 'connection refused');
    };
    const fault = this.#connectionLimits.begin(socket, isTls, () => {
      const reason = 'it did not authenticate in time (limits.connect_timeout)';
      refuse(reason);
      this.#report(peer, reason);
      socket.destroy();
    });
    if (fault !== undefined) refuse(fault);
    return fault === undefined;
  }

  #connected(socket: Socket): void {
    const connection: Connection = {
      socket,
      method: methodOf(socket, this.#config.security.mode),
      peer: peerOf(socket),
      gauge: limitPackets(socket, firstPacketBytes),
      filters: new Set(),
      refusals: 0,
      clientId: '',
      hasSpoken: false,
      will: undefined,
      party: undefined,
      isFailed: false,
    };
    this.#connections.set(socket, connection);
    this.#live.add(connection);
    socket.once('close', () => {
      this.#live.delete(connection);
      this.#backlog.forget(connection);
      // A client checks the certificate of the broker after the handshake, and says nothing if it does not trust it.
      const hasLeft = socket.readableEnded || socket.errored !== null;
      if (hasLeft && !connection.hasSpoken && socket instanceof TLSSocket)
        this.#report(connection.peer, leftBeforeConnect);
    });
    this.#aedes.handle(socket);
  }

  #report(peer: string, reason: string, name?: string): void {
    this.#refusals.note({ address: peer.replace(/:\d+$/, ''), name, reason });
  }

  #publish(topic: string, report: Uint8Array): void {
    const packet = {
      cmd: 'publish',
      topic,
      payload: Buffer.from(report),
      qos: 0,
      retain: false,
      dup: false,
    } as const;
    this.#aedes.publish(packet, (error) => {
      if (error) this.#log.warn(reasonOf(error), 'cannot report refused clients to provisioners');
    });
  }

  #follow(): void {
    const failed = (client: Client, error: Error) => this.#failed(this.#connectionOf(client), error);
    this.#aedes.on('client', (client) => {
      this.#counters.accepted += 1;
      this.#holders.set(client.id, this.#connectionOf(client));
      this.#log.debug(describe(this.#connectionOf(client)), 'client connected');
    });
    this.#aedes.on('clientDisconnect', (client) => {
      const connection = this.#connectionOf(client);
      if (this.#holders.get(client.id) === connection) this.#holders.delete(client.id);
      this.#log.debug(describe(this.#connectionOf(client)), 'client disconnected');
    });
    this.#aedes.on('unsubscribe', (filters, client) => {
      for (const filter of filters) this.#connectionOf(client).filters.delete(filter);
    });
    this.#aedes.on('clientError', failed);
    this.#aedes.on('connectionError', failed);
  }

  // Called once for each message in flight to the client: only the first call has new information.
  #failed(connection: Connection, error: Error & { code?: string; errorCode?: number }): void {
    if (connection.isFailed) return;
    connection.isFailed = true;
    if (error instanceof Refusal || error instanceof Denial) return;
    const level = isOrdinary(error) ? 'debug' : 'warn';
    this.#log[level]({ ...describe(connection), reason: error.message }, 'connection closed');
  }

  #connectionOf(client: Client): Connection {
    const connection = this.#connections.get(client.conn);
    if (!connection) throw new Error('a client without a connection');
    return connection;
  }
}

// How connections end every day: with the peer gone, or with a client that tries MQTT 5 first (CONNACK 1).
function isOrdinary(error: Error & { code?: string; errorCode?: number }): boolean {
  return (
    error.code === 'ECONNRESET' ||
    error.code === 'EPIPE' ||
    error.errorCode === 1 ||
    error.message === 'connection closed'
  );
}
