import { isIP } from 'node:net';
import { TroupeError } from '../errors.js';
import { isIdentity, isName } from '../names.js';

/** What a broker's configuration is made of. Files are paths on the broker's machine. */
export interface BrokerConfigOptions {
  /** Of the listener for nodes; callers have the next one with Mosquitto. */
  readonly port?: number;
  /** The address to listen on; all addresses by default. */
  readonly address?: string;
  /** The memory, or with NATS the disk space, that clients can fill; 256 MiB by default, 1024 MiB with NATS and RabbitMQ. */
  readonly memoryMebibytes?: number;
  readonly collectives?: readonly string[];
  /** The only nodes that may use a collective; a collective that is not here is for all nodes. */
  readonly members?: Readonly<Record<string, readonly string[]>>;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly crl?: string;
  /** When the first list in `crl` expires, if that is known. Mosquitto gets no list that has expired. */
  readonly crlEnd?: Date;
  /** The CAs that callers are from, where they are others than those of nodes. */
  readonly callersCa?: string;
  /** Certificate names. */
  readonly callers: readonly string[];
  /** Identities; NATS and RabbitMQ have no patterns, so they need every one. */
  readonly nodes?: readonly string[];
  /** Lets machines in that have only an enrolment token; without it, nobody can connect without a certificate of the CA. */
  readonly newcomers?: NewcomerOptions;
  /** The folder on the broker's machine that the files will be in. */
  readonly folder?: string;
  /** The servers of a NATS cluster; each gets a file of its own. */
  readonly cluster?: readonly ClusterServer[];
  /** What the servers of a cluster prove to each other that they belong to it; random unless told. */
  readonly clusterSecret?: string;
}

/** The account that new machines share, which enrolment tokens carry. */
export interface NewcomerOptions {
  /** The common name of its certificate. */
  readonly account: string;
  /** The certificate of its CA, in PEM. */
  readonly ca: string;
  /** The only collective that it reaches; `provisioning` by default. Nodes do not reach it. */
  readonly collective?: string;
  /** How many new machines can be connected at a time, at brokers that can limit it; 1000 by default. */
  readonly connections?: number;
}

/** One server of a cluster. */
export interface ClusterServer {
  readonly host: string;
  /** For nodes and callers; that of the whole configuration unless told. */
  readonly port?: number;
  /** Where the other servers connect; 6222 unless told. */
  readonly routePort?: number;
}

/** What has no default, or one that depends on the broker. */
type Absent = 'crl' | 'crlEnd' | 'clusterSecret' | 'address' | 'memoryMebibytes' | 'newcomers';

/** Fills in what may be left out. Throws CONFIG_INVALID. */
export function checkedOptions(options: BrokerConfigOptions): Required<Omit<BrokerConfigOptions, Absent>> &
  Pick<BrokerConfigOptions, Exclude<Absent, 'crl' | 'newcomers'>> & {
    readonly crl: string | undefined;
    readonly newcomers: Required<NewcomerOptions> | undefined;
  } {
  const {
    port = 8883,
    collectives: given = ['mcollective'],
    nodes = [],
    folder = '.',
    crl,
    callersCa = options.ca,
    cluster = [],
    members = {},
    address,
    memoryMebibytes,
  } = options;
  const newcomers = options.newcomers && checkedNewcomers(options.newcomers, [...options.callers, ...nodes]);
  const collectives = given.filter((name) => name !== newcomers?.collective);
  if (newcomers && collectives.length === 0)
    throw invalid(`"${newcomers.collective}" is for new machines only: name a collective for nodes`);
  for (const name of collectives)
    if (!isName(name)) throw invalid(`"${name}" is not a valid collective name: use a-z, 0-9, "_" and "-"`);
  for (const name of Object.keys(members))
    if (!collectives.includes(name))
      throw invalid(`"${name}" has members but is not one of the collectives: ${collectives.join(', ')}`);
  if (address !== undefined && isIP(address) === 0)
    throw invalid(`"${address}" is not an IP address to listen on`);
  if (memoryMebibytes !== undefined && !(Number.isSafeInteger(memoryMebibytes) && memoryMebibytes >= 16))
    throw invalid(`${memoryMebibytes} MiB is not a memory limit: use a whole number of at least 16`);
  for (const name of [...options.callers, ...nodes, ...Object.values(members).flat()])
    if (!isIdentity(name))
      throw invalid(
        `${JSON.stringify(name)} is not a valid certificate name: use a-z, 0-9, ".", "_" and "-"`,
      );
  if (options.callers.length === 0) throw invalid('at least one caller is required');
  const files = {
    ca: options.ca,
    certificate: options.certificate,
    key: options.key,
    callersCa,
    folder,
    ...(crl && { crl }),
  };
  for (const { host } of cluster)
    if (!isIdentity(host)) throw invalid(`"${host}" is not a host name or address`);
  if (cluster.length > 0 && cluster.length < 3)
    throw invalid('a cluster needs at least three servers: with fewer, no server may fail');
  if (options.clusterSecret !== undefined && !/^[\w-]{16,}$/.test(options.clusterSecret))
    throw invalid('the cluster secret must have at least 16 characters: a-z, A-Z, 0-9, "_" and "-"');
  // Each goes to a line of its own, where a line end would begin another setting.
  for (const [key, file] of Object.entries(files))
    if (!/^[\w./@+:-]+$/.test(file))
      throw invalid(
        `${key}: ${JSON.stringify(file)} is not a path that every broker can read: use a-z, A-Z, 0-9 and ./@+:-_`,
      );
  return { ...options, port, collectives, members, nodes, folder, callersCa, cluster, crl, newcomers };
}

