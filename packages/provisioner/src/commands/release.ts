import { neverAborts } from '../rpc/never-aborts.js';
import { arrivalsNamed, withArrivals } from './arrivals-named.js';
import { ExitCode } from './exit-code.js';
import { findNode } from './find-node.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { withSession } from './session.js';
import { askProvisioners } from './status.js';

/**
 * `mcprovision release NODE` ends a quarantine, so that the next provisioner continues at the step where the node
 * stopped; `mcprovision retry NODE` starts again at the first step.
 */
export function release(
  io: Io,
  given: string,
  options: { config?: string; json?: boolean; fresh: boolean },
): Promise<ExitCode> {
  return withSession(io, options.config, async (session) => {
    const { fresh } = options;
    const [found, { known }] = await Promise.all([
      findNode(given, session.peers).catch((error: unknown) => ({ error })),
      askProvisioners(io, session),
    ]);
    const arrivals = arrivalsNamed(known, given);
    if ('error' in found) throw withArrivals(found.error, arrivals);
    const { node, name: identity } = found;
    const { released } = await node.change(
      'release',
      (agent, claim, given) => agent.release({ fresh, ...claim }, given),
      { signal: neverAborts },
    );
    // A quarantine that the node could not record ends, too.
    const wasQuarantined = released === true || arrivals.some(({ state }) => state === 'quarantined');
    if (options.json) io.out(jsonLine({ identity, collective: node.collective, fresh, wasQuarantined }));
    else {
      const next = fresh
        ? 'provisioning starts again at the first step'
        : 'provisioning continues at the step where it stopped';
      io.out(`${identity}: ${wasQuarantined ? 'released' : 'was not in quarantine'}; ${next}\n`);
    }
    return ExitCode.ok;
  });
}
