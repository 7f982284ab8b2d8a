import { type Logger, messageOf } from '@troupe/core';
import { Serial } from '@troupe/core/async';
import type { Events } from '../events/events.js';
import type { Master } from '../master/master.js';
import type { Masters } from '../master/masters.js';
import { ask } from '../rpc/ask.js';
import { StepFailure } from '../rpc/failure.js';
import type { Peers } from '../rpc/peers.js';
import { isSameFingerprint } from '../steps/ca.js';
import type { Debt, Debts } from './debts.js';

interface Parts {
  readonly debts: Debts;
  readonly peers: Peers;
  readonly masters: Masters;
  readonly events: Events;
  readonly log: Logger;
  /** Whether this provisioner works on a node at the moment. */
  readonly isInProgress: (identity: string) => boolean;
  readonly signal: AbortSignal;
}

/** Seconds that a host may take to reply. */
const answerWithin = 3;
/** Debts that are paid at the same time. */
const atOnce = 10;

/**
 * Pays debts when the masters reply. What a CA holds is removed only if the host that has the name uses another
 * certificate at this moment, and only if it is still the same certificate: another provisioner may have given the
 * name to the master meanwhile.
 */
export class DebtCollector {
  readonly #parts: Parts;
  // no peer fills this: one look waits at most, each goes through the debts, which are bounded
  readonly #turns = new Serial();
  #isDue = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Pays what can be paid now; never rejects. */
  async collect(): Promise<void> {
    if (this.#isDue || this.#parts.debts.size === 0) return;
    this.#isDue = true;
    await this.#turns.run(async () => {
      this.#isDue = false;
      await this.#collect();
    });
  }

  async #collect(): Promise<void> {
    const { debts, masters, log, signal } = this.#parts;
    try {
      const { here } = await masters.look();
      for (const debt of debts.list()) if (!masters.knows(debt)) this.#writeOff(debt);
      const payable = debts.list().flatMap((debt) => {
        // The certificate of its CA may be another one by now.
        const master =
          here.find(({ caFingerprint }) => caFingerprint === debt.ca) ??
          here.find(({ identity }) => identity === debt.master);
        return master ? [{ debt, master }] : [];
      });
      for (let next = 0; next < payable.length && !signal.aborted; next += atOnce)
        await Promise.all(
          payable.slice(next, next + atOnce).map(({ debt, master }) => this.#pay(debt, master)),
        );
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'cannot look for what is owed to masters');
    }
  }

  // Nobody can pay it any more, and it would be shown for ever.
  #writeOff(debt: Debt): void {
    const { certname, identity, master } = debt;
    const reason = 'it is not a master any more, or was not seen for 30 days: its CA was not cleaned';
    this.#parts.debts.settle(debt);
    this.#parts.events.emit({ identity, type: 'debt-settled', certname, master, reason });
    this.#parts.log.warn({ certname, master }, `nothing is owed any more: ${reason}`);
  }

  async #pay(debt: Debt, master: Master): Promise<void> {
    const { events, debts, log } = this.#parts;
    const { certname, identity } = debt;
    try {
      const reason = await this.#settlement(debt, master);
      if (reason === undefined) return;
      debts.settle(debt);
      events.emit({ identity, type: 'debt-settled', certname, master: master.identity, reason });
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      log.debug({ certname, master: master.identity, reason: error.message }, 'cannot clean the CA yet');
    }
  }

  // Undefined if it is not known yet which certificate the host uses.
  async #settlement({ certname, identity }: Debt, { identity: master }: Master): Promise<string | undefined> {
    const { peers, isInProgress, signal } = this.#parts;
    const options = { targets: [master], collective: peers.main, signal };
    const { data: held } = await ask(() => peers.puppetca.status({ certname }, options), 'puppetca status');
    if (held.state === 'missing') return 'the CA has no certificate or CSR under this name';
    if (isInProgress(identity)) return undefined;
    const used = await this.#usedCertificate(certname);
    if (used === undefined || held.fingerprint === null) return undefined;
    if (isSameFingerprint(used, held.fingerprint)) return 'it is the certificate that the host uses';
    const input = { certname, fingerprint: held.fingerprint };
    const { data } = await ask(() => peers.puppetca.clean(input, options), 'puppetca clean');
    return data.out ?? 'cleaned';
  }

  /** The fingerprint of the certificate with which the host that has the name is online; undefined if that is not known. */
  async #usedCertificate(certname: string): Promise<string | undefined> {
    const { peers, signal } = this.#parts;
    const options = { targets: [certname], collective: peers.main, answerWithin, signal };
    if (peers.client.config.security.mode === 'none') {
      const { ok, data } = await peers.provision.has_cert({}, options).one();
      return ok && data.usable ? (data.fingerprint ?? undefined) : undefined;
    }
    const { ok, key } = await peers.rpcutil.ping({}, options).one();
    const proof = ok && key !== undefined ? peers.client.proofOf(key) : undefined;
    return proof?.vouchedBy === 'ca' && proof.name === certname ? key : undefined;
  }
}
