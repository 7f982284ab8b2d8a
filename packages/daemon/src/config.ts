import { type ConfigOf, loadConfig, optionalSection, parseConfig, section, sections } from '@troupe/core';

/** The JSON Schema of the daemon's configuration; docs/reference/mcod.md is made from it. */
export const daemonSchema = section({
  identity: {
    type: 'string',
    pattern: '^[a-z0-9][a-z0-9._-]*$',
    description:
      "The node's name. Default: the name in its certificate; without a certificate, the host name.",
  },
  collectives: { ...sections.collectives, description: 'The collectives that the node belongs to.' },
  main_collective: {
    type: 'string',
    description:
      'The collective in which presence and events are published. Default: the first of `collectives`.',
  },
  broker: sections.broker,
  topics: sections.topics,
  security: sections.security,
  agents: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    default: [],
    description: 'Agents to load: names of npm packages, or paths relative to the folder of this file.',
  },
  external_agents: {
    type: 'array',
    items: section({
      ddl: { ...sections.file, description: 'The DDL file of one agent.' },
      command: {
        ...sections.file,
        description: "The agent's program. Default: the file with the agent's name in the folder of the DDL.",
      },
      config: {
        ...sections.file,
        description: "The agent's configuration file. Default: made from its section under `plugins`.",
      },
      role: {
        enum: ['provision'],
        description:
          '`provision`: this is the provision agent of the host, instead of `@troupe/agent-provision` ([contract](provision-agent.md)). Only with `ddl`.',
      },
      folder: {
        ...sections.file,
        description:
          'Instead of `ddl`: a folder of external agents, each with its DDL `NAME.json` and its program `NAME`.',
      },
    }),
    default: [],
    description:
      "Agents in any language that use Choria's external agent protocol. Paths are relative to the folder of this file.",
  },
  plugins: {
    type: 'object',
    additionalProperties: { type: 'object' },
    default: {},
    description: 'The configuration of each agent, by the name of the agent.',
  },
  facts: section({
    paths: {
      type: 'array',
      items: sections.file,
      default: ['/etc/troupe/facts.d'],
      description:
        'Files and folders of facts: `.yaml`, `.yml`, `.json`, `.txt` (`name=value`). If two files set the same fact, the later file wins.',
    },
    facter: {
      ...optionalSection({
        command: {
          type: 'array',
          items: sections.file,
          minItems: 1,
          default: ['facter', '--json'],
          description: 'The program and its arguments. It must print JSON.',
        },
        interval: {
          type: 'number',
          minimum: 10,
          maximum: 604_800,
          format: 'seconds',
          default: 1800,
          description: 'Seconds between two runs. A failed run is repeated after one minute.',
        },
        timeout: {
          type: 'number',
          minimum: 1,
          maximum: 3600,
          format: 'seconds',
          default: 60,
          description: 'Time limit of a run, in seconds.',
        },
      }),
      description:
        'If this section is present (`facter: {}` is enough), the daemon also runs facter in the background and uses its facts. The last known facts are kept across restarts.',
    },
  }),
  classes_file: { ...sections.file, description: "Puppet's list of classes, one per line." },
  state_dir: {
    type: 'string',
    default: '/var/lib/troupe',
    description:
      'Folder for data that must survive a restart: request ids and the state of agents. Only the daemon may have access to it.',
  },
  pid_file: { ...sections.file, description: 'File to which the daemon writes its process id.' },
  status_file: {
    ...sections.file,
    description: 'File to which the daemon writes its status. Default: `status.json` in `state_dir`.',
  },
  status_interval: {
    type: 'number',
    minimum: 1,
    maximum: 3600,
    format: 'seconds',
    default: 30,
    description: 'Longest time in seconds between two writes of the status file.',
  },
  metrics: sections.metrics,
  log: section({
    level: {
      ...sections.logLevel,
      description: 'Lowest level that is logged. SIGUSR1 changes it while the daemon runs.',
    },
    format: sections.logFormat,
    file: { ...sections.file, description: 'Log file. Default: standard error.' },
  }),
  authorization: section({
    policies: {
      ...sections.file,
      description:
        'Folder with the files `AGENT.policy`, `default.policy` and `groups`. `mco policy init` writes a first policy.',
    },
    without_policy: {
      enum: ['allow', 'refuse'],
      description:
        'If `policies` is not set: whether agents other than `rpcutil` and `discovery` allow or refuse all calls. Default: `refuse`; `allow` if `security.mode` is `none`. In mode `token`, callers of the issuer of the token may call `provision` and `rpcutil`, and this key has no effect.',
    },
  }),
  audit: section({
    file: {
      ...sections.file,
      description: 'Audit log with one line per request. If it is not set, no audit log is written.',
    },
    max_bytes: {
      type: 'integer',
      minimum: 4096,
      default: 64 * 1024 * 1024,
      description: 'Size in bytes at which the audit log is rotated.',
    },
    keep: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description: 'Number of rotated files to keep; 0 keeps all.',
    },
    on_failure: {
      enum: ['warn', 'refuse'],
      default: 'warn',
      description:
        'What to do with a request if the audit log cannot be written: `warn` runs it and logs an error, `refuse` does not run it.',
    },
    events: {
      type: 'boolean',
      default: false,
      description: 'Whether audit entries are also published on the network, signed.',
    },
    discovery: {
      type: 'boolean',
      default: true,
      description: 'Whether discovery requests are also written to the audit log.',
    },
  }),
  limits: section({
    concurrency: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 20,
      description:
        'Number of actions that run at the same time. One caller can use up to four fifths of them.',
    },
    queue: {
      type: 'integer',
      minimum: 0,
      maximum: 100_000,
      default: 1000,
      description:
        'Number of requests that can wait to run. One caller can use up to four fifths of them; its further requests are answered with `busy`.',
    },
    keep_replies: {
      type: 'number',
      minimum: 1,
      maximum: 604_800,
      format: 'seconds',
      default: 3600,
      description:
        'Seconds for which the replies to a request are kept after it has ended. They are removed earlier if `keep_requests` or `keep_bytes` is reached.',
    },
    keep_requests: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: 10_000,
      description:
        'Number of ended requests whose replies are kept. If there are more, the oldest of the caller with the most are removed.',
    },
    keep_bytes: {
      type: 'integer',
      minimum: 65_536,
      default: 32 * 1024 * 1024,
      description:
        'Total size in bytes of the replies that are kept. If there are more, the oldest of the caller with the most are removed.',
    },
    keep_ids: {
      type: 'integer',
      minimum: 1000,
      maximum: 10_000_000,
      default: 100_000,
      description:
        'Number of ids of mutating requests that are stored, so that no request runs twice; as many ids of read-only requests are kept in memory. One caller can use up to four fifths of them; its further requests are answered with `busy`.',
    },
    max_ttl: {
      type: 'number',
      minimum: 60,
      maximum: 86_400,
      format: 'seconds',
      default: 3600,
      description:
        'Longest time to live of a request, in seconds. A request with a longer one is refused, because its id must be stored for that time.',
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
