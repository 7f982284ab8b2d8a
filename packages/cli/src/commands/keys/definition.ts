import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { gather } from '../../command-line/values.js';
import type { KeysOptions } from './keys.js';

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    "Creates a caller's private key and a certificate signing request (CSR) for a Puppet CA. With --cadir, the built-in CA signs the request immediately. An existing key is never overwritten.\nExit codes: 0 created; 1 error.",
    [
      [
        'For a Puppet CA; also writes client.yaml if it does not exist',
        'mco keys rip.mcollective --broker mqtts://mq.example.net:8883',
      ],
      [
        'Signed by the built-in CA on this machine',
        'mco keys rip.mcollective --cadir /var/lib/troupe/agents/puppetca/ca',
      ],
      ['With a new built-in CA', 'mco keys rip.mcollective --cadir ~/troupe-ca --make-ca'],
    ],
  );
  command.argument('<name>', 'name of the caller; nodes accept names that match security.callers.match');
  addTo(command, 'Key:', [
    new Option('--kind <kind>', 'type of the key; every Puppet CA can sign rsa')
      .choices(['rsa', 'ec', 'ed25519'])
      .default('rsa'),
    new Option('--folder <folder>', 'folder for the files (default: ~/.config/troupe)'),
    new Option(
      '--callers <pattern>',
      'names of callers: /regex/ (default: security.callers.match of your configuration)',
    ),
    new Option('--broker <url>', 'broker URL to write to client.yaml; repeatable').argParser(gather),
  ]);
  addTo(command, 'Built-in CA:', [
    new Option('--cadir <folder>', 'sign the request with the built-in CA in this folder'),
    new Option('--make-ca', 'create a new CA in that folder first'),
  ]);
  withJson(command).action(
    shell.action(async (name: string) =>
      (await import('./keys.js')).makeKeys(shell.screen, name, command.optsWithGlobals<KeysOptions>()),
    ),
  );
}
