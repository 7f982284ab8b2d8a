import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type ConfigOf, loadConfig, section, sections, TroupeError } from '@troupe/core';

/** The JSON Schema of a client's configuration. */
export const clientSchema = section({
  broker: sections.broker,
  topics: sections.topics,
  security: sections.security,
  collectives: {
    ...sections.collectives,
    description: 'Collectives of this client; the first one is the default for calls.',
  },
  ddl_dirs: {
    type: 'array',
    items: sections.file,
    default: [],
    description: 'Folders with DDLs, in addition to those that come with Troupe.',
  },
  applications: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    default: [],
    description: 'Modules that add commands to `mco`: npm packages, or paths relative to this file.',
  },
  log: section({
    level: {
      ...sections.logLevel,
      default: 'warn',
      description: 'Lowest level of the log messages that `mco` prints.',
    },
    format: {
      ...sections.logFormat,
      description: 'Format of log lines; `auto`: short notes, each printed once.',
    },
  }),
  connect_timeout: {
    type: 'number',
    exclusiveMinimum: 0,
    format: 'seconds',
    default: 10,
    description: 'Seconds to wait for a connection to a broker.',
  },
});

/** The configuration of a client, complete with its defaults. */
export type ClientConfig = ConfigOf<typeof clientSchema>;

/** Where a client's configuration is looked for, in this order, when none is named. */
export function configPlaces(): readonly string[] {
  const config = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config');
  return [join(config, 'troupe', 'client.yaml'), '/etc/troupe/client.yaml'];
}

/** The file that holds the configuration: the one named, `TROUPE_CONFIG`, or the first default file that exists; undefined if none exists. */
export function clientConfigFile(named?: string): string | undefined {
  return named ?? (process.env.TROUPE_CONFIG || configPlaces().find((place) => existsSync(place)));
}

/** The same for commands that need a configuration. Throws FILE_UNREADABLE if there is none. */
export function findClientConfig(named?: string): string {
  const found = clientConfigFile(named);
  if (found !== undefined) return found;
  throw new TroupeError(
    'FILE_UNREADABLE',
    `no configuration file found: specify one with --config or the environment variable TROUPE_CONFIG, or create ${configPlaces().join(' or ')}`,
  );
}

/** Reads a client's configuration. Throws FILE_UNREADABLE or CONFIG_INVALID. */
export function loadClientConfig(file: string): ClientConfig {
  return loadConfig(file, clientSchema);
}

/** The caller's name where no certificate says it (`none` mode): the user of this process. */
export function localCaller(): string {
  return `${userInfo()
    .username.toLowerCase()
    .replace(/[^a-z0-9_-]/g, '_')}.mcollective`;
}
