import { parseArgs } from 'node:util';

export interface Options {
  /** One JSON document on standard output instead of the screen. */
  readonly json: boolean;
  /** Puppet's output too. */
  readonly verbose: boolean;
  /** The built-in CA and a stand-in for Puppet, although Puppet may be there. */
  readonly emulate: boolean;
  readonly help: boolean;
}

export const usage = `Usage: npm run demo [-- --emulate --verbose --json]

Takes three new hosts on this machine to hosts that Puppet manages: a broker, two Puppet Servers with a CA each,
discovery, certificates, two Puppet runs for each host, and the notification.

  --emulate  Troupe's built-in CA and a stand-in for Puppet: needs no packages
  --verbose  show what Puppet prints
  --json     print one JSON document on standard output, everything else on standard error
  --help     this text

Exit codes: 0 all hosts are provisioned and all notifications delivered; 1 something is not as it should be;
2 wrong use; 130 interrupted.
`;

/** Reads the command line. Throws TypeError for what it does not know. */
export function readOptions(args: readonly string[]): Options {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { json: flag, verbose: flag, emulate: flag, help: flag },
  });
  return values;
}
