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

Provisions three new hosts on this machine with Puppet. The demo starts a broker and two Puppet Servers, each with
its own CA, then shows discovery, certificates, two Puppet runs per host, and the notifications.

  --emulate  use Troupe's built-in CA and a stand-in for Puppet; requires no other packages
  --verbose  show the output of Puppet
  --json     print the results as one JSON document on standard output, and progress on standard error
  --help     print this help

Exit codes:
  0    all hosts are provisioned and all notifications are delivered
  1    a host was not provisioned, a notification was not delivered, or the demo failed
  2    usage error
  130  interrupted
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
