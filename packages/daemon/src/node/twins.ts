import type { Logger, Topics, Transport } from '@troupe/core';
import { parsePresence } from '@troupe/core';
import { type Twin, TwinWatch } from './twin-watch.js';

/** Milliseconds between two looks whether a machine that was here first is still connected. */
const lookEvery = 5 * 60_000;

/** Connections in a row that the other machine must have ended. */
const leastShort = 2;

/** Looks after which this node connects although the record says that the other one is here: it may be left over. */
const mostLooks = 12;

/** Milliseconds in which a broker sends a retained record. */
const patience = 3_000;

/** Milliseconds in which a broker can be reached. */
const longestLook = 20_000;

export interface TwinsParts {
  readonly identity: string;
  readonly collective: string;
  readonly since: number;
  readonly topics: Topics;
  readonly transport: Transport;
  /** Another connection under the node's name, which ends no other one. */
  readonly look: () => Transport;
  readonly log: Logger;
  /** Publishes the presence of the node again. */
  readonly update: () => void;
  readonly lookEvery?: number;
}

/** Keeps two machines with one identity from ending each other's connections forever: the one that started later yields. */
export class Twins {
  readonly #parts: TwinsParts;
  readonly #watch: TwinWatch;
  #timer: NodeJS.Timeout | undefined;
  #resume: (() => void) | undefined;
  #looks = 0;
  #isClosed = false;

  private constructor(parts: TwinsParts) {
    this.#parts = parts;
    this.#watch = new TwinWatch({
      identity: parts.identity,
      since: parts.since,
      ownAddress: () => parts.transport.link?.address,
      log: parts.log,
      onTwin: (_, { mustYield, isNews }) => {
        // Others may write the record, too: only if connections end each other as well is the node better off without one.
        const { shortConnections = 0 } = parts.transport.link ?? {};
        if (mustYield && shortConnections >= leastShort) this.#yield();
        else if (isNews) parts.update();
      },
      onStrayWill: parts.update,
    });
  }

  /** Subscribes to the node's own presence, if the broker permits it. `close` ends it. */
  static async open(parts: TwinsParts): Promise<Twins> {
    const twins = new Twins(parts);
    const { transport, topics, collective, identity } = parts;
    await transport.subscribe(
      topics.presence(collective, identity),
      (payload, _, isRetained) => twins.#watch.take(payload, isRetained),
      { isOptional: true },
    );
    transport.onConnect(() => twins.#watch.connected());
    transport.onChange?.(() => {
      if (!transport.connected) twins.#watch.disconnected();
      if (transport.link?.isNameTaken) twins.#watch.refused();
    });
    return twins;
  }

  get twin(): Twin | undefined {
    return this.#watch.twin;
  }

  get instance(): string {
    return this.#watch.instance;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #yield(): void {
    const { transport, log, identity } = this.#parts;
    if (this.#resume || this.#isClosed || !transport.hold) return;
    const address = this.twin?.address ?? 'an unknown address';
    const reason = `another machine at ${address} uses the identity ${identity} and was connected first`;
    log.error({ reason }, 'disconnected from the broker until the other machine is gone');
    this.#resume = transport.hold(reason);
    this.#looks = 0;
    this.#schedule();
  }

  #schedule(): void {
    // Without a connection, nothing else keeps the daemon alive.
    this.#timer = setTimeout(() => void this.#look(), this.#parts.lookEvery ?? lookEvery);
  }

  async #look(): Promise<void> {
    this.#looks += 1;
    const isOther = this.#looks < mostLooks && (await this.#isOtherConnected());
    if (this.#isClosed) return;
    if (isOther) return this.#schedule();
    this.#parts.log.info('the other machine with this identity is not connected: connecting again');
    this.#resume?.();
    this.#resume = undefined;
  }

  async #isOtherConnected(): Promise<boolean> {
    const { topics, collective, identity, log } = this.#parts;
    const transport = this.#parts.look();
    try {
      return await new Promise<boolean>((resolve, reject) => {
        const take = (payload: Uint8Array) => {
          const record = parsePresence(payload);
          resolve(record?.online === true && record['x-instance'] !== this.instance);
        };
        transport.subscribe(topics.presence(collective, identity), take).catch(reject);
        transport.onConnect(() => setTimeout(() => resolve(false), patience).unref());
        setTimeout(() => resolve(true), longestLook).unref();
      });
    } catch (error) {
      log.debug({ err: error }, 'cannot look whether the other machine is connected');
      return true;
    } finally {
      await transport.close();
    }
  }
}
