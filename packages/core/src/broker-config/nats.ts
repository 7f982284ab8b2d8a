import { randomBytes } from 'node:crypto';
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

// Where NATS itself delivers what somebody is subscribed to at QoS 1: presence, to clients of version 1 of the protocol.
const deliveries = '$MQTT.sub.>';
const routePort = 6222;

/**
 * A configuration of NATS Server 2.9 and later, with an account for each certificate: of one server, or of each
 * server of a cluster.
 */
export function natsConfig(given: BrokerConfigOptions): GeneratedConfig {
  const options = checkedOptions(given);
  const { folder, address, crl, cluster, newcomers, memoryMebibytes = 1024 } = options;
  const names = cluster.length === 0 ? ['nats'] : cluster.map((_, index) => `nats-${index + 1}`);
  const { file: ca, notes: caNotes } = caBundle(options, 'NATS');
  const secret = options.clusterSecret ?? randomBytes(24).toString('hex');
  const users = accounts(options);
  const files = names.map((name, index) => {
    const port = cluster[index]?.port ?? options.port;
    const routes = cluster.length === 0 ? '' : clusterSection(options, { index, ca, secret });
    return {
      name: `${name}.conf`,
      text: `# NATS Server for Troupe: MQTT on port ${port}, on ${address ?? 'all network interfaces'}. All nodes and clients need topics.escape: true.
server_name: ${name === 'nats' ? 'troupe' : `troupe-${index + 1}`}
# Troupe does not use the native NATS protocol.
listen: "127.0.0.1:-1"
max_payload: 1048576
# Retained messages and sessions are kept here, so that clients could fill the disk.
jetstream {
  store_dir: "${folder}/${name === 'nats' ? 'jetstream' : `jetstream-${index + 1}`}"
  max_file_store: ${memoryMebibytes}MiB
  max_memory_store: ${memoryMebibytes}MiB
}
mqtt {
${address === undefined ? '' : `  host: "${address}"\n`}  port: ${port}
${replicas(cluster.length)}  tls {
    cert_file: "${options.certificate}"
    key_file: "${options.key}"
    ca_file: "${ca}"
    # The name in the certificate selects the account.
    verify_and_map: true
  }
}
${routes}authorization {
  users: [
${users}
  ]
}
`,
    };
  });
  return {
    escape: true,
    files: [...files, ...newcomerFiles(options)],
    notes: [
      ...generalNotes(options),
      `Clients can store ${memoryMebibytes} MiB of messages and sessions in JetStream. If a node uses up all of it with retained messages, no client can connect: stop the server, remove the stream $MQTT_rmsgs from the folder of JetStream, remove the account of the node, and start the server.`,
      'Set topics.escape: true in the configuration of every node and client: NATS does not allow dots within a topic level.',
      'When a node or a caller is added, generate the configuration again and reload it (nats-server --signal reload): NATS has no patterns for names.',
      ...(crl === undefined
        ? []
        : [
            'NATS does not read revocation lists (CRLs): remove a revoked name from the file. Nodes and clients check the lists themselves.',
          ]),
      ...caNotes,
      ...(cluster.length === 0
        ? []
        : [
            `Each server has its own file: ${files.map(({ name }, index) => `${name} is for ${cluster[index]?.host}`).join(', ')}. The certificate of a server must contain its host name.`,
            'The files contain the secret of the cluster: anyone who can read it can join as a server and read all messages. Use the same secret when you generate the files again.',
          ]),
      ...(newcomers
        ? [
            'New machines connect to the same port: make tokens with --account. NATS cannot limit their connections, or what they store: a holder of a token can fill JetStream until no client can connect.',
          ]
        : []),
    ],
  };
}

// Left to itself it makes as many copies as servers have met when the first client comes, and two do not survive one.
function replicas(servers: number): string {
  return servers === 0 ? '' : '  stream_replicas: 3\n  consumer_replicas: 3\n';
}

// A node's certificate is of the same CA as a server's, so that it alone must not make anybody a server.
function clusterSection(
  { certificate, key, cluster }: ReturnType<typeof checkedOptions>,
  { index, ca, secret }: { index: number; ca: string; secret: string },
): string {
  const routes = cluster.filter((_, other) => other !== index);
  return `cluster {
  name: troupe
  listen: "${cluster[index]?.host}:${cluster[index]?.routePort ?? routePort}"
  authorization { user: troupe, password: "${secret}" }
  tls {
    cert_file: "${certificate}"
    key_file: "${key}"
    ca_file: "${ca}"
    verify: true
  }
  routes: [
${routes.map((server) => `    "nats-route://troupe:${secret}@${server.host}:${server.routePort ?? routePort}"`).join('\n')}
  ]
}
`;
}

function accounts(options: ReturnType<typeof checkedOptions>): string {
  const { nodes, callers, newcomers } = options;
  const topics = new Topics({ escape: true });
  return [
    ...nodes.map((name) => user(name, nodePermissions(topics, collectivesOf(options, name), escaped(name)))),
    ...callers.map((name) =>
      user(name, callerPermissions(topics, callerCollectives(options), escaped(name)), [deliveries]),
    ),
    ...(newcomers ? [user(newcomers.account, newcomerPermissions(topics, newcomers.collective))] : []),
  ].join('\n');
}

function user(name: string, { publish, subscribe }: Permissions, more: readonly string[] = []): string {
  const list = (subjects: readonly string[]) => subjects.map((subject) => JSON.stringify(subject)).join(', ');
  const hears = [...subscribe.flatMap(subjectsOf), ...more];
  // An account has no password, so that every protocol without client certificates would let anybody in.
  return `    { user: "CN=${name}", allowed_connection_types: ["MQTT"], permissions: { publish: { allow: [${list(publish.flatMap(subjectsOf))}] }, subscribe: { allow: [${list(hears)}] } } }`;
}

// MQTT's "#" means its parent as well, which NATS subscribes for itself.
function subjectsOf(filter: string): string[] {
  const subject = filter.replaceAll('/', '.').replaceAll('+', '*');
  return subject.endsWith('.#') ? [`${subject.slice(0, -1)}>`, subject.slice(0, -2)] : [subject];
}

function escaped(name: string): string {
  return name.replaceAll('.', '%2E');
}
