import type { ProvisionerConfig } from '../config/config.js';
import type { StatusPage } from '../monitoring/status-page.js';
import type { Io } from './io.js';

/** A machine as a provisioner knows it. */
export type KnownArrival = StatusPage['arrivals'][number];

/** The machines that the provisioner on this host knows, if one runs here and no agent reports it. */
export async function arrivalsHere(
  io: Pick<Io, 'page'>,
  { http }: Pick<ProvisionerConfig, 'http'>,
): Promise<readonly KnownArrival[]> {
  if (!http || http.port === 0) return [];
  const { address, port } = http;
  const host = address === '0.0.0.0' || address === '::' ? 'localhost' : address;
  const page = await io.page(`http://${host.includes(':') ? `[${host}]` : host}:${port}/status`);
  const { arrivals } = (page ?? {}) as Partial<StatusPage>;
  return Array.isArray(arrivals) ? arrivals : [];
}

/** States in which a node says more about itself than a provisioner knows. */
const ownStates: ReadonlySet<string> = new Set(['done', 'disabled', 'quarantined', 'name-taken']);
/** States in which a provisioner knows less than the node. */
const vague: ReadonlySet<string> = new Set(['new', 'queued', 'working', 'elsewhere']);

/** Whether what a provisioner knows of a node is to be shown instead of the state that it reports itself. */
export function isTelling(known: KnownArrival, ownState: string): boolean {
  return !ownStates.has(ownState) && !vague.has(known.state);
}

/** Of several provisioners, what the one knows that noted it last; those that the broker refuses by their addresses. */
export function merged(all: readonly KnownArrival[]): readonly KnownArrival[] {
  const byName = new Map<string, KnownArrival>();
  for (const arrival of all) {
    const key = `${arrival.identity} ${arrival.state === 'refused' ? arrival.address : ''}`;
    const other = byName.get(key);
    const isBetter =
      !other || (vague.has(other.state) && !vague.has(arrival.state)) || other.since < arrival.since;
    if (isBetter) byName.set(key, arrival);
  }
  return [...byName.values()];
}

/** The reason with what else is known. */
export function reasonOfArrival({ reason, count, address }: KnownArrival): string {
  const times = count > 1 ? ` (${count} times)` : '';
  return `${address === undefined ? '' : `from ${address}: `}${reason}${times}`;
}
