import { parseArgs } from 'node:util';
import { type BrokerName, brokers } from './kill-loop/site.js';
import type { RunOptions } from './run.js';

export const usage = `Usage: npm run chaos -- [options]

Provisions emulated nodes under faults, then checks invariants against the disks of the nodes and CAs. The faults:
provisioners, nodes, masters and the broker are killed (SIGKILL), paused and restarted; messages are lost, duplicated
and delayed.

      --seed N          seed of the schedule of faults (default: 1)
      --nodes N         number of nodes (default: 200)
      --masters N       number of masters (default: 2)
      --provisioners N  number of provisioners (default: 3)
      --groups N        number of processes for the nodes (default: one per 25 nodes)
      --seconds N       duration of the faults in seconds (default: 120)
      --patience N      time limit in seconds for the nodes to finish afterwards (default: 240)
      --folder PATH     empty folder for disks, logs and CAs; it is kept (default: a temporary folder, which is
                        kept only if an invariant is violated)
      --plan            print the schedule as JSON, then exit
      --json            print the results as one JSON document on standard output
  -h, --help            print this help

Usage: npm run chaos -- --kill-loop N [options]

Sends requests to one mcod, kills it (SIGKILL) while they run, restarts it and sends them again, N times. Then checks
against its disk and the replies that no request ran twice and that every reply is correct.

      --seed N          seed of the requests and of the moments of the kills (default: 1)
      --broker NAME     ${Object.keys(brokers).join(' or ')} (default: embedded)
      --folder, --plan, --json as above

Exit codes:
  0    all invariants hold
  1    an invariant is violated, or the run failed
  2    usage error
  130  interrupted
`;

type Fleet = Pick<
  RunOptions,
  'seed' | 'nodes' | 'masters' | 'provisioners' | 'groups' | 'seconds' | 'patience'
>;

/** What the command line asks for. */
export interface Options {
  readonly help: boolean;
  readonly plan: boolean;
  readonly json: boolean;
  readonly folder: string | undefined;
  /** What is run: a fleet that is provisioned, or a loop that kills one daemon. */
  readonly wanted:
    | { readonly kind: 'fleet'; readonly size: Fleet }
    | {
        readonly kind: 'loop';
        readonly seed: number;
        readonly rounds: number;
        readonly broker: BrokerName;
      };
}

const ofFleets = ['nodes', 'masters', 'provisioners', 'groups', 'seconds', 'patience'] as const;

/** Reads the command line. Throws a TypeError if it is invalid. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ seed: text, nodes: text, masters: text, provisioners: text, groups: text },
      ...{ seconds: text, patience: text, folder: text, plan: flag, json: flag },
      ...{ 'kill-loop': text, broker: text },
      help: { ...flag, short: 'h' },
    },
  });
  const { help, plan, json, folder, broker } = values;
  const number = (name: keyof Fleet | 'kill-loop', standard: number, least = 1) => {
    const value = Number(values[name] ?? standard);
    if (Number.isSafeInteger(value) && value >= least && values[name] !== '') return value;
    throw new TypeError(`invalid --${name} "${values[name]}": it must be a whole number, at least ${least}`);
  };
  const general = { help, plan, json, folder };
  const seed = number('seed', 1, 0);
  if (values['kill-loop'] !== undefined) {
    const strange = ofFleets.find((name) => values[name] !== undefined);
    if (strange !== undefined) throw new TypeError(`--${strange} cannot be combined with --kill-loop`);
    const rounds = number('kill-loop', 1);
    return { ...general, wanted: { kind: 'loop', seed, rounds, broker: brokerOf(broker) } };
  }
  if (broker !== undefined) throw new TypeError('--broker requires --kill-loop');
  const nodes = number('nodes', 200);
  const size: Fleet = {
    seed,
    nodes,
    masters: number('masters', 2),
    provisioners: number('provisioners', 3),
    groups: number('groups', Math.max(1, Math.round(nodes / 25))),
    seconds: number('seconds', 120),
    patience: number('patience', 240),
  };
  return { ...general, wanted: { kind: 'fleet', size } };
}

function brokerOf(name = 'embedded'): BrokerName {
  if (name === 'embedded' || name === 'mosquitto') return name;
  throw new TypeError(`invalid --broker "${name}": choose ${Object.keys(brokers).join(' or ')}`);
}
