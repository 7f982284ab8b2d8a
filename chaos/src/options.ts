import { parseArgs } from 'node:util';
import { type BrokerName, brokers } from './kill-loop/site.js';
import type { RunOptions } from './run.js';

export const usage = `Usage: npm run chaos -- --seed N [options]

Provisions emulated nodes while provisioners, nodes, masters and the broker are killed with -9, paused and started again,
and messages are lost, doubled and delayed; then judges by the disks of nodes and CAs whether all is as it must be.

      --seed N          what is broken when: the same seed, the same schedule (default: 1)
      --nodes N         (default: 200)
      --masters N       (default: 2)
      --provisioners N  (default: 3)
      --groups N        processes that the nodes are spread over (default: one for 25 nodes)
      --seconds N       in which things are broken (default: 120)
      --patience N      seconds that nodes have to come to an end afterwards (default: 240)
      --folder PATH     an empty folder in which all files are left: disks, logs, CAs (a temporary one otherwise,
                        which is left where something did not hold)
      --plan            only print what would be broken when
      --json            one JSON document on standard output
  -h, --help            this text

Usage: npm run chaos -- --kill-loop N [options]

Sends requests to one mcod, kills it with -9 in the middle of them, starts it again and asks again, N times; then judges by
its disk and the answers that nothing ran twice and that every answer is true.

      --seed N          what is sent, and when it is killed (default: 1)
      --broker NAME     ${Object.keys(brokers).join(' or ')} (default: embedded)
      --folder, --plan, --json as above

Exit codes: 0 all invariants hold; 1 one does not; 2 wrong use; 130 interrupted.
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

/** Reads the command line. Throws what is wrong with it. */
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
    throw new TypeError(`--${name} is "${values[name]}": give a whole number from ${least}`);
  };
  const general = { help, plan, json, folder };
  const seed = number('seed', 1, 0);
  if (values['kill-loop'] !== undefined) {
    const strange = ofFleets.find((name) => values[name] !== undefined);
    if (strange !== undefined) throw new TypeError(`--${strange} does not go with --kill-loop`);
    const rounds = number('kill-loop', 1);
    return { ...general, wanted: { kind: 'loop', seed, rounds, broker: brokerOf(broker) } };
  }
  if (broker !== undefined) throw new TypeError('--broker goes with --kill-loop only');
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
  throw new TypeError(`--broker is "${name}": give ${Object.keys(brokers).join(' or ')}`);
}
