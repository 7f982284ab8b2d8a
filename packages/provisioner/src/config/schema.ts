import { section, sections } from '@troupe/core';
import { defaultHttp, defaultPauseFile } from './defaults.js';
import { hooksSchema } from './hooks.js';
import { optional } from './optional.js';
import { policySchema } from './policy.js';
import { stepNames } from './step-names.js';

const seconds = { type: 'number', exclusiveMinimum: 0, maximum: 86_400 };
const count = (least: number, most: number, standard: number) => ({
  type: 'integer',
  minimum: least,
  maximum: most,
  default: standard,
});
const text = { type: 'string', minLength: 1 };
// `filter:` with nothing behind it is null in YAML, and was no filter in 2010.
const filter = (standard: string) => ({ type: ['string', 'null'], default: standard });
const agent = (standard: string) => ({ type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$', default: standard });
const collective = (standard: string) => ({ ...sections.collectives.items, default: standard });
const list = (items: object) => ({ type: ['array', 'null'], items, default: [] });
const switchable = [...stepNames.filter((name) => name !== 'done'), 'puppet_daemon'];
const word = { enum: [true, false, 'yes', 'no', 'on', 'off'] };

const stepSettings = section({
  timeout: seconds,
  attempts: { type: 'integer', minimum: 1, maximum: 100 },
  condition: text,
});
const runSettings = section({
  ...stepSettings.properties,
  environment: { type: 'string', pattern: '^[a-z0-9_]+$' },
});

/** The filter of `target` where none is given: nodes on which nobody works and that are not done. */
export const freeNodes = 'provision().disabled=false and provision().locked=false';

/** The JSON Schema of `provisioner.yaml`: the sections of 2010, then those of Troupe. */
export const provisionerSchema = section({
  steps: optional(section(Object.fromEntries(switchable.map((name) => [name, word])))),
  master: section({
    criteria: list({ type: 'string', pattern: '^[\\w.:-]+$' }),
    filter: filter(''),
    agent: agent('puppetca'),
    ipaddress_fact: text,
  }),
  target: section({ filter: filter(freeNodes), agent: agent('provision'), ipaddress_fact: text }),
  notify: section({
    agent: agent('notify'),
    filter: filter(''),
    targets: list({ type: 'string', pattern: '^[a-z][a-z0-9]*://[!-~]+$', maxLength: 300 }),
  }),
  sleeptime: { ...seconds, default: 5 },
  logfile: sections.file,
  loglevel: sections.logLevel,
  daemonize: { ...word, default: false },

  pid_file: { ...sections.file, default: '/var/run/mcprovision.pid' },
  client: sections.file,
  broker: optional(sections.broker),
  security: optional(sections.security),
  topics: optional(sections.topics),
  connect_timeout: seconds,
  pause_file: { ...sections.file, default: defaultPauseFile },
  http: section({
    enabled: { type: 'boolean', default: true },
    address: { ...text, default: defaultHttp.address },
    port: { type: 'integer', minimum: 0, maximum: 65_535, default: defaultHttp.port },
  }),
  events: { type: 'boolean', default: true },
  collectives: section({ enrolment: collective('provisioning'), main: collective('mcollective') }),
  workers: count(1, 1000, 50),
  limit_per_master: count(1, 1000, 10),
  lease: count(5, 3600, 60),
  attempts: count(1, 100, 3),
  backoff: section({ first: { ...seconds, default: 5 }, most: { ...seconds, default: 300 } }),
  protected: list(text),
  policy: policySchema,
  hooks: hooksSchema,
  step_settings: section({
    ...Object.fromEntries(stepNames.map((name) => [name, stepSettings])),
    puppet_bootstrap_stage: runSettings,
    puppet_final_run: runSettings,
  }),
});
