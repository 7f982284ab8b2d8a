import { parseArgs } from 'node:util';
import { messageOf, version } from '@troupe/core';
import { failureText, withCode } from '@troupe/core/internal';
import { checkDaemon } from './check.js';
import { exit } from './exit.js';
import { serve } from './serve.js';

const usage = `Usage: mcod [--config FILE] [--check | --diagnose [--output FILE]]
       mcod emulate …  a whole fleet in one process (mcod emulate --help)

The daemon of a node: loads agents, and serves their actions over MQTT.

  -c, --config FILE  the configuration (default: /etc/troupe/mcod.yaml)
      --check        only check the configuration
      --diagnose     write an archive for support: versions, configuration without
                     secrets, status, log, clock, certificates, brokers; works without
                     a network
  -o, --output FILE  the archive (default: troupe-support-HOST-TIME.tar.gz in this folder)
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
        diagnose: { type: 'boolean', default: false },
        output: { type: 'string', short: 'o' },
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

const values = arguments_();
if (values.help) process.stdout.write(usage);
else if (values.version) process.stdout.write(`mcod ${version}\n`);
else if (values.check) {
  try {
    for (const warning of checkDaemon(values.config)) process.stderr.write(`mcod: warning: ${warning}\n`);
    process.stdout.write(`${values.config} is sound\n`);
  } catch (error) {
    fail(error);
  }
} else if (values.diagnose) {
  import('./diagnose.js').then(({ diagnose }) => diagnose(values)).then(() => exit(0), fail);
} else {
  serve(values.config).then(() => exit(0), fail);
}
