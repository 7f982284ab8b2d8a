import { Topics } from '../../transport/topics.js';
import { type BrokerConfigOptions, checkedOptions, type GeneratedConfig } from './options.js';
import { callerPermissions, nodePermissions, type Permissions } from './permissions.js';

// Where NATS itself delivers what somebody is subscribed to at QoS 1: presence, which callers hear.
const deliveries = '$MQTT.sub.>';

/** A configuration of NATS Server 2.9 and later, with an account for each certificate. */
export function natsConfig(given: BrokerConfigOptions): GeneratedConfig {
  const options = checkedOptions(given);
  const { port, collectives, folder, callers, callersCa, nodes, crl } = options;
  const topics = new Topics({ escape: true });
  const users = [
    ...nodes.map((name) => user(name, nodePermissions(topics, collectives, escaped(name)))),
    ...callers.map((name) => user(name, callerPermissions(topics, collectives, escaped(name)), [deliveries])),
  ];
  const text = `# NATS Server for Troupe: MQTT at port ${port}. Needs topics.escape in the whole network.
server_name: troupe
# NATS' own protocol is of no use here.
listen: "127.0.0.1:-1"
max_payload: 1048576
jetstream { store_dir: "${folder}/jetstream" }
mqtt {
  port: ${port}
  tls {
    cert_file: "${options.certificate}"
    key_file: "${options.key}"
    ca_file: "${callersCa === options.ca ? options.ca : `${folder}/ca-bundle.pem`}"
    # The account is the one of the certificate's name.
    verify_and_map: true
  }
}
authorization {
  users: [
${users.join('\n')}
  ]
}
`;
  return {
    escape: true,
    files: [{ name: 'nats.conf', text }],
    notes: [
      'Set topics.escape: true in the configuration of every node and client: NATS takes no dots within a level.',
      'Make it again and reload (nats-server --signal reload) when a node or a caller is added: NATS has no patterns of names.',
      ...(crl === undefined
        ? []
        : [
            'NATS reads no revocation list: take a revoked name out of the file. Nodes and clients still check the list themselves.',
          ]),
      ...(callersCa === options.ca
        ? []
        : [`Put both CAs into ${folder}/ca-bundle.pem; NATS does not tell them apart.`]),
      'NATS cannot check enrolment tokens: machines without a certificate need the embedded broker.',
    ],
  };
}

function user(name: string, { publish, subscribe }: Permissions, more: readonly string[] = []): string {
  const list = (subjects: readonly string[]) => subjects.map((subject) => JSON.stringify(subject)).join(', ');
  const hears = [...subscribe.flatMap(subjectsOf), ...more];
  return `    { user: "CN=${name}", permissions: { publish: { allow: [${list(publish.flatMap(subjectsOf))}] }, subscribe: { allow: [${list(hears)}] } } }`;
}

// MQTT's "#" means its parent as well, which NATS subscribes for itself.
function subjectsOf(filter: string): string[] {
  const subject = filter.replaceAll('/', '.').replaceAll('+', '*');
  return subject.endsWith('.#') ? [`${subject.slice(0, -1)}>`, subject.slice(0, -2)] : [subject];
}

function escaped(name: string): string {
  return name.replaceAll('.', '%2E');
}
