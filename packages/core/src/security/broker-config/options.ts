import { TroupeError } from '../../errors.js';
import { isIdentity, isName } from '../../transport/topics.js';

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
}

/** Fills in what may be left out. Throws CONFIG_INVALID. */
export function checkedOptions(options: BrokerConfigOptions): Required<Omit<BrokerConfigOptions, 'crl'>> & {
  readonly crl: string | undefined;
} {
  const {
    port = 8883,
    collectives = ['mcollective'],
    nodes = [],
    folder = '.',
    crl,
    callersCa = options.ca,
  } = options;
  const invalid = (message: string) => new TroupeError('CONFIG_INVALID', message);
  for (const name of collectives) if (!isName(name)) throw invalid(`"${name}" is no name of a collective`);
  for (const name of [...options.callers, ...nodes])
    if (!isIdentity(name))
      throw invalid(`"${name}" is no name of a certificate here: use a-z, 0-9, ".", "_" and "-"`);
  if (options.callers.length === 0) throw invalid('name at least one caller');
  const files = {
    ca: options.ca,
    certificate: options.certificate,
    key: options.key,
    callersCa,
    folder,
    ...(crl && { crl }),
  };
  // Each goes to a line of its own, where a line end would begin another setting.
  for (const [key, file] of Object.entries(files))
    if (!/^[\w./@+:-]+$/.test(file)) throw invalid(`${key}: "${file}" is no path that every broker can read`);
  return { ...options, port, collectives, nodes, folder, callersCa, crl };
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
