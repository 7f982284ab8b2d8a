import type { IClientOptions, MqttClient } from 'mqtt';
import { equalJitterBackoff } from '../async/backoff.js';
import commonJs from '../commonjs.cjs';
import { messageOf, reasonOf, TroupeError } from '../errors.js';
import type { Logger } from '../log/logger.js';
import {
  type Attempt,
  type ConnectFailure,
  closedEarly,
  connectError,
  remedyOfSilence,
} from './connect-error.js';
import type { Credentials } from './credentials.js';
import {
  type Link,
  type Listener,
  matchesTopic,
  type PublishOptions,
  type SubscribeOptions,
  type Transport,
  type Will,
} from './transport.js';
import { endpointOf, isLoopback } from './url.js';

export interface MqttOptions {
  /** Tried in turn. */
  readonly urls: readonly string[];
  /** Where the URLs are configured, for error messages; default: `broker.urls`. */
  readonly setting?: string;
  readonly clientId: string;
  readonly credentials: Credentials;
  /** Seconds. */
  readonly keepalive: number;
  /** Milliseconds that it waits at most before it tries again; a minute unless told. */
  readonly longestDelay?: number;
  readonly will?: Will;
  readonly log: Logger;
}

interface Subscription {
  readonly filter: string;
  readonly listener: Listener;
  readonly isOptional: boolean;
}

const firstDelay = 500;
const longestDelay = 60_000;
/** The same for a program that somebody waits for: there are few of them. */
const longestDelayOfClients = 5_000;
const connackTimeout = 10_000;
const stableAfter = 5_000;
/** Connections in a row that were shorter. */
const suspicious = 3;

/** The brokers that were seen to speak MQTT 3.1.1 only: the next connection of this process does not try 5 again. */
// no peer fills this: it holds URLs of the configuration
const oldBrokers = new Set<string>();

/** A transport that connects in the background, for as long as it takes. */
export function openMqtt(options: MqttOptions): Transport {
  const transport = new MqttTransport(options);
  transport.start();
  return transport;
}

/** Connects to the first broker that answers, and again within seconds when it is lost. Throws BROKER_REFUSED or BROKER_UNREACHABLE when none does within `timeout` seconds. */
export async function connectMqtt(options: MqttOptions & { timeout: number }): Promise<Transport> {
  const transport = new MqttTransport({ longestDelay: longestDelayOfClients, ...options });
  transport.start();
  try {
    await transport.firstConnect(options.timeout);
  } catch (error) {
    await transport.close();
    throw error;
  }
  return transport;
}

// One MQTT.js client for each connection: its own reconnecting stops for good after a refusal, queues what
// should not be sent late, and never changes the broker or the protocol version.
class MqttTransport implements Transport {
  readonly #options: MqttOptions;
  // no peer fills this: it holds what this program itself asks for
  readonly #subscriptions = new Set<Subscription>();
  /** Optional subscriptions that a broker refused. */
  // no peer fills this: it holds what this program itself asks for
  readonly #notPermitted = new Set<string>();
  // no peer fills this: it holds what this program itself asks for
  readonly #connectListeners: (() => void)[] = [];
  #client: MqttClient | undefined;
  #closed = false;
  #isHeld = false;
  #retry: NodeJS.Timeout | undefined;
  #attempt = 0;
  #connectedAt = 0;
  #shortOnes = 0;
  #lastError: Error | undefined;
  #link: Link = { connected: false };
  // no peer fills this: it holds what this program itself asks for
  readonly #changeListeners: (() => void)[] = [];

  constructor(options: MqttOptions) {
    this.#options = options;
    if (options.urls.length === 0)
      throw new TroupeError('CONFIG_INVALID', 'broker.urls is empty: add the URL of a broker');
  }

  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  get link(): Link {
    return this.#link;
  }

  onChange(listener: () => void): void {
    this.#changeListeners.push(listener);
  }

  start(): void {
    void this.#connect();
  }

