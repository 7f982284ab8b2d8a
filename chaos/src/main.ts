import { mkdir, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '@troupe/core';
import { createTempFolder } from '@troupe/testkit';
import { castOf } from './cast.js';
import { tables } from './report.js';
import { type RunOptions, runChaos } from './run.js';
import { scheduleOf } from './schedule.js';

const usage = `Usage: npm run chaos -- --seed N [options]

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

Exit codes: 0 all invariants hold; 1 one does not; 2 wrong use; 130 interrupted.
`;

type Settings = Pick<
  RunOptions,
  'seed' | 'nodes' | 'masters' | 'provisioners' | 'groups' | 'seconds' | 'patience'
>;

function read() {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: {
      ...{ seed: text, nodes: text, masters: text, provisioners: text, groups: text },
      ...{ seconds: text, patience: text, folder: text, plan: flag, json: flag },
      help: { ...flag, short: 'h' },
    },
  });
  const number = (name: keyof Settings, standard: number, least = 1) => {
    const value = Number(values[name] ?? standard);
    if (Number.isInteger(value) && value >= least) return value;
    throw new TypeError(`--${name} is "${values[name]}": give a whole number from ${least}`);
  };
  const nodes = number('nodes', 200);
  const settings: Settings = {
    seed: number('seed', 1, 0),
    nodes,
    masters: number('masters', 2),
    provisioners: number('provisioners', 3),
    groups: number('groups', Math.max(1, Math.round(nodes / 25))),
    seconds: number('seconds', 120),
    patience: number('patience', 240),
  };
  return { values, settings };
}

async function folderOf(named: string | undefined): Promise<{ path: string; close: () => Promise<void> }> {
  if (named === undefined) return createTempFolder({ prefix: 'troupe-chaos', mode: 0o711 });
  const path = resolve(named);
  await mkdir(path, { recursive: true, mode: 0o711 });
  if ((await readdir(path)).length > 0) throw new Error(`${path} is not empty: name another folder`);
  return { path, close: async () => {} };
}

async function main(): Promise<number> {
  let given: ReturnType<typeof read>;
  try {
    given = read();
  } catch (error) {
    process.stderr.write(`chaos: ${messageOf(error)}\n\n${usage}`);
    return 2;
  }
  const { values, settings } = given;
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (values.plan) {
    process.stdout.write(
      `${JSON.stringify({ faults: scheduleOf(settings), nodes: castOf(settings) }, null, 2)}\n`,
    );
    return 0;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const { path, close } = await folderOf(values.folder);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  let isEvidence = false;
  try {
    const outcome = await runChaos({ ...settings, folder: path, say, signal: stop.signal });
    process.stdout.write(values.json ? `${JSON.stringify(outcome, null, 2)}\n` : tables(outcome));
    isEvidence = outcome.findings.some(({ violations }) => violations.length > 0);
    return isEvidence ? 1 : 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return 130;
  } finally {
    if (isEvidence) say(`disks, logs and CAs are left in ${path}`);
    else await close();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`chaos: ${messageOf(error)}\n`);
    process.exit(1);
  },
);
