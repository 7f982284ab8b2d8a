import { StepFailure } from '../rpc/failure.js';
import { type KnownArrival, reasonOfArrival } from './known-arrivals.js';

/** Of the machines that provisioners know, those of a name, or of the address from which one tries to connect. */
export function arrivalsNamed(known: readonly KnownArrival[], name: string): readonly KnownArrival[] {
  const exact = known.filter(({ identity, address }) => identity === name || address === name);
  if (exact.length > 0) return exact;
  // A short name, if no other machine has it.
  const long = known.filter(({ identity }) => identity.startsWith(`${name}.`));
  return new Set(long.map(({ identity }) => identity)).size === 1 ? long : [];
}

/** The failure to read the state of a node, with what provisioners know of it. */
export function withArrivals(error: unknown, [arrival]: readonly KnownArrival[]): unknown {
  if (!(error instanceof StepFailure) || !arrival) return error;
  const words = `${arrival.state} since ${arrival.since}: ${reasonOfArrival(arrival)}`;
  return new StepFailure(error.kind, `${error.message}; the provisioner knows it as ${words}`, {
    cause: error.cause,
  });
}
