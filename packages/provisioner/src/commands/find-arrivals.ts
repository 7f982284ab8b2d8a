import { StepFailure } from '../rpc/failure.js';
import type { Io } from './io.js';
import { arrivalsHere, type KnownArrival, merged, reasonOfArrival } from './known-arrivals.js';
import type { CommandSession } from './session.js';
import { provisionersOf } from './status.js';

/** What provisioners know of a machine, by its name or by the address from which it tries to connect. */
export async function findArrivals(
  io: Pick<Io, 'page'>,
  { client, config, peers }: Pick<CommandSession, 'client' | 'config' | 'peers'>,
  name: string,
): Promise<readonly KnownArrival[]> {
  const [here, provisioners] = await Promise.all([
    arrivalsHere(io, config),
    provisionersOf({ client, peers }),
  ]);
  const all = merged([...here, ...provisioners.flatMap(({ arrivals }) => arrivals)]);
  const exact = all.filter(({ identity, address }) => identity === name || address === name);
  if (exact.length > 0) return exact;
  // A short name, if no other machine has it.
  const long = all.filter(({ identity }) => identity.startsWith(`${name}.`));
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
