import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { gather } from '../../command-line/values.js';
import type { KeysOptions } from './keys.js';

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    "Makes a person's private key and a certificate signing request for a Puppet CA; with --cadir the built-in CA signs it at once. An existing key is never replaced.\nExit codes: 0 made; 1 not.",
    [
      [
        'For a Puppet CA; writes client.yaml too, where there is none',
        'mco keys rip.mcollective --broker mqtts://mq.example.net:8883',
      ],
      [
        'Signed by the built-in CA of this machine',
        'mco keys rip.mcollective --cadir /var/lib/troupe/agents/puppetca/ca',
      ],
      ['With a new built-in CA', 'mco keys rip.mcollective --cadir ~/troupe-ca --make-ca'],
    ],
  );
  command.argument('<name>', "the caller's name: nodes obey those that match security.callers.match");
  addTo(command, 'Key:', [
    new Option('--kind <kind>', 'what kind of key; every Puppet CA signs rsa')
      .choices(['rsa', 'ec', 'ed25519'])
      .default('rsa'),
    new Option('--folder <folder>', 'where to put the files (default: ~/.config/troupe)'),
    new Option('--callers <pattern>', 'names of callers: /regex/; else as your configuration says'),
    new Option(
      '--broker <url>',
      "the broker's address, for the client.yaml that is written; repeatable",
    ).argParser(gather),
  ]);
  addTo(command, 'Built-in CA:', [
    new Option('--cadir <folder>', 'have the built-in CA in this folder sign the request'),
    new Option('--make-ca', 'make a new CA in that folder first'),
  ]);
  withJson(command).action(
    shell.action(async (name: string) =>
      (await import('./keys.js')).makeKeys(shell.screen, name, command.optsWithGlobals<KeysOptions>()),
    ),
  );
}
