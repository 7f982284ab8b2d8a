import { Topics } from '../transport/topics.js';
import {
  type BrokerConfigOptions,
  callerCollectives,
  checkedOptions,
  collectivesOf,
  type GeneratedConfig,
  generalNotes,
  newcomerFiles,
  newcomersCaFile,
} from './options.js';
import { callerPermissions, newcomerPermissions, nodePermissions, type Permissions } from './permissions.js';

const namesAreClientIds = `# A second connection with the same client id disconnects the first, so the certificate name is the client id.
use_username_as_clientid true`;
const newcomersKnowNames =
  '# Client ids are not the names of nodes (use_username_as_clientid): new machines could disconnect nodes by their names.';

/** A configuration of Mosquitto 2.0 and later: a listener for nodes, whose names are patterns, and one for callers. */
export function mosquittoConfig(given: BrokerConfigOptions): GeneratedConfig {
  const options = checkedOptions(given);
  const { port, address, folder, callers, callersCa, newcomers } = options;
  const { memoryMebibytes = 256 } = options;
  const topics = new Topics();
  const ports = `nodes on port ${port}, callers on port ${port + 1}${newcomers ? `, new machines on port ${port + 2}` : ''}`;
  const main = `# Mosquitto for Troupe: ${ports}, ${address === undefined ? 'on all network interfaces' : `on ${address}`}.
per_listener_settings true
persistence false
# Without this, Nagle's algorithm and delayed acknowledgements add 44 ms to an exchange at QoS 1.
set_tcp_nodelay true
message_size_limit 1048576
# Retained messages have no limit for each client, so that one node could fill the memory of this machine.
memory_limit ${memoryMebibytes * 1024 * 1024}
# For a subscription at QoS 1, as clients of protocol version 1 make it for presence, the default limit loses all but 1000 records.
max_queued_messages 100000
max_inflight_messages 1000

${listener(options, { port, address, ca: options.ca, acl: `${folder}/nodes.acl` })}
${newcomers ? newcomersKnowNames : namesAreClientIds}

${listener(options, { port: port + 1, address, ca: callersCa, acl: `${folder}/callers.acl` })}
${newcomers ? newcomerListener(options, newcomers) : ''}`;
  return {
    escape: false,
    files: [
      { name: 'mosquitto.conf', text: main },
      { name: 'nodes.acl', text: nodesAcl(topics, options) },
      {
        name: 'callers.acl',
        text: callers
          .map(
            (name) =>
              `user ${name}\n${acl('topic', callerPermissions(topics, callerCollectives(options), name))}`,
          )
          .join('\n'),
      },
      ...(newcomers
        ? [
            {
              name: 'newcomers.acl',
              text: `user ${newcomers.account}\n${acl('topic', newcomerPermissions(topics, newcomers.collective))}`,
            },
          ]
        : []),
      ...newcomerFiles(options),
    ],
    notes: [
      ...generalNotes(options),
      `Clients can use ${memoryMebibytes} MiB of memory. A node that uses up all of it with retained messages prevents others from sending; a restart of Mosquitto removes these messages.`,
      `Callers connect to port ${port + 1}. A name that is not listed in callers.acl has no permissions there.`,
      'Mosquitto accepts every subscription and filters messages on delivery: an accepted subscription does not prove a permission.',
      ...listNotes(options),
      'Send SIGHUP to Mosquitto after a change of certificates, revocation list or permissions.',
      `A node that reaches port ${port + 1} can disconnect callers of earlier versions by using their client ids: use a separate CA for callers, or open the port to their machines only.`,
      ...(newcomers
        ? [
            `New machines connect to port ${port + 2}: make tokens with --account and the URL of this port (mco enroll token --broker). A holder of a token can disconnect nodes of earlier versions by using their names as client ids.`,
          ]
        : []),
    ],
  };
}

function newcomerListener(
  options: ReturnType<typeof checkedOptions>,
  { connections }: { connections: number },
): string {
  const { port, address, certificate, key, folder } = options;
  return `
${listener(
  { certificate, key, crl: undefined },
  { port: port + 2, address, ca: newcomersCaFile(options), acl: `${folder}/newcomers.acl` },
)}
# Not a firm limit: each failed connection makes Mosquitto 2.0.11 count one connection too few.
max_connections ${connections}
`;
}

function listener(
  options: { certificate: string; key: string; crl: string | undefined; crlEnd?: Date },
  { port, address, ca, acl: aclFile }: { port: number; address: string | undefined; ca: string; acl: string },
): string {
  const lines = [
    `listener ${port}${address === undefined ? '' : ` ${address}`}`,
    `cafile ${ca}`,
    `certfile ${options.certificate}`,
    `keyfile ${options.key}`,
    ...crlLines(options),
    'tls_version tlsv1.2',
    'require_certificate true',
    'use_identity_as_username true',
    'allow_anonymous false',
    `acl_file ${aclFile}`,
  ];
  return lines.join('\n');
}

// Without the list a revoked name can connect, but nodes and clients reject its messages; with an expired one, nobody can.
function crlLines({ crl, crlEnd }: { crl: string | undefined; crlEnd?: Date }): readonly string[] {
  if (crl === undefined) return [];
  if (!isOver(crlEnd)) return [`crlfile ${crl}`];
  return [
    '# Disabled: a list in this file has expired, and Mosquitto would refuse every certificate.',
    `# crlfile ${crl}`,
  ];
}

function listNotes({ crl, crlEnd }: { crl: string | undefined; crlEnd?: Date }): readonly string[] {
  if (crl === undefined) return [];
  if (isOver(crlEnd))
    return [
      `A list in ${crl} expired on ${dayOf(crlEnd)}. With it, Mosquitto would refuse every certificate, so crlfile is disabled: revoked names can connect, but nodes and clients reject their messages. Replace the file, then generate the configuration again.`,
    ];
  const end = crlEnd ? ` The first one expires on ${dayOf(crlEnd)}.` : '';
  return [
    `From the moment when a list in ${crl} expires, Mosquitto refuses every certificate.${end} Replace the file in time, for example every day by a timer, and send SIGHUP.`,
  ];
}

function isOver(end: Date | undefined): end is Date {
  return end !== undefined && end.getTime() < Date.now();
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

// Patterns hold for every name; what is for some names only stands below each of them.
function nodesAcl(topics: Topics, options: ReturnType<typeof checkedOptions>): string {
  const open = collectivesOf(options);
  const names = [...new Set(Object.values(options.members).flat())].sort();
  const sections = names.map((name) => {
    const own = collectivesOf(options, name).filter((collective) => !open.includes(collective));
    return `user ${name}\n${acl('topic', nodePermissions(topics, own, name))}`;
  });
  return [
    ...(open.length > 0 ? [acl('pattern', nodePermissions(topics, open, '%u'))] : []),
    ...sections,
  ].join('\n');
}

function acl(word: 'pattern' | 'topic', { publish, subscribe }: Permissions): string {
  const lines = [
    ...subscribe.map((filter) => `${word} read ${filter}`),
    ...publish.map((filter) => `${word} write ${filter}`),
  ];
  return `${lines.join('\n')}\n`;
}
