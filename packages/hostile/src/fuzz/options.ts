import { parseArgs } from 'node:util';

export const usage = `Usage: npm run fuzz -- [--count N] [--seed N] [--only TARGET [--show INDEX]] [--json]

Feeds one million mutated inputs (or N) to every parser of data from the network or from users.

Exit codes: 0 no crash, hang or leak found; 1 at least one found; 2 usage error.
`;

export interface Options {
  readonly help: boolean;
  readonly json: boolean;
  readonly count: number;
  readonly seed: number;
  readonly only: string | undefined;
  /** The input of the target that is printed, instead of a run. */
  readonly show: number | undefined;
}

/** Reads the command line; `targets` are the names that `--only` may give. Throws TypeError. */
export function readOptions(args: readonly string[], targets: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { count: text, seed: text, only: text, show: text, json: flag, help: { ...flag, short: 'h' } },
  });
  const { help, json, only, show } = values;
  if (only !== undefined && !targets.includes(only))
    throw new TypeError(`invalid --only "${only}": choose one of ${targets.join(', ')}`);
  if (show !== undefined && only === undefined) throw new TypeError('--show requires --only');
  return {
    ...{ help, json, only },
    count: wholeNumber('count', values.count ?? '1000000', 1),
    seed: wholeNumber('seed', values.seed ?? '20261122', 0),
    show: show === undefined ? undefined : wholeNumber('show', show, 0),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new TypeError(`invalid --${name} "${text}": it must be a whole number, at least ${least}`);
}