  async firstConnect(seconds: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#unreachable(seconds)), seconds * 1000);
      this.onConnect(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #unreachable(seconds: number): TroupeError {
    const cause = this.#lastError;
    const code = cause instanceof TroupeError ? cause.code : 'BROKER_UNREACHABLE';
    const { urls, setting = 'broker.urls' } = this.#options;
    // The reason names the broker that was tried last.
    const names = urls.length > 1 || !cause ? `: ${urls.join(', ')}` : '';
    const reason = cause
      ? `${urls.length > 1 ? '; last error' : ''}: ${messageOf(cause)}`
      : `: no response (${remedyOfSilence(setting)})`;
    return new TroupeError(code, `could not connect to any broker within ${seconds} s${names}${reason}`, {
      cause,
    });
  }

  async #connect(): Promise<void> {
    const { urls, log } = this.#options;
    const url = urls[this.#attempt % urls.length] ?? '';
    this.#attempt += 1;
    try {
      const client = await this.#open(url);
      if (this.#closed || this.#isHeld) {
        await client.endAsync(true);
        return;
      }
      this.#client = client;
      client.once('close', () => this.#lost(client, url));
      await this.#resubscribe(client);
      this.#connectedAt = Date.now();
      log.info({ url, protocol: client.options.protocolVersion }, 'connected to the broker');
      const { localAddress: address } = client.stream as { localAddress?: string };
      this.#change({
        connected: true,
        since: this.#connectedAt,
        url,
        shortConnections: this.#shortOnes,
        ...(address !== undefined && { address }),
      });
      this.#call(this.#connectListeners);
    } catch (error) {
      this.#lastError = error as Error;
      log.warn({ url, ...reasonOf(error) }, 'cannot connect to the broker');
      this.#client?.end(true);
      this.#client = undefined;
      const { isNameTaken = false } = error as ConnectFailure;
      this.#change({ ...this.#link, connected: false, reason: messageOf(error), isNameTaken });
      this.#scheduleRetry();
    }
  }

