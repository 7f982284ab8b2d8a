import { type ConfigOf, loadConfig, optionalSection, parseConfig, section, sections } from '@troupe/core';

/** The JSON Schema of the daemon's configuration; docs/reference/mcod.md is made from it. */
export const daemonSchema = section({
  identity: {
    type: 'string',
    pattern: '^[a-z0-9][a-z0-9._-]*$',
    description: "The node's name. Otherwise that of its certificate; without one, that of the host.",
  },
  collectives: { ...sections.collectives, description: 'The collectives that the node belongs to.' },
  main_collective: {
    type: 'string',
    description: 'The collective that presence and events are told to; otherwise the first one.',
  },
  broker: sections.broker,
  topics: sections.topics,
  security: sections.security,
  agents: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    default: [],
    description: 'Agents to load: npm packages, or paths from the folder of this file.',
  },
  external_agents: {
    type: 'array',
    items: section({
      ddl: { ...sections.file, description: 'The DDL of one agent.' },
      command: { ...sections.file, description: 'Its program; otherwise beside the DDL, under its name.' },
      config: {
        ...sections.file,
        description: "The agent's own configuration file; otherwise its section under `plugins`.",
      },
      folder: {
        ...sections.file,
        description: 'Instead: a folder of such agents, `NAME.json` beside `NAME`.',
      },
    }),
    default: [],
    description:
      "Agents in any language, by Choria's external agent protocol; paths from the folder of this file.",
  },
  plugins: {
    type: 'object',
    additionalProperties: { type: 'object' },
    default: {},
    description: "Each agent's own section, by the name of the agent.",
  },
  facts: section({
    paths: {
      type: 'array',
      items: sections.file,
      default: ['/etc/troupe/facts.d'],
      description:
        'Files and folders of facts: `.yaml`, `.yml`, `.json`, `.txt` (`name=value`). Later ones win.',
    },
    facter: {
      ...optionalSection({
        command: {
          type: 'array',
          items: sections.file,
          minItems: 1,
          default: ['facter', '--json'],
          description: 'The program and its words; it prints JSON.',
        },
        interval: {
          type: 'number',
          minimum: 10,
          maximum: 604_800,
          default: 1800,
          description: 'Seconds between two runs; one that failed is tried again after a minute.',
        },
        timeout: {
          type: 'number',
          minimum: 1,
          maximum: 3600,
          default: 60,
          description: 'Seconds that a run may take.',
        },
      }),
      description:
        'If this section is present (`facter: {}` is enough), the facts of facter too: run in the background, its last good facts kept over a restart.',
    },
  }),
  classes_file: { ...sections.file, description: "Puppet's list of classes, one on each line." },
  state_dir: {
    type: 'string',
    default: '/var/lib/troupe',
    description: 'What must outlast a restart: ids of requests, the state of agents. For the daemon alone.',
  },
  pid_file: { ...sections.file, description: 'Where the process id is written.' },
  status_file: {
    ...sections.file,
    description: 'Where the daemon tells how it fares; otherwise `status.json` in `state_dir`.',
  },
  status_interval: {
    type: 'number',
    minimum: 1,
    maximum: 3600,
    default: 30,
    description: 'Seconds after which the status file is written again although nothing has happened.',
  },
  log: section({
    level: { ...sections.logLevel, description: 'What is logged; SIGUSR1 changes it while the daemon runs.' },
    format: sections.logFormat,
    file: { ...sections.file, description: 'Where to; otherwise to standard error.' },
  }),
  authorization: section({
    policies: {
      ...sections.file,
      description: 'The folder with `AGENT.policy`, `default.policy` and `groups`.',
    },
    without_policy: {
      enum: ['allow', 'refuse'],
      default: 'allow',
      description: 'What holds for an agent that no policy is for.',
    },
  }),
  audit: section({
    file: { ...sections.file, description: 'The audit: a line for each request. Without it, there is none.' },
    max_bytes: {
      type: 'integer',
      minimum: 4096,
      default: 64 * 1024 * 1024,
      description: 'Bytes after which a new file begins.',
    },
    keep: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description: 'Files that are kept beside the one in use; 0 keeps all.',
    },
    on_failure: {
      enum: ['warn', 'refuse'],
      default: 'warn',
      description: '`refuse`: nothing runs that cannot be noted first.',
    },
    events: {
      type: 'boolean',
      default: false,
      description: 'Whether lines are told on the network too, signed.',
    },
    discovery: {
      type: 'boolean',
      default: true,
      description: 'Whether the questions of those who look for nodes are noted as well.',
    },
  }),
  limits: section({
    concurrency: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 20,
      description: 'Actions that run at the same time.',
    },
    queue: {
      type: 'integer',
      minimum: 0,
      maximum: 100_000,
      default: 1000,
      description: 'Requests that wait for their turn; the next one is answered `busy`.',
    },
    keep_replies: {
      type: 'number',
      minimum: 1,
      maximum: 604_800,
      default: 3600,
      description:
        'Seconds that the replies to a request are kept after its end; less where one of the next two is reached.',
    },
    keep_requests: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: 10_000,
      description: 'Ended requests whose replies are kept; those that ended first go first.',
    },
    keep_bytes: {
      type: 'integer',
      minimum: 65_536,
      default: 32 * 1024 * 1024,
      description: 'Bytes of kept replies.',
    },
    keep_ids: {
      type: 'integer',
      minimum: 1000,
      maximum: 10_000_000,
      default: 100_000,
      description:
        'Ids of requests that are remembered, so that none runs twice; beyond, new ones are answered `busy`.',
    },
  }),
});

/** The configuration of `mcod`, complete with its defaults. */
export type DaemonConfig = ConfigOf<typeof daemonSchema>;

/** An entry of `external_agents`: one agent by its DDL, or all those in a folder. */
export type ExternalEntry = DaemonConfig['external_agents'][number];

/** Reads the daemon's configuration. Throws FILE_UNREADABLE or CONFIG_INVALID. */
export function loadDaemonConfig(file: string): DaemonConfig {
  return loadConfig(file, daemonSchema);
}

/** The daemon's configuration out of a YAML text, for tests and embedding. Throws CONFIG_INVALID. */
export function parseDaemonConfig(text: string, where = 'the configuration'): DaemonConfig {
  return parseConfig(text, daemonSchema, where);
}
