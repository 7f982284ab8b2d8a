import { parseArgs } from 'node:util';
import { messageOf, TroupeError, version } from '@troupe/core';
import { failureText, withCode } from '@troupe/core/internal';
import { type DaemonConfig, loadDaemonConfig } from './config.js';
import { exit } from './exit.js';
import { PolicyStore } from './policy/index.js';
import { serve } from './serve.js';

const usage = `Usage: mcod [--config FILE] [--check]
       mcod emulate …  a whole fleet in one process (mcod emulate --help)

The daemon of a node: loads agents, and serves their actions over MQTT.

  -c, --config FILE  the configuration (default: /etc/troupe/mcod.yaml)
      --check        only check the configuration
      --version      the version
  -h, --help         this text

Signals: HUP reads the configuration again and reconnects, when what runs has ended;
TERM and INT end it: what runs has 10 seconds. USR1 changes the level of the log: to debug, to
trace, and back.
Exit codes: 0 ended as asked; 1 the configuration or the start is at fault; 2 wrong use.
An error ends with its code in brackets: docs/troubleshooting.md and mco help CODE explain it.
`;

function arguments_() {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string', short: 'c', default: '/etc/troupe/mcod.yaml' },
        check: { type: 'boolean', default: false },
        version: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    const reason = messageOf(error).split('\n', 1)[0] ?? '';
    process.stderr.write(`mcod: ${withCode(reason, 'USAGE_INVALID')}\n\n${usage}`);
    exit(2);
  }
}

function fail(error: unknown): never {
  process.stderr.write(failureText('mcod', error, { isTerminal: process.stderr.isTTY === true }));
  exit(1);
}

function checkPolicies(config: DaemonConfig): void {
  const { policies, without_policy: withoutPolicy } = config.authorization;
  if (policies === undefined) return;
  const { errors, warnings } = new PolicyStore({ folder: policies, withoutPolicy }).check();
  for (const warning of warnings) process.stderr.write(`mcod: warning: ${warning}\n`);
  if (errors.length > 0) throw new TroupeError('POLICY_INVALID', errors.join('\n'));
}

const values = arguments_();
if (values.help) process.stdout.write(usage);
else if (values.version) process.stdout.write(`mcod ${version}\n`);
else if (values.check) {
  try {
    checkPolicies(loadDaemonConfig(values.config));
    process.stdout.write(`${values.config} is sound\n`);
  } catch (error) {
    fail(error);
  }
} else {
  serve(values.config).then(() => exit(0), fail);
}
