import { parseArgs } from 'node:util';
import { messageOf, version } from '@troupe/core';
import { completionOf, failureText, oneLine, usageFailure } from '@troupe/core/internal';
import { checkDaemon } from './check.js';
import { exit } from './exit.js';
import { serve } from './serve.js';

const usage = `Usage: mcod [options]
       mcod emulate …     emulate many nodes in one process (see mcod emulate --help)

The Troupe daemon. It runs on every node, loads agents and serves their actions over MQTT.

  -c, --config FILE  configuration file (default: /etc/troupe/mcod.yaml)
      --check        check the configuration, the policies and the permissions of files
      --diagnose     write a support archive, then exit: versions, configuration without
                     secrets, status, log, clock, certificates, brokers; works without a
                     network
  -o, --output FILE  file name of the support archive (default:
                     troupe-support-HOST-TIME.tar.gz in the current folder)
      --completion SHELL
                     print a completion script for bash, zsh or fish
  -V, --version      print the version
  -h, --help         print this help

Signals:
  HUP        wait for actions in progress to end (after 1 hour, abort them), then reload
             the configuration and reconnect
  TERM, INT  wait for actions in progress to end (after 10 seconds, abort them), then exit
  USR1       each signal switches the log level to the next: configured level, debug,
             trace, configured level
Exit codes:
  0  shut down as requested
  1  configuration error, failure to start, or uncaught exception
  2  usage error
Errors end with a code in brackets: look it up in docs/troubleshooting.md or with mco help CODE.
`;

function misused(reason: string): never {
  process.stderr.write(usageFailure('mcod', reason));
  exit(2);
}

function arguments_() {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string', short: 'c', default: '/etc/troupe/mcod.yaml' },
        check: { type: 'boolean', default: false },
        diagnose: { type: 'boolean', default: false },
        output: { type: 'string', short: 'o' },
        completion: { type: 'string' },
        version: { type: 'boolean', short: 'V', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    misused(oneLine(messageOf(error)));
  }
}

function fail(error: unknown): never {
  process.stderr.write(failureText('mcod', error, { isTerminal: process.stderr.isTTY === true }));
  exit(1);
}

function printCompletion(shell: string): void {
  try {
    process.stdout.write(completionOf('mcod', usage, shell));
  } catch (error) {
    misused(messageOf(error));
  }
}

const values = arguments_();
if (values.help) process.stdout.write(usage);
else if (values.completion !== undefined) printCompletion(values.completion);
else if (values.version) process.stdout.write(`mcod ${version}\n`);
else if (values.check) {
  try {
    for (const warning of await checkDaemon(values.config))
      process.stderr.write(`mcod: warning: ${warning}\n`);
    process.stdout.write(`${values.config}: configuration OK\n`);
  } catch (error) {
    fail(error);
  }
} else if (values.diagnose) {
  import('./diagnose.js').then(({ diagnose }) => diagnose(values)).then(() => exit(0), fail);
} else {
  serve(values.config).then(() => exit(0), fail);
}
