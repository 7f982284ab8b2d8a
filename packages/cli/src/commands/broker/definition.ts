import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { gather, whole } from '../../command-line/values.js';
import type { BrokerOptions } from './broker.js';

export function define(command: Command, shell: Shell): void {
  command.description('What a broker needs to serve this network.');
  const config = command.command('config').summary('Make the configuration of Mosquitto, NATS or RabbitMQ');
  describe(
    config,
    'Makes a configuration with TLS and the permissions that the protocol needs and no more. Paths are those of the machine of the broker; what is left out is as in your own configuration.\nExit codes: 0 made; 1 something is missing or cannot be written.',
    [
      [
        'Into a folder, for two callers',
        'mco broker config mosquitto --certificate /etc/mosquitto/mq.pem --key /etc/mosquitto/mq.key --caller rip.mcollective --caller eve.mcollective -o /etc/mosquitto/troupe',
      ],
      [
        'For NATS, which must know every node by name',
        'mco find | mco broker config nats --certificate mq.pem --key mq.key --nodes - -o nats',
      ],
    ],
  );
  config.argument('<broker>', 'mosquitto, nats or rabbitmq');
  addTo(config, 'Broker:', [
    new Option('--port <n>', 'for nodes; with Mosquitto callers have the next one (default: 8883)').argParser(
      whole,
    ),
    new Option('--certificate <file>', "the broker's certificate").makeOptionMandatory(),
    new Option('--key <file>', 'its key').makeOptionMandatory(),
    new Option('--ca <file>', 'the CA of nodes; else security.ca'),
    new Option('--callers-ca <file>', 'the CA of callers; else security.callers.ca, or the same'),
    new Option('--crl <file>', 'the revocation lists; else security.crl'),
    new Option(
      '--folder <folder>',
      'where the files will be on the machine of the broker; else as -o, or its own',
    ),
  ]);
  addTo(config, 'Accounts:', [
    new Option('--caller <name>', 'a caller; repeatable; else you').argParser(gather),
    new Option(
      '--node <identity>',
      'a node, for NATS and RabbitMQ, which have no patterns; repeatable',
    ).argParser(gather),
    new Option('--nodes <file>', 'nodes: lines or JSON, such as that of mco find; - is standard input'),
    new Option('--collective <name>', 'a collective; repeatable; else those of your configuration').argParser(
      gather,
    ),
  ]);
  addTo(config, 'Output:', [
    new Option(
      '-o, --output <folder>',
      'write the files there, over older ones; else all to standard output',
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
