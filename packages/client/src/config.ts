import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import {
  type BrokerConfig,
  type LogLevel,
  loadConfig,
  type SecurityConfig,
  section,
  sections,
  TroupeError,
} from '@troupe/core';

/** The configuration of a client, complete with its defaults. */
export interface ClientConfig {
  readonly broker: BrokerConfig;
  readonly topics: { readonly escape: boolean };
  readonly security: SecurityConfig;
  readonly collectives: readonly string[];
  /** Folders with DDLs beside those that come with Troupe. */
  readonly ddl_dirs: readonly string[];
  /** npm packages that bring commands to `mco`, or paths of modules relative to this file. */
  readonly applications: readonly string[];
  readonly log: { readonly level: LogLevel };
  /** Seconds to wait for a broker. */
  readonly connect_timeout: number;
}

/** The JSON Schema of a client's configuration. */
export const clientSchema = section({
  broker: sections.broker,
  topics: sections.topics,
  security: sections.security,
  collectives: sections.collectives,
  ddl_dirs: { type: 'array', items: sections.file, default: [] },
  applications: { type: 'array', items: { type: 'string', minLength: 1 }, default: [] },
  log: section({ level: { ...sections.logLevel, default: 'warn' } }),
  connect_timeout: { type: 'number', exclusiveMinimum: 0, default: 10 },
});

/** Where a client's configuration is looked for, in this order, when none is named. */
export function configPlaces(): readonly string[] {
  const config = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config');
  return [join(config, 'troupe', 'client.yaml'), '/etc/troupe/client.yaml'];
}

/** The file that holds the configuration: the one named, `TROUPE_CONFIG`, or the first that exists. Throws FILE_UNREADABLE. */
export function findClientConfig(named?: string): string {
  const wanted = named ?? (process.env.TROUPE_CONFIG || undefined);
  if (wanted !== undefined) return wanted;
  const found = configPlaces().find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new TroupeError(
    'FILE_UNREADABLE',
    `no configuration: name one with --config or TROUPE_CONFIG, or make ${configPlaces().join(' or ')}`,
  );
}

/** Reads a client's configuration. Throws FILE_UNREADABLE or CONFIG_INVALID. */
export function loadClientConfig(file: string): ClientConfig {
  return loadConfig<ClientConfig>(file, clientSchema);
}

/** The caller's name where no certificate says it (`none` mode): the user of this process. */
export function localCaller(): string {
  return `${userInfo()
    .username.toLowerCase()
    .replace(/[^a-z0-9_-]/g, '_')}.mcollective`;
}
