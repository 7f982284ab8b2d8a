import { TroupeError } from '../errors.js';
import { isIdentity, isName } from '../names.js';

/** What a broker's configuration is made of. Files are paths on the broker's machine. */
export interface BrokerConfigOptions {
  /** Of the listener for nodes; callers have the next one with Mosquitto. */
  readonly port?: number;
  readonly collectives?: readonly string[];
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly crl?: string;
  /** The CAs that callers are from, where they are others than those of nodes. */
  readonly callersCa?: string;
  /** Certificate names. */
  readonly callers: readonly string[];
  /** Identities; NATS and RabbitMQ have no patterns, so they need every one. */
  readonly nodes?: readonly string[];
  /** The folder on the broker's machine that the files will be in. */
  readonly folder?: string;
  /** The servers of a NATS cluster; each gets a file of its own. */
  readonly cluster?: readonly ClusterServer[];
  /** What the servers of a cluster prove to each other that they belong to it; random unless told. */
  readonly clusterSecret?: string;
}

/** One server of a cluster. */
export interface ClusterServer {
  readonly host: string;
  /** For nodes and callers; that of the whole configuration unless told. */
  readonly port?: number;
  /** Where the other servers connect; 6222 unless told. */
  readonly routePort?: number;
}

/** Fills in what may be left out. Throws CONFIG_INVALID. */
export function checkedOptions(
  options: BrokerConfigOptions,
): Required<Omit<BrokerConfigOptions, 'crl' | 'clusterSecret'>> &
  Pick<BrokerConfigOptions, 'clusterSecret'> & { readonly crl: string | undefined } {
  const {
    port = 8883,
    collectives = ['mcollective'],
    nodes = [],
    folder = '.',
    crl,
    callersCa = options.ca,
    cluster = [],
  } = options;
  const invalid = (message: string) => new TroupeError('CONFIG_INVALID', message);
  for (const name of collectives)
    if (!isName(name)) throw invalid(`"${name}" is not a valid collective name: use a-z, 0-9, "_" and "-"`);
  for (const name of [...options.callers, ...nodes])
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
  return { ...options, port, collectives, nodes, folder, callersCa, cluster, crl };
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
