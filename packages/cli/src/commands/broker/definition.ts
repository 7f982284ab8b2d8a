import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { gather, whole } from '../../command-line/values.js';
import type { BrokerOptions } from './broker.js';

export function define(command: Command, shell: Shell): void {
  command.description('Generates the configuration of a broker for this network.');
  const config = command
    .command('config')
    .summary('Generate a configuration for Mosquitto, NATS or RabbitMQ');
  describe(
    config,
    "Generates a broker configuration with TLS and only the permissions that the protocol needs. File names are paths on the broker's machine. Options that are not given default to the values of the client configuration.\nExit codes: 0 generated; 1 a value is missing or a file cannot be written.",
    [
      [
        'Mosquitto with two callers, written to a folder',
        'mco broker config mosquitto --certificate /etc/mosquitto/mq.pem --key /etc/mosquitto/mq.key --caller rip.mcollective --caller eve.mcollective -o /etc/mosquitto/troupe',
      ],
      [
        'NATS, which needs the name of every node',
        'mco find | mco broker config nats --certificate mq.pem --key mq.key --nodes - -o nats',
      ],
      [
        'Mosquitto, with an account for machines that have an enrolment token',
        'mco broker config mosquitto --certificate mq.pem --key mq.key --newcomers newcomers.pem -o mosquitto',
      ],
    ],
  );
  config.argument('<broker>', 'mosquitto, nats or rabbitmq');
  addTo(config, 'Broker:', [
    new Option(
      '--port <n>',
      'port for nodes; on Mosquitto, callers use the next port, and new machines the one after it (default: 8883)',
    ).argParser(whole),
    new Option('--listen <address>', 'IP address to listen on (default: all network interfaces)'),
    new Option(
      '--memory <mebibytes>',
      'memory that clients can use; NATS: disk space (default: 256; NATS and RabbitMQ: 1024)',
    ).argParser(whole),
    new Option('--certificate <file>', 'certificate file of the broker').makeOptionMandatory(),
    new Option('--key <file>', 'private key file of the broker').makeOptionMandatory(),
    new Option('--ca <file>', 'CA file for the certificates of nodes (default: security.ca)'),
    new Option(
      '--callers-ca <file>',
      'CA file for the certificates of callers (default: security.callers.ca, or --ca)',
    ),
    new Option('--crl <file>', 'file with the certificate revocation lists (default: security.crl)'),
    new Option(
      '--folder <folder>',
      "folder of the files on the broker's machine (default: as -o, or the usual folder of the broker)",
    ),
  ]);
  addTo(config, 'Accounts:', [
    new Option('--caller <name>', 'name of a caller; repeatable (default: your own)').argParser(gather),
    new Option(
      '--node <identity>',
      'identity of a node, for NATS and RabbitMQ, which need every name; repeatable',
    ).argParser(gather),
    new Option(
      '--nodes <file>',
      'file with node identities: lines or JSON, such as the output of mco find; - for standard input',
    ),
    new Option(
      '--collective <name>',
      'name of a collective; repeatable (default: those in your configuration)',
    ).argParser(gather),
    new Option(
      '--members <collective=file>',
      'file with the only nodes that may use the collective, as for --nodes; repeatable (default: all nodes)',
    ).argParser(gather),
  ]);
  addTo(config, 'New machines:', [
    new Option(
      '--newcomers <file>',
      'let machines in that have only an enrolment token: file with the account that they share at the broker, created if it does not exist; mco enroll token --account puts it into tokens',
    ),
    new Option(
      '--newcomers-collective <name>',
      'the only collective of new machines; nodes cannot use it (default: provisioning)',
    ),
  ]);
  addTo(config, 'Output:', [
    new Option(
      '-o, --output <folder>',
      'write the files to this folder and overwrite existing ones (default: standard output)',
    ).conflicts('json'),
  ]);
  withJson(config).action(
    shell.action(async (kind: string) =>
      (await import('./broker.js')).makeBrokerConfig(
        shell.screen,
        kind,
        config.optsWithGlobals<BrokerOptions>(),
      ),
    ),
  );
}
