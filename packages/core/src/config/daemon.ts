import type { AgentConfig } from '../agent/agent.js';
import type { ExternalEntry } from '../agent/external/places.js';
import type { LogLevel } from '../log.js';
import { loadConfig, parseConfig } from './load.js';
import { type BrokerConfig, type SecurityConfig, section, sections } from './sections.js';

/** The configuration of `mcod`, complete with its defaults. */
export interface DaemonConfig {
  /** The node's name; the certificate's name, or else the host's, when absent. */
  readonly identity?: string;
  readonly collectives: readonly string[];
  /** The collective that presence is told to; the first one when absent. */
  readonly main_collective?: string;
  readonly broker: BrokerConfig;
  readonly topics: { readonly escape: boolean };
  readonly security: SecurityConfig;
  /** npm packages, or paths relative to this file. */
  readonly agents: readonly string[];
  /** Agents in any language that speak Choria's external agent protocol; paths are relative to this file. */
  readonly external_agents: readonly ExternalEntry[];
  /** Each agent's own section, by agent name. */
  readonly plugins: Readonly<Record<string, AgentConfig>>;
  readonly facts: {
    /** Files and folders: .yaml, .yml, .json, .txt (`name=value`); later ones win. */
    readonly paths: readonly string[];
    /** Facter's facts, where this section is there; run in the background, its last good facts kept over a restart. */
    readonly facter?: {
      /** The program and its words; it must print JSON. */
      readonly command: readonly string[];
      /** Seconds between two runs. */
      readonly interval: number;
      /** Seconds that a run may take. */
      readonly timeout: number;
    };
  };
  /** Puppet's list of classes, one on each line. */
  readonly classes_file?: string;
  readonly state_dir: string;
  readonly pid_file?: string;
  /** Where the daemon tells monitoring how it fares; `status.json` in `state_dir` when absent. */
  readonly status_file?: string;
  /** Seconds after which that file is written again although nothing has happened. */
  readonly status_interval: number;
  readonly log: { readonly level: LogLevel; readonly file?: string };
  readonly authorization: {
    /** The folder with AGENT.policy, default.policy and groups. */
    readonly policies?: string;
    /** What holds for an agent that no policy is for. */
    readonly without_policy: 'allow' | 'refuse';
  };
  readonly audit: {
    readonly file?: string;
    /** Bytes after which a new file begins. */
    readonly max_bytes: number;
    /** Files that are kept beside the one in use; 0 keeps all. */
    readonly keep: number;
    /** `refuse`: nothing runs that cannot be noted first. */
    readonly on_failure: 'warn' | 'refuse';
    /** Whether lines are told on the network too, signed. */
    readonly events: boolean;
    /** Whether the questions of those who look for nodes are noted as well. */
    readonly discovery: boolean;
  };
  readonly limits: {
    /** Actions that run at the same time. */
    readonly concurrency: number;
    /** Requests that wait for their turn; the next one is told so. */
    readonly queue: number;
    /** Seconds that the replies to a request are kept after its end; sooner they go as the next two say. */
    readonly keep_replies: number;
    /** Ended requests whose replies are kept; those that ended first go first. */
    readonly keep_requests: number;
    /** Bytes of kept replies. */
    readonly keep_bytes: number;
    /** Ids of requests that are remembered, so that none runs twice; beyond, new requests are told to come later. */
    readonly keep_ids: number;
  };
}

/** The JSON Schema of the daemon's configuration. */
export const daemonSchema = section({
  identity: { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]*$' },
  collectives: sections.collectives,
  main_collective: { type: 'string' },
  broker: sections.broker,
  topics: sections.topics,
  security: sections.security,
  agents: { type: 'array', items: { type: 'string', minLength: 1 }, default: [] },
  external_agents: {
    type: 'array',
    items: section({
      ddl: sections.file,
      command: sections.file,
      config: sections.file,
      folder: sections.file,
    }),
    default: [],
  },
  plugins: { type: 'object', additionalProperties: { type: 'object' }, default: {} },
  facts: section({
    paths: { type: 'array', items: sections.file, default: ['/etc/troupe/facts.d'] },
    facter: {
      ...section({
        command: { type: 'array', items: sections.file, minItems: 1, default: ['facter', '--json'] },
        interval: { type: 'number', minimum: 10, maximum: 604_800, default: 1800 },
        timeout: { type: 'number', minimum: 1, maximum: 3600, default: 60 },
      }),
      default: undefined,
    },
  }),
  classes_file: sections.file,
  state_dir: { type: 'string', default: '/var/lib/troupe' },
  pid_file: sections.file,
  status_file: sections.file,
  status_interval: { type: 'number', minimum: 1, maximum: 3600, default: 30 },
  log: section({ level: sections.logLevel, file: sections.file }),
  authorization: section({
    policies: sections.file,
    without_policy: { enum: ['allow', 'refuse'], default: 'allow' },
  }),
  audit: section({
    file: sections.file,
    max_bytes: { type: 'integer', minimum: 4096, default: 64 * 1024 * 1024 },
    keep: { type: 'integer', minimum: 0, default: 0 },
    on_failure: { enum: ['warn', 'refuse'], default: 'warn' },
    events: { type: 'boolean', default: false },
    discovery: { type: 'boolean', default: true },
  }),
  limits: section({
    concurrency: { type: 'integer', minimum: 1, maximum: 1000, default: 20 },
    queue: { type: 'integer', minimum: 0, maximum: 100_000, default: 1000 },
    keep_replies: { type: 'number', minimum: 1, maximum: 604_800, default: 3600 },
    keep_requests: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 10_000 },
    keep_bytes: { type: 'integer', minimum: 65_536, default: 32 * 1024 * 1024 },
    keep_ids: { type: 'integer', minimum: 1000, maximum: 10_000_000, default: 100_000 },
  }),
});

/** Reads the daemon's configuration. Throws FILE_UNREADABLE or CONFIG_INVALID. */
export function loadDaemonConfig(file: string): DaemonConfig {
  return loadConfig<DaemonConfig>(file, daemonSchema);
}

/** The daemon's configuration out of a YAML text, for tests and embedding. Throws CONFIG_INVALID. */
export function parseDaemonConfig(text: string, where = 'the configuration'): DaemonConfig {
  return parseConfig<DaemonConfig>(text, daemonSchema, where);
}
