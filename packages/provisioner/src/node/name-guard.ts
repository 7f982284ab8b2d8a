import type { ProvisionerConfig } from '../config/config.js';
import type { Masters } from '../master/masters.js';
import { StepFailure } from '../rpc/failure.js';
import type { Peers } from '../rpc/peers.js';

/** Seconds to wait for a host that the broker has not seen, and for one whose presence the broker does not report. */
const brief = 0.3;
const patient = 2;

/** Keeps the names of others from nodes that claim them. */
export class NameGuard {
  readonly #peers: Peers;
  readonly #masters: Masters;
  readonly #isProtected: ProvisionerConfig['isProtected'];

  constructor(peers: Peers, masters: Masters, config: Pick<ProvisionerConfig, 'isProtected'>) {
    this.#peers = peers;
    this.#masters = masters;
    this.#isProtected = config.isProtected;
  }

  /**
   * Throws a StepFailure if a certificate of this name must not be touched: the name is protected, is the name of a
   * master, or belongs to a host that is online in the main collective. `key` is the key of the node itself.
   */
  async check(certname: string, key: string | undefined): Promise<void> {
    const conflict = this.#conflictOf(certname);
    if (conflict !== undefined) throw refused('permanent', certname, conflict);
    await this.#checkAlive(certname, key);
  }

  #conflictOf(certname: string): string | undefined {
    if (this.#isProtected(certname)) return 'it is protected by the configuration';
    if (certname === this.#peers.client.caller) return 'it is the name of the provisioner';
    const isMaster = this.#masters
      .known()
      .some((master) => certname === master.certname || certname === master.identity);
    return isMaster ? 'it is the name of a Puppet server' : undefined;
  }

  async #checkAlive(certname: string, key: string | undefined): Promise<void> {
    const { client, rpcutil, main: collective } = this.#peers;
    const presence = await client.presence(collective);
    const isOnline = presence.isOnline(certname);
    // Some brokers do not deliver retained messages; then an empty view proves nothing.
    const isViewFilled = presence.online().length > 0;
    const answerWithin = isOnline === undefined && isViewFilled ? brief : patient;
    const result = await rpcutil.ping({}, { targets: [certname], collective, answerWithin }).one();
    if (result.state !== 'offline' && result.state !== 'no-reply') {
      // A network with one collective for all: it is the node itself that answers.
      if (key !== undefined && result.key === key) return;
      throw refused('permanent', certname, `a host with this name is online in the collective ${collective}`);
    }
    if (isOnline !== true) return;
    // Presence is a hint, and may be old: it is worth a retry.
    throw refused(
      'failed',
      certname,
      `a host with this name is listed as online in the collective ${collective} but does not reply`,
    );
  }
}

function refused(kind: 'permanent' | 'failed', certname: string, reason: string): StepFailure {
  return new StepFailure(kind, `the name ${certname} is refused: ${reason}; nothing was cleaned or signed`);
}