  #change(link: Link): void {
    this.#link = link;
    this.#call(this.#changeListeners);
  }

  // What one of them throws must neither end the program nor the attempts to connect.
  #call(listeners: readonly (() => void)[]): void {
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        this.#options.log.error({ err: error }, 'a listener of the connection failed');
      }
    }
  }

  // MQTT 5 first; brokers that lack it refuse with code 1 or 132, or close before CONNACK.
  async #open(url: string): Promise<MqttClient> {
    if (oldBrokers.has(url)) return this.#handshake(url, 4);
    try {
      return await this.#handshake(url, 5);
    } catch (error) {
      if (!(error as ConnectFailure).isVersionRefusal) throw error;
      const client = await this.#handshake(url, 4);
      oldBrokers.add(url);
      return client;
    }
  }

  async #handshake(url: string, protocolVersion: 4 | 5): Promise<MqttClient> {
    const { connect } = commonJs.mqtt();
    const { credentials, keepalive, will } = this.#options;
    const { clientId = this.#options.clientId } = credentials;
    // MQTT.js turns mqtt:// into mqtts:// where it is given a certificate, and a plain broker on this machine may want none.
    const isPlain = url.startsWith('mqtt:') && isLoopback(url);
    const { ca, certificate, key } = (isPlain ? undefined : credentials.tls) ?? {};
    const settings: IClientOptions = {
      protocolVersion,
      clientId,
      keepalive,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: connackTimeout,
      queueQoSZero: false,
      // A cache of 65,536 small buffers: 7 MB, for what takes a microsecond to make.
      writeCache: false,
      rejectUnauthorized: true,
      ...(url.startsWith('mqtts') && ca ? { ca: [...ca] } : {}),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
      ...(credentials.username === undefined ? {} : { username: credentials.username }),
      ...(credentials.password === undefined ? {} : { password: credentials.password }),
      // A default Mosquitto sends no more than 20 unacknowledged messages to a client that does not say this.
      ...(protocolVersion === 5 ? { properties: { receiveMaximum: 65_535 } } : {}),
      ...(will
        ? { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1 as const, retain: true } }
        : {}),
    };
    // A certificate that was not shown cannot be why.
    const isAnonymous = isPlain && credentials.username === undefined;
    const attempt: Attempt = {
      url,
      setting: this.#options.setting ?? 'broker.urls',
      version: protocolVersion,
      hint: isAnonymous ? undefined : credentials.onRefusal,
    };
    return new Promise((resolve, reject) => {
      const client = connect({ ...endpointOf(url), ...settings });
      let isOver = false;
      const fail = (error: Error) => {
        if (isOver) return;
        isOver = true;
        client.end(true);
        reject(error);
      };
      client.on('error', (error) => fail(connectError(error, attempt)));
      client.once('close', () => fail(closedEarly(attempt)));
      client.on('message', (topic, payload, { retain }) => this.#deliver(topic, payload, retain));
      client.once('connect', () => {
        if (isOver) return;
        isOver = true;
        // Nagle's algorithm and delayed acknowledgements cost 40 ms a call otherwise; MQTT.js never does this.
        const stream = client.stream as { setNoDelay?: (on: boolean) => void };
        stream.setNoDelay?.(true);
        resolve(client);
      });
    });
  }

  // MQTT.js delivers nothing any more after a message listener failed, so nothing may.
  #deliver(topic: string, payload: Uint8Array, isRetained: boolean): void {
    for (const { filter, listener } of this.#subscriptions) {
      if (!matchesTopic(filter, topic)) continue;
      try {
        listener(payload, topic, isRetained);
      } catch (error) {
        this.#options.log.error({ err: error, topic }, 'a message listener failed');
      }
    }
  }

  async #resubscribe(client: MqttClient): Promise<void> {
    const wanted = new Set(
      [...this.#subscriptions].filter(({ isOptional }) => !isOptional).map(({ filter }) => filter),
    );
    // All in one packet: a fleet that comes back waits for one answer each, and not for one each time.
    if (wanted.size > 0) await subscribeTo(client, [...wanted]);
    for (const subscription of this.#subscriptions)
      if (subscription.isOptional && !(await this.#subscribeIfPermitted(client, subscription)))
        throw new TroupeError('NOT_CONNECTED', 'the broker ended the connection');
  }

  /** Returns whether the connection has survived it: RabbitMQ ends the connection of who subscribes to what it may not. */
  async #subscribeIfPermitted(client: MqttClient, { filter }: Subscription): Promise<boolean> {
    if (this.#notPermitted.has(filter)) return true;
    try {
      await subscribeTo(client, [filter]);
    } catch (error) {
      this.#notPermitted.add(filter);
      this.#options.log.info({ filter, reason: messageOf(error) }, 'optional subscription not permitted');
    }
    return client.connected;
  }

  #lost(client: MqttClient, url: string): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    if (this.#closed) return;
    // Two clients with one id kick each other without end: only a connection that lasted resets the back-off.
    const hasLasted = Date.now() - this.#connectedAt >= stableAfter;
    if (hasLasted) this.#attempt = 0;
    this.#shortOnes = hasLasted ? 0 : this.#shortOnes + 1;
    const reason =
      this.#shortOnes < suspicious
        ? 'the connection broke'
        : `the broker ended ${this.#shortOnes} connections in a row within ${stableAfter / 1000} s: another machine may use the same identity`;
    this.#options.log.warn({ url, reason }, 'lost the connection to the broker');
    const shortConnections = this.#shortOnes;
    this.#change({ ...this.#link, connected: false, since: Date.now(), url, reason, shortConnections });
    this.#scheduleRetry();
  }

  #scheduleRetry(): void {
    if (this.#closed || this.#isHeld || this.#retry) return;
    const most = this.#options.longestDelay ?? longestDelay;
    const delay = equalJitterBackoff(Math.max(1, this.#attempt), { first: firstDelay, most });
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#connect();
    }, delay);
  }

  async publish(topic: string, payload: Uint8Array, options: PublishOptions = {}): Promise<void> {
    const client = this.#client;
    if (!client?.connected) throw new TroupeError('NOT_CONNECTED', 'not connected to a broker');
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
    const { qos = 0, retain = false } = options;
    const published = client.publishAsync(topic, bytes, { qos, retain });
    // Without an acknowledgement to wait for, it is done when it is written.
    await (qos === 0 ? published : whileConnected(client, published));
  }

  async subscribe(
    filter: string,
    listener: Listener,
    { isOptional = false }: SubscribeOptions = {},
  ): Promise<() => Promise<void>> {
    const subscription = { filter, listener, isOptional };
    const isNew = ![...this.#subscriptions].some((other) => other.filter === filter);
    this.#subscriptions.add(subscription);
    try {
      if (isNew && this.#client?.connected) {
        // A connection that it ends is opened again, without it.
        if (isOptional) await this.#subscribeIfPermitted(this.#client, subscription);
        else await subscribeTo(this.#client, [filter]);
      }
    } catch (error) {
      this.#subscriptions.delete(subscription);
      throw error;
    }
    return async () => {
      this.#subscriptions.delete(subscription);
      const isLast = ![...this.#subscriptions].some((other) => other.filter === filter);
      const client = this.#client;
      if (isLast && client?.connected) await whileConnected(client, client.unsubscribeAsync(filter));
    };
  }

  onConnect(listener: () => void): void {
    this.#connectListeners.push(listener);
    if (this.connected) listener();
  }

  hold(reason: string): () => void {
    this.#isHeld = true;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const client = this.#client;
    this.#client = undefined;
    // With a DISCONNECT, so that the will is not sent: it is about the identity.
    client?.end();
    this.#change({ ...this.#link, connected: false, since: Date.now(), reason });
    return () => {
      if (!this.#isHeld) return;
      this.#isHeld = false;
      this.#attempt = 0;
      if (!this.#closed) void this.#connect();
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = undefined;
    if (client) await client.endAsync(!client.connected);
  }
}

// MQTT.js leaves a promise open for ever when the connection breaks before the broker answered.
async function whileConnected<T>(client: MqttClient, work: Promise<T>): Promise<T> {
  let onClose: (() => void) | undefined;
  const lost = new Promise<never>((_, reject) => {
    onClose = () => reject(new TroupeError('NOT_CONNECTED', 'the connection to the broker was lost'));
    client.once('close', onClose);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, lost]);
  } finally {
    if (onClose) client.off('close', onClose);
  }
}

// At QoS 0, what is published at QoS 1 as well: for a subscription at QoS 1, a Mosquitto in its default configuration
// keeps 1,000 messages, be it replies or presence records, and loses the rest; and a cluster of NATS that has lost its
// servers accepts one, but may deliver nothing to it for minutes.
async function subscribeTo(client: MqttClient, filters: readonly string[]): Promise<void> {
  if (await isGranted(client, filters)) return;
  const what = filters.length === 1 ? filters[0] : `one of ${filters.join(', ')}`;
  throw new TroupeError('BROKER_REFUSED', `the broker refused the subscription to ${what}`);
}

async function isGranted(client: MqttClient, filters: readonly string[]): Promise<boolean> {
  try {
    const grants = await whileConnected(client, client.subscribeAsync([...filters], { qos: 0 }));
    // MQTT.js drops filters that it is subscribed to already, and then grants is empty.
    return !grants.some(({ qos }) => qos > 2);
  } catch (error) {
    // The codes of a SUBACK that begin with 0x80 are refusals: MQTT.js tells them by its error, or by the packet in that.
    const { code, packet } = error as { code?: unknown; packet?: { granted?: readonly unknown[] } };
    if (![code, ...(packet?.granted ?? [])].some((each) => Number(each) >= 128)) throw error;
    return false;
  }
}