function checkedNewcomers(given: NewcomerOptions, others: readonly string[]): Required<NewcomerOptions> {
  const newcomers = { collective: 'provisioning', connections: 1000, ...given };
  const { account, collective, connections } = newcomers;
  if (!isName(collective))
    throw invalid(`"${collective}" is not a valid collective name: use a-z, 0-9, "_" and "-"`);
  if (!isIdentity(account))
    throw invalid(
      `${JSON.stringify(account)} is not a valid name of an account: use a-z, 0-9, ".", "_" and "-"`,
    );
  if (others.includes(account))
    throw invalid(
      `"${account}" is the account of new machines, so it cannot be the name of a node or a caller`,
    );
  if (!(Number.isSafeInteger(connections) && connections > 0))
    throw invalid(`${connections} is not a number of connections: use a whole number of at least 1`);
  return newcomers;
}

function invalid(message: string): TroupeError {
  return new TroupeError('CONFIG_INVALID', message);
}

/** One file of a broker's configuration. */
export interface ConfigFile {
  readonly name: string;
  readonly text: string;
}

export interface GeneratedConfig {
  readonly files: readonly ConfigFile[];
  /** What to do with them, and what they do not do: a sentence each. */
  readonly notes: readonly string[];
  /** Whether `topics.escape` must be on in the whole network. */
  readonly escape: boolean;
}

/** The collectives of callers: those of nodes, and that of new machines. */
export function callerCollectives({
  collectives,
  newcomers,
}: Pick<ReturnType<typeof checkedOptions>, 'collectives' | 'newcomers'>): readonly string[] {
  return newcomers ? [...collectives, newcomers.collective] : collectives;
}

const newcomersCa = 'newcomers-ca.pem';

/** The file with the CA of the account of new machines. */
export function newcomerFiles({
  newcomers,
}: Pick<ReturnType<typeof checkedOptions>, 'newcomers'>): readonly ConfigFile[] {
  return newcomers ? [{ name: newcomersCa, text: newcomers.ca }] : [];
}

/** Where the CA of the account of new machines is. */
export function newcomersCaFile({ folder }: Pick<ReturnType<typeof checkedOptions>, 'folder'>): string {
  return `${folder}/${newcomersCa}`;
}

/** The CA file of a broker that has one for all clients, and what to do if it must contain several. */
export function caBundle(
  options: Pick<ReturnType<typeof checkedOptions>, 'ca' | 'callersCa' | 'folder' | 'newcomers'>,
  broker: string,
): { readonly file: string; readonly notes: readonly string[] } {
  const files = [
    ...new Set([options.ca, options.callersCa, ...(options.newcomers ? [newcomersCaFile(options)] : [])]),
  ];
  if (files.length === 1) return { file: options.ca, notes: [] };
  const bundle = `${options.folder}/ca-bundle.pem`;
  const note = `Put all CAs into ${bundle} (cat ${files.join(' ')} >${bundle}). ${broker} does not distinguish between them.`;
  return { file: bundle, notes: [note] };
}

/** The collectives of one node; of no name in particular, those that are for all nodes. */
export function collectivesOf(
  { collectives, members }: Pick<Required<BrokerConfigOptions>, 'collectives' | 'members'>,
  node?: string,
): readonly string[] {
  return collectives.filter((name) => {
    const listed = Object.hasOwn(members, name) ? members[name] : undefined;
    return listed === undefined || (node !== undefined && listed.includes(node));
  });
}

/** What the notes of every configuration say about its broker: where it listens, and whom a collective keeps out. */
export function generalNotes({
  address,
  collectives,
  members,
  newcomers,
}: Pick<
  ReturnType<typeof checkedOptions>,
  'address' | 'collectives' | 'members' | 'newcomers'
>): readonly string[] {
  return [
    address === undefined
      ? 'The broker listens on all network interfaces: use --listen for one address, or a firewall.'
      : `The broker listens on ${address} only.`,
    ...(newcomers
      ? [
          `The broker does not check enrolment tokens: anyone who has a token, even an expired or revoked one, can connect and use the collective ${newcomers.collective} under any name. Callers and machines check tokens. To shut out the holders of old tokens, make a new account (delete the file of --newcomers), and new tokens.`,
        ]
      : [
          'The broker admits no machine without a certificate: use --newcomers for machines with an enrolment token.',
        ]),
    ...(collectives.length > 1 && Object.keys(members).length === 0
      ? ['Every node can use every collective: use --members to name the nodes of a collective.']
      : []),
  ];
}
