import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { duration, gather, positive } from '../../command-line/values.js';
import type { TokenOptions } from './enroll.js';

export function define(command: Command, shell: Shell): void {
  command.description('Lets new machines in.');
  const token = command.command('token').summary('Make an enrolment token');
  describe(
    token,
    'Makes an enrolment token, signed with your certificate. A machine that holds it may join one collective until the token expires, and obeys only callers that the token names. Whoever has it can do that too: keep it secret. Its id is what takes it back: put it into the file enrolment.revoked of the broker, and security.tokens.revoked of clients.\nExit codes: 0 made; 1 something is missing or cannot be written.',
    [
      ['For the image of new machines, good for a day', 'mco enroll token -o /srv/image/etc/troupe/token'],
      ['For 20 machines in Europe', 'mco enroll token --uses 20 --fact region=eu -o token'],
      [
        'With the address at which new machines see the broker',
        'mco enroll token --broker mqtts://mq.example.net:8883 --ttl 7d >token',
      ],
    ],
  );
  addTo(token, 'Token:', [
    new Option('--collective <name>', 'the one collective that its holders may join').default('provisioning'),
    new Option(
      '--broker <url>',
      "a broker's address for new machines; repeatable; else those of your configuration",
    ).argParser(gather),
    new Option('--ttl <time>', 'how long it is good: 90s, 30m, 24h, 7d')
      .argParser(duration)
      .default(86_400, '24h'),
    new Option('--callers <pattern>', 'whom its holders obey: /regex/ of names; else security.callers.match'),
    new Option(
      '--ca <file>',
      'PEM of the CAs of broker and callers; repeatable; else those of your configuration',
    ).argParser(gather),
    new Option('--uses <n>', 'at most so many machines; counted where a ledger is configured').argParser(
      positive,
    ),
    new Option(
      '--fact <condition>',
      'only machines with this fact, as -F has it; repeatable. The machine itself judges it',
    ).argParser(gather),
    new Option('-o, --output <file>', 'write it there, readable by you alone; else to standard output'),
  ]);
  withJson(token).action(
    shell.action(async () =>
      (await import('./enroll.js')).makeToken(shell.screen, token.optsWithGlobals<TokenOptions>()),
    ),
  );
}
