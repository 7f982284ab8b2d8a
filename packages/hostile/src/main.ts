import { parseArgs } from 'node:util';
import { allAttacks, type PlacedAttack, runSuite, type Verdict } from './suite.js';

const usage = `Usage: npm run hostile -- [--only TEXT] [--first TEXT]... [--bail] [--json]
       npm run hostile -- --mutate [options]

Runs the attacks of the suite on a network on this machine. With --only, runs those whose name, or whose target,
contains TEXT.

  --first TEXT  runs the attacks whose name contains TEXT before the others
  --bail        stops at the first attack that the system does not withstand
  --json        prints one JSON object per attack
  --mutate      disables each check of the system in turn, in a copy, and names the attack that
                notices (see --mutate --help)

Exit codes: 0 all attacks failed; 1 at least one succeeded; 2 usage error.
`;

function readOptions() {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      first: { type: 'string', multiple: true, default: [] },
      bail: flag,
      json: flag,
      help: { ...flag, short: 'h' },
    },
  });
  return values;
}

function selected(only: string | undefined, first: readonly string[]): readonly PlacedAttack[] {
  const chosen = allAttacks.filter(
    ({ where, attack }) => only === undefined || attack.name.includes(only) || where.includes(only),
  );
  const rank = ({ attack }: PlacedAttack) => (first.some((text) => attack.name.includes(text)) ? 0 : 1);
  return [...chosen].sort((a, b) => rank(a) - rank(b));
}

function line({ where, name, seconds, fault }: Verdict): string {
  const state = fault === undefined ? 'failed' : 'SUCCEEDED';
  const why = fault === undefined ? '' : `\n    ${fault.slice(0, 1000)}`;
  return `${state.padEnd(10)}${where.padEnd(20)}${seconds.toFixed(1).padStart(6)} s  ${name}${why}`;
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`hostile: ${error instanceof Error ? error.message : error}\n\n${usage}`);
    return 2;
  }
  const { only, first, bail, json, help } = options;
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  const attacks = selected(only, first);
  if (attacks.length === 0) {
    process.stderr.write(`hostile: no attack contains "${only}"\n`);
    return 2;
  }
  let faults = 0;
  await runSuite(attacks, (verdict) => {
    if (verdict.fault !== undefined) faults += 1;
    console.log(json ? JSON.stringify(verdict) : line(verdict));
    return !(bail && verdict.fault !== undefined);
  });
  if (!json) console.log(`${attacks.length} attacks, ${faults} succeeded`);
  return faults > 0 ? 1 : 0;
}

process.exitCode = await main();
