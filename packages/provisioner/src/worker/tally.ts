import type { StepReport } from '../events/node-report.js';

/** Adds up the steps of a node and their durations. */
export class Tally {
  readonly #started = performance.now();
  // no peer fills this: it holds steps of the configuration
  readonly #steps = new Map<string, StepReport>();
  #before = 0;
  #puppet = 0;

  /** A step that was done before, as recorded on the node. */
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

  /** Puppet ran for this many seconds. */
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
