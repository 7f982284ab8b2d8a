/** How one step ended. */
export interface StepReport {
  readonly step: string;
  readonly outcome: string;
  readonly seconds: number;
  readonly reason?: string;
}

/** What became of one node, and how long it took. */
export interface NodeReport {
  readonly identity: string;
  readonly outcome: 'done' | 'quarantined';
  /** Why it is in quarantine. */
  readonly failure?: string;
  /** Since when, as the node has it; ISO 8601. */
  readonly quarantinedSince?: string;
  readonly certname?: string;
  readonly master?: string;
  /** Why this master. */
  readonly reason?: string;
  /** SHA-256 in upper-case hex with colons, like the others: of the CSR that the node says it made. */
  readonly csrFingerprintReported?: string;
  /** Of the CSR that the CA signed. */
  readonly csrFingerprintSigned?: string;
  readonly certificateFingerprint?: string;
  /** From the moment a worker took it up, the steps that others did before included. */
  readonly seconds: number;
  /** All but the Puppet runs. */
  readonly secondsOutsidePuppet: number;
  /** Each step as it ended last, in order. */
  readonly steps: readonly StepReport[];
}

/** Adds up what became of a node. */
export class Tally {
  readonly #started = performance.now();
  readonly #steps = new Map<string, StepReport>();
  #before = 0;
  #puppet = 0;

  /** A step that somebody did before, as the node's record tells it. */
  addRecorded(step: StepReport, isPuppet: boolean): void {
    if (this.#steps.has(step.step)) return;
    this.#steps.set(step.step, step);
    this.#before += step.seconds;
    if (isPuppet) this.#puppet += step.seconds;
  }

  /** A step that ended now. */
  add(step: StepReport): void {
    this.#steps.delete(step.step);
    this.#steps.set(step.step, step);
  }

  /** Puppet ran for so many seconds. */
  addPuppet(seconds: number): void {
    this.#puppet += seconds;
  }

  steps(): readonly StepReport[] {
    return [...this.#steps.values()];
  }

  times(): { readonly seconds: number; readonly secondsOutsidePuppet: number } {
    const seconds = this.#before + (performance.now() - this.#started) / 1000;
    return { seconds, secondsOutsidePuppet: Math.max(0, seconds - this.#puppet) };
  }
}
