import { localSchemas } from '@troupe/agent-notify/local';
import { optionalSection, section, sections } from '@troupe/core';
import { defaultHttp, defaultJournal, defaultPauseFile } from './defaults.js';
import { hooksSchema } from './hooks.js';
import { policySchema } from './policy.js';
import { siteActionKeys } from './site-action.js';
import { replaceableSteps, stepNames } from './step-names.js';

const seconds = { type: 'number', exclusiveMinimum: 0, maximum: 86_400, format: 'seconds' } as const;
const count = (least: number, most: number, standard: number, description: string) =>
  ({ type: 'integer', minimum: least, maximum: most, default: standard, description }) as const;
const text = { type: 'string', minLength: 1 } as const;
// `filter:` without a value is null in YAML, and meant no filter in 2010.
const filter = (standard: string, description: string) =>
  ({ type: ['string', 'null'], default: standard, description }) as const;
const agent = (standard: string, description: string) =>
  ({ type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$', default: standard, description }) as const;
const collective = (standard: string, description: string) =>
  ({ ...sections.collectives.items, default: standard, description }) as const;
const list = { type: ['array', 'null'], default: [] } as const;
const switchable = [...stepNames.filter((name) => name !== 'done'), 'puppet_daemon'];
const word = {
  enum: [true, false, 'yes', 'no', 'on', 'off'],
  description: 'Whether the step is performed.',
} as const;
// The keywords for texts and for sections apply to these alone.
const wordOrAction = {
  ...optionalSection({ ...siteActionKeys, on: { ...siteActionKeys.on, default: 'node' } }, 'agent', 'action'),
  type: ['boolean', 'string', 'object'],
  pattern: '^(yes|no|on|off)$',
  description:
    'Whether the step is performed, or the agent that does its work ([below](#replaced-steps)). Each step except `done` has such a key; see below.',
} as const;
// The client's own schema checks them.
const ofClient = {
  type: 'object',
  description: 'Client settings in this file, as in `client.yaml`.',
} as const;

function isReplaceable(name: string): boolean {
  return replaceableSteps.some((step) => step === name);
}

const stepSettings = section({
  timeout: {
    ...seconds,
    description:
      'Time limit of the step in seconds; default: 3600 for Puppet runs, 120 for `send_node_csr` and `verify`, 30 or 60 for other steps.',
  },
  attempts: {
    type: 'integer',
    minimum: 1,
    maximum: 100,
    description: 'Overrides `attempts` for this step; default for `verify`: 1.',
  },
  condition: {
    ...text,
    description: 'A compound filter; the step is skipped on nodes that do not match it.',
  },
});

const runSettings = section({
  ...stepSettings.properties,
  environment: {
    type: 'string',
    pattern: '^[a-z0-9_]+$',
    description:
      'Puppet environment of this run; default: `bootstrap` for `puppet_bootstrap_stage`, the environment configured on the node for `puppet_final_run`.',
  },
});

/** The default filter of `target`: nodes that are not done and not leased. */
export const freeNodes = 'provision().disabled=false and provision().locked=false';

/** The JSON Schema of `provisioner.yaml`: the sections of 2010, then those of Troupe. */
export const provisionerSchema = section({
  steps: optionalSection(
    Object.fromEntries(
      switchable.map((name) => [name, isReplaceable(name) ? wordOrAction : word]),
    ) as Readonly<Record<string, typeof wordOrAction>>,
  ),
  master: section({
    criteria: {
      ...list,
      items: { type: 'string', pattern: '^[\\w.:-]+$' },
      description:
        'Names of facts to match between node and master, most important first; dots select values in structured facts.',
    },
    filter: filter('', 'Which nodes with the master agent are masters: a compound filter, as for `mco -S`.'),
    agent: agent('puppetca', 'The agent that masters run.'),
    ipaddress_fact: {
      ...text,
      description:
        'The fact that holds the address at which nodes reach a master; if the key or the fact is missing, the address reported by the `puppetca` agent is used.',
    },
    fallback: {
      type: 'number',
      minimum: 0,
      maximum: 2_592_000,
      format: 'seconds',
      default: 900,
      description:
        'Seconds for which nodes wait for a master that matches a better criterion, or with which they began, and that is known but does not reply; then they get another master. The time counts from the first look at which it did not reply, for all nodes alike. 0: nodes never wait.',
    },
  }),
  target: section({
    filter: filter(
      freeNodes,
      'Which nodes to provision; `""` selects all. Nodes that are done, disabled, in quarantine or leased by another provisioner are never touched.',
    ),
    agent: agent('provision', 'The agent that nodes run until they are provisioned.'),
    ipaddress_fact: { ...text, description: 'Accepted for compatibility; has no effect.' },
  }),
  notify: section({
    agent: agent(
      'notify',
      'The agent that notifiers run; `angelianotify` is accepted as another name of `notify`.',
    ),
    filter: filter(
      '',
      'Which nodes with the agent are notifiers: a compound filter. One that can deliver the message now is used; if none can, one queues the message.',
    ),
    targets: {
      ...list,
      items: { type: 'string', pattern: '^[a-z][a-z0-9]*://[!-~]+$', maxLength: 300 },
      description: 'Recipients of notifications: `mailto://ops@example.net`, `webhook://cmdb`, …',
    },
    stuck_after: {
      type: 'number',
      minimum: 1,
      maximum: 540,
      format: 'seconds',
      default: 300,
      description:
        'Seconds without progress after which a notification is sent about a machine that arrived and is not done, with its state and the reason. One that is still being worked on is reported after 9 minutes.',
    },
    singles: {
      type: 'integer',
      minimum: 0,
      maximum: 1_000_000,
      default: 10,
      description:
        'Maximum number of notifications that are sent singly within an hour; the others are sent in a digest, every ten minutes.',
    },
    fallback: {
      ...optionalSection(
        {
          targets: {
            type: 'array',
            minItems: 1,
            items: { type: 'string', pattern: '^[a-z][a-z0-9]*://[!-~]+$', maxLength: 300 },
            description: 'Recipients: `mailto://ops@example.net`, or `exec://NAME` for a program of `exec`.',
          },
          after: {
            type: 'number',
            minimum: 0,
            maximum: 86_400,
            format: 'seconds',
            default: 120,
            description: 'Seconds for which notifiers are tried first.',
          },
          ...localSchemas,
        },
        'targets',
      ),
      description:
        'How this host itself sends notifications if no notifier accepts them, or if there is no connection to a broker.',
    },
  }),
  sleeptime: {
    ...seconds,
    default: 5,
    description:
      'Seconds between searches for nodes whose arrival was missed; normally a node is found by the event of its arrival.',
  },
  logfile: {
    ...sections.file,
    description: 'Log file, which may be rotated at any time; default: standard error.',
  },
  loglevel: { ...sections.logLevel, description: 'Lowest level of messages to log.' },
  daemonize: {
    ...word,
    default: false,
    description: 'Whether to run in the background, for systems without a service manager.',
  },

  logformat: sections.logFormat,
  pid_file: {
    ...sections.file,
    default: '/var/run/mcprovision.pid',
    description: 'File for the process id if `daemonize` is on.',
  },
  client: {
    ...sections.file,
    description:
      'A client configuration file, relative to this file; if neither this key nor one of the next four is set, the configuration of `mco` is used.',
  },
  broker: ofClient,
  security: ofClient,
  topics: ofClient,
  connect_timeout: { ...seconds, description: ofClient.description },
  pause_file: {
    ...sections.file,
    default: defaultPauseFile,
    description: 'While this file exists, no new nodes are started.',
  },
  journal: {
    ...sections.file,
    default: defaultJournal,
    description:
      'The names of hosts that were seen; made by `mcprovision init`. Each provisioner needs its own file. What is pending (machines that arrived, debts towards masters, messages) is in a file beside it, with `.pending` added to the name, which the provisioner creates.',
  },
  http: section({
    enabled: {
      type: 'boolean',
      default: true,
      description: 'Whether to serve metrics and status over HTTP.',
    },
    address: { ...text, default: defaultHttp.address, description: 'The address to listen on.' },
    port: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      default: defaultHttp.port,
      description: 'The port to listen on; 0 selects any free port.',
    },
  }),
  metrics: sections.metricsFile,
  events: {
    type: 'boolean',
    default: true,
    description: 'Whether to publish an event on the network for each step.',
  },
  collectives: section({
    enrolment: collective('provisioning', 'The collective of new machines.'),
    main: collective(
      'mcollective',
      'The collective of masters, notifiers and provisioned hosts; may be the same as `collectives.enrolment`, as in 2010.',
    ),
  }),
  workers: count(1, 1000, 50, 'Maximum number of nodes to provision at the same time.'),
  limit_per_master: count(
    1,
    1000,
    10,
    'Maximum number of nodes to provision at the same time with one master; nodes that wait for a busy master do not delay nodes of other masters.',
  ),
  lease: {
    type: 'integer',
    minimum: 5,
    maximum: 3600,
    format: 'seconds',
    default: 60,
    description:
      'Seconds from the last renewal to the expiry of the lease of a node: if a provisioner is killed, others take over its nodes after this time.',
  },
  attempts: count(1, 100, 3, 'Number of failures of one step after which a node is quarantined.'),
  backoff: section({
    first: { ...seconds, default: 5, description: 'Seconds before the first retry of a failed step.' },
    most: {
      ...seconds,
      default: 300,
      description:
        'Maximum seconds between retries: the wait doubles each time and is shortened at random by up to half.',
    },
  }),
  protected: {
    ...list,
    items: text,
    description:
      'Names that are never cleaned, signed or assigned to a node: exact names or `/regular expressions/`.',
  },
  policy: policySchema,
  hooks: hooksSchema,
  step_settings: section({
    ...Object.fromEntries(stepNames.map((name) => [name, stepSettings])),
    puppet_bootstrap_stage: runSettings,
    puppet_final_run: runSettings,
  }),
});
