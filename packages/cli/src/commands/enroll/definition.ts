import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { duration, gather, positive } from '../../command-line/values.js';
import type { TokenOptions } from './enroll.js';

export function define(command: Command, shell: Shell): void {
  command.description('Creates enrolment (enrollment) tokens for new machines.');
  const token = command.command('token').summary('Create an enrolment token');
  describe(
    token,
    'Creates an enrolment token, signed with your certificate. A machine with the token may join one collective until the token expires, and accepts requests only from callers that the token allows. Keep the token secret: anyone who has it can join. To revoke a token, add its id (printed when the token is created) to two files: the file named by enrolment.revoked in the configuration of the broker, and the file named by security.tokens.revoked in the client configurations.\nExit codes: 0 created; 1 a value is missing or a file cannot be written.',
    [
      ['For an image of new machines, valid for a day', 'mco enroll token -o /srv/image/etc/troupe/token'],
      ['For at most 20 machines in Europe', 'mco enroll token --uses 20 --fact region=eu -o token'],
      [
        'For Mosquitto, with the account that mco broker config has created',
        'mco enroll token --account newcomers.pem --broker mqtts://mq.example.net:8885 -o token',
      ],
      [
        'For one machine that gets the name of a host that is gone',
        'mco enroll token --name web1.example.net --replace --uses 1 -o token',
      ],
      [
        'With the broker address that new machines can reach',
        'mco enroll token --broker mqtts://mq.example.net:8883 --ttl 7d >token',
      ],
    ],
  );
  addTo(token, 'Token:', [
    new Option('--collective <name>', 'collective that machines with the token may join').default(
      'provisioning',
    ),
    new Option(
      '--broker <url>',
      'broker URL for new machines; repeatable (default: those in your configuration)',
    ).argParser(gather),
    new Option(
      '--account <file>',
      'for brokers other than troupe-broker: file with the account of new machines that mco broker config --newcomers created',
    ),
    new Option('--ttl <duration>', 'lifetime of the token: 90s, 30m, 24h, 7d')
      .argParser(duration)
      .default(86_400, '24h'),
    new Option(
      '--callers <pattern>',
      'names of callers that the machines accept: /regex/ (default: security.callers.match in your configuration)',
    ),
    new Option(
      '--ca <file>',
      'PEM file with the CAs of the broker and of callers; repeatable (default: those in your configuration)',
    ).argParser(gather),
    new Option(
      '--uses <n>',
      'maximum number of machines (default: no limit); requires a file for counting: enrolment.ledger in the configuration of troupe-broker, or with --account security.tokens.ledger in the client configurations; without it, the token is refused',
    ).argParser(positive),
    new Option(
      '--fact <condition>',
      'only machines with this fact, FACT=VALUE as for -F in mco find; repeatable; each machine checks its own facts before it joins',
    ).argParser(gather),
    new Option(
      '--name <pattern>',
      'only machines with this name: an exact name or /regex/ (default: any name)',
    ),
    new Option(
      '--replace',
      'allow taking over the name of a host that does not reply any more: the provisioner then replaces its certificate',
    ),
    new Option(
      '-o, --output <file>',
      'write the token to this file with mode 0600 (default: standard output)',
    ),
  ]);
  withJson(token).action(
    shell.action(async () =>
      (await import('./enroll.js')).makeToken(shell.screen, token.optsWithGlobals<TokenOptions>()),
    ),
  );
}
