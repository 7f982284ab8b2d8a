import { parseArgs } from 'node:util';
import { messageOf, version } from '@troupe/core';
import { completionOf, failureText, oneLine, usageFailure } from '@troupe/core/internal';
import { agentAtWork } from './agents/agent-scope.js';
import { checkDaemon, checkLines } from './check.js';
import { ExitRefused, exit, refuseExit } from './exit.js';
import { serve } from './serve.js';
import { faultsIn } from './start-faults.js';

const usage = `Usage: mcod [options]
       mcod emulate …     emulate many nodes in one process (see mcod emulate --help)

The Troupe daemon. It runs on every node, loads agents and serves their actions over MQTT.

  -c, --config FILE  configuration file (default: /etc/troupe/mcod.yaml)
      --check        check what a start does: configuration, certificates, agents, policies,
                     files; name all faults and exit with 1 if the daemon does not start, or
                     starts without a part of it
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
  USR2, WINCH
             open the log file again, after a rotation
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
  const isTerminal = process.stderr.isTTY === true;
  for (const fault of faultsIn(error)) process.stderr.write(failureText('mcod', fault, { isTerminal }));
  exit(1);
}

// Agents are loaded as at a start: what they leave behind must not end or hold the check.
async function check(file: string): Promise<number> {
  refuseExit();
  process.on('uncaughtException', (error) => {
    if (!(error instanceof ExitRefused) && agentAtWork() === undefined) fail(error);
  });
  process.on('unhandledRejection', () => {});
  const result = await checkDaemon(file);
  for (const line of checkLines(result)) process.stderr.write(`mcod: ${line}\n`);
  if (result.fatal.length + result.without.length > 0) return 1;
  process.stdout.write(`${file}: configuration OK\n`);
  return 0;
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
  check(values.config).then(exit, fail);
} else if (values.diagnose) {
  import('./diagnose.js').then(({ diagnose }) => diagnose(values)).then(() => exit(0), fail);
} else {
  serve(values.config).then(() => exit(0), fail);
}
