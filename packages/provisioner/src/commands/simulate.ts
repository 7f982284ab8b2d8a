import { simulate as simulateNode } from '../worker/simulation.js';
import { ExitCode } from './exit-code.js';
import { findNode } from './find-node.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { withSession } from './session.js';
import { table } from './table.js';

const labels = { do: 'run', 'leave out': 'skip', 'on record': 'already done' } as const;

/** `mcprovision simulate NODE`: what would be done for a node and why; nothing is done. */
export function simulate(
  io: Io,
  given: string,
  options: { config?: string; json?: boolean },
): Promise<ExitCode> {
  return withSession(io, options.config, async ({ config, peers }) => {
    const { node, name: identity } = await findNode(given, peers);
    const found = await simulateNode(node, config, peers);
    const { collective, refusal, master, address, reason, certname, objection, steps } = found;
    const code =
      refusal?.startsWith('in quarantine') || objection !== undefined ? ExitCode.quarantined : ExitCode.ok;
    if (options.json) {
      io.out(jsonLine({ ...found, identity, collective }));
      return code;
    }
    if (refusal !== undefined) {
      io.out(`${identity} would not be provisioned: ${refusal}\n`);
      return code;
    }
    io.out(`${identity} (${certname}) would be provisioned against ${master} (${address}): ${reason}\n`);
    if (objection !== undefined) io.out(`  it would be quarantined: ${objection}\n`);
    const rows = steps.map(({ step, verdict, reason }) => [step, labels[verdict], reason ?? '']);
    io.out(table([['STEP', 'ACTION', 'REASON'], ...rows], io.columns));
    return code;
  });
}
