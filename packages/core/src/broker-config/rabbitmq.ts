import { Topics } from '../transport/topics.js';
import {
  type BrokerConfigOptions,
  caBundle,
  callerCollectives,
  checkedOptions,
  collectivesOf,
  type GeneratedConfig,
  generalNotes,
  newcomerFiles,
} from './options.js';
import { callerPermissions, newcomerPermissions, nodePermissions, type Permissions } from './permissions.js';

/** A configuration of RabbitMQ 3.10 and later, with a user for each certificate. */
export function rabbitmqConfig(given: BrokerConfigOptions): GeneratedConfig {
  const options = checkedOptions(given);
  const { port, address, folder, callers, nodes, crl, newcomers } = options;
  const { memoryMebibytes = 1024 } = options;
  const topics = new Topics({ escape: true });
  const accounts = [
    ...nodes.map((name) => ({
      name,
      ...nodePermissions(topics, collectivesOf(options, name), escaped(name)),
    })),
    ...callers.map((name) => ({
      name,
      ...callerPermissions(topics, callerCollectives(options), escaped(name)),
    })),
    ...(newcomers
      ? [
          {
            name: newcomers.account,
            limits: { 'max-connections': newcomers.connections },
            ...newcomerPermissions(topics, newcomers.collective),
          },
        ]
      : []),
  ];
  const { file: ca, notes: caNotes } = caBundle(options, 'RabbitMQ');
  const text = `# RabbitMQ for Troupe: MQTT on port ${port}, on ${address ?? 'all network interfaces'}. All nodes and clients need topics.escape: true.
listeners.tcp = none
mqtt.listeners.tcp = none
mqtt.listeners.ssl.default = ${address === undefined ? '' : `${address.includes(':') ? `[${address}]` : address}:`}${port}
mqtt.allow_anonymous = false
mqtt.ssl_cert_login = true
mqtt.vhost = /
mqtt.exchange = amq.topic
# RabbitMQ does not deliver retained messages to subscriptions with wildcards, so nothing needs them, and a node could fill
# the disk with them.
mqtt.retained_message_store = rabbit_mqtt_retained_msg_store_noop
vm_memory_high_watermark.absolute = ${memoryMebibytes}MiB
ssl_cert_login_from = common_name
ssl_options.cacertfile = ${ca}
ssl_options.certfile = ${options.certificate}
ssl_options.keyfile = ${options.key}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
load_definitions = ${folder}/definitions.json
`;
  return {
    escape: true,
    files: [
      { name: 'rabbitmq.conf', text },
      { name: 'enabled_plugins', text: '[rabbitmq_mqtt,rabbitmq_auth_mechanism_ssl].\n' },
      { name: 'definitions.json', text: `${JSON.stringify(definitions(accounts), null, 2)}\n` },
      ...newcomerFiles(options),
    ],
    notes: [
      ...generalNotes(options),
      `If RabbitMQ uses more than ${memoryMebibytes} MiB of memory, it stops reading from clients that publish until it uses less. It keeps no retained messages.`,
      'RabbitMQ and epmd also listen for the command-line tools and other servers, on ports 25672 and 4369 of all interfaces: block them, or set RABBITMQ_NODE_IP_ADDRESS, inet_dist_use_interface and ERL_EPMD_ADDRESS.',
      'Set topics.escape: true in the configuration of every node and client: RabbitMQ turns a dot within a topic level into a slash.',
      'On Debian, RabbitMQ always runs as the user rabbitmq: this user must be able to read all of these files, including the key. Otherwise RabbitMQ exits with failed_to_prepare_configuration.',
      'When a node or a caller is added, generate the configuration again and import definitions.json (rabbitmqctl import_definitions).',
      ...(crl === undefined
        ? []
        : [
            'RabbitMQ does not read revocation lists (CRLs) in this configuration: delete the user of a revoked name. Nodes and clients check the lists themselves.',
          ]),
      ...caNotes,
      ...(newcomers
        ? [
            `New machines connect to the same port, at most ${newcomers.connections} at a time: make tokens with --account.`,
          ]
        : []),
    ],
  };
}

interface Account extends Permissions {
  readonly name: string;
  readonly limits?: Readonly<Record<string, number>>;
}

function definitions(accounts: readonly Account[]) {
  const vhost = '/';
  return {
    vhosts: [{ name: vhost }],
    users: accounts.map(({ name, limits }) => ({
      name,
      password_hash: '',
      tags: [],
      ...(limits && { limits }),
    })),
    permissions: accounts.map(({ name }) => {
      // What RabbitMQ itself makes for a client: queues named after its client id, which begins with the account.
      const queue = `mqtt-subscription-${name.replaceAll('.', '\\.')}(:[^:]*)?qos[01]`;
      const both = `^(amq\\.topic|${queue})$`;
      return { user: name, vhost, configure: `^${queue}$`, write: both, read: both };
    }),
    topic_permissions: accounts.map(({ name, publish, subscribe }) => ({
      user: name,
      vhost,
      exchange: 'amq.topic',
      write: anyOf(publish),
      read: anyOf(subscribe),
    })),
  };
}

// A routing key has dots for slashes; a key of a subscription may hold the wildcards * and #.
function anyOf(filters: readonly string[]): string {
  const forms = filters.map((filter) =>
    filter
      .split('/')
      .map((level) =>
        level === '+' ? '[^.#]+' : level === '#' ? '.+' : level.replaceAll(/[^\w%-]/g, '\\$&'),
      )
      .join('\\.'),
  );
  return `^(${forms.join('|')})$`;
}

function escaped(name: string): string {
  return name.replaceAll('.', '%2E');
}
