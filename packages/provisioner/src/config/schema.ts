import { optionalSection, section, sections } from '@troupe/core';
import { defaultHttp, defaultPauseFile } from './defaults.js';
import { hooksSchema } from './hooks.js';
import { policySchema } from './policy.js';
import { stepNames } from './step-names.js';

const seconds = { type: 'number', exclusiveMinimum: 0, maximum: 86_400 } as const;
const count = (least: number, most: number, standard: number, description: string) =>
  ({ type: 'integer', minimum: least, maximum: most, default: standard, description }) as const;
const text = { type: 'string', minLength: 1 } as const;
// `filter:` with nothing behind it is null in YAML, and was no filter in 2010.
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
  description: 'Whether the step is done: each but `done`, by its name; see below.',
} as const;
// The client's own schema checks them.
const ofClient = {
  type: 'object',
  description: "The client's configuration in place, as in `client.yaml`.",
} as const;

const stepSettings = section({
  timeout: {
    ...seconds,
    description:
      'Seconds that the step may take; otherwise what the step has: 3600 for a run of Puppet, 120 to come back (`verify`).',
  },
  attempts: {
    type: 'integer',
    minimum: 1,
    maximum: 100,
    description: 'In the place of `attempts`; 1 for `verify` by default.',
  },
  condition: {
    ...text,
    description: 'A compound filter: on nodes of which it is not true, the step is left out.',
  },
});

const runSettings = section({
  ...stepSettings.properties,
  environment: {
    type: 'string',
    pattern: '^[a-z0-9_]+$',
    description: "Puppet's environment, for the two runs; otherwise that of the node's agent.",
  },
});

/** The filter of `target` where none is given: nodes on which nobody works and that are not done. */
export const freeNodes = 'provision().disabled=false and provision().locked=false';

/** The JSON Schema of `provisioner.yaml`: the sections of 2010, then those of Troupe. */
export const provisionerSchema = section({
  steps: optionalSection(Object.fromEntries(switchable.map((name) => [name, word]))),
  master: section({
    criteria: {
      ...list,
      items: { type: 'string', pattern: '^[\\w.:-]+$' },
      description: 'Names of facts, in order; dots lead into structured facts.',
    },
    filter: filter('', 'Which nodes with the agent are masters: a compound filter, as for `mco -S`.'),
    agent: agent('puppetca', 'The agent of masters.'),
    ipaddress_fact: {
      ...text,
      description:
        'The fact with the address for the nodes; without it, or if a master lacks it, the address that its `puppetca` agent reports.',
    },
  }),
  target: section({
    filter: filter(
      freeNodes,
      'Which nodes are provisioned; `""` is all. A node that is done, disabled, in quarantine or in somebody else\'s hands is left alone in any case.',
    ),
    agent: agent('provision', 'The agent of nodes that are to be provisioned.'),
    ipaddress_fact: { ...text, description: 'Accepted; nothing depends on it any more.' },
  }),
  notify: section({
    agent: agent('notify', 'The agent of notifiers; `angelianotify` means the same.'),
    filter: filter(
      '',
      'Which nodes are notifiers: one that can deliver now is found; if none can, one keeps the message.',
    ),
    targets: {
      ...list,
      items: { type: 'string', pattern: '^[a-z][a-z0-9]*://[!-~]+$', maxLength: 300 },
      description: 'Who gets notified: `mailto://ops@example.net`, `webhook://cmdb`, …',
    },
  }),
  sleeptime: {
    ...seconds,
    default: 5,
    description: 'Seconds between two looks for nodes whose arrival was missed; arrival itself is an event.',
  },
  logfile: {
    ...sections.file,
    description: 'Where to log, a file that may be rotated at any time; otherwise standard error.',
  },
  loglevel: { ...sections.logLevel, description: 'What is logged.' },
  daemonize: {
    ...word,
    default: false,
    description: 'Whether it goes to the background, for those without a service manager.',
  },

  logformat: sections.logFormat,
  pid_file: {
    ...sections.file,
    default: '/var/run/mcprovision.pid',
    description: 'Where the process id is written with `daemonize`.',
  },
  client: {
    ...sections.file,
    description:
      "A client's configuration file, relative to this one; without it and without the next four keys, that of `mco`.",
  },
  broker: ofClient,
  security: ofClient,
  topics: ofClient,
  connect_timeout: { ...seconds, description: ofClient.description },
  pause_file: {
    ...sections.file,
    default: defaultPauseFile,
    description: 'While this file exists, no new node is begun.',
  },
  http: section({
    enabled: { type: 'boolean', default: true, description: 'Whether metrics and status are served.' },
    address: { ...text, default: defaultHttp.address, description: 'The address for that.' },
    port: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      default: defaultHttp.port,
      description: 'The port for that; 0 is any free one.',
    },
  }),
  events: {
    type: 'boolean',
    default: true,
    description: 'Whether each step is published on the network.',
  },
  collectives: section({
    enrolment: collective('provisioning', 'The collective of new machines.'),
    main: collective(
      'mcollective',
      'The collective of masters, notifiers and provisioned hosts; may be the same, as in 2010.',
    ),
  }),
  workers: count(1, 1000, 50, 'Nodes that are worked on at the same time.'),
  limit_per_master: count(
    1,
    1000,
    10,
    'How many of them on one master; a node that waits for a place keeps no worker from the nodes of other masters.',
  ),
  lease: count(
    5,
    3600,
    60,
    'Seconds that the lease of a node lasts from its last renewal: how long a killed provisioner keeps others waiting.',
  ),
  attempts: count(1, 100, 3, 'Failures of one step after which a node is put in quarantine.'),
  backoff: section({
    first: { ...seconds, default: 5, description: 'Seconds before a failed step is tried again.' },
    most: {
      ...seconds,
      default: 300,
      description: 'The same, at most: it doubles each time, and is shortened at random by up to half.',
    },
  }),
  protected: {
    ...list,
    items: text,
    description: 'Names that are never cleaned, signed or given to a node: exact, or `/regular expression/`.',
  },
  policy: policySchema,
  hooks: hooksSchema,
  step_settings: section({
    ...Object.fromEntries(stepNames.map((name) => [name, stepSettings])),
    puppet_bootstrap_stage: runSettings,
    puppet_final_run: runSettings,
  }),
});
