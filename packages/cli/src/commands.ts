import { applicationEntry } from './application/command-line.js';
import type { CommandEntry } from './shell.js';

/** The commands, in the order of the help text. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'ping',
    summary: 'Who is there, and how fast they answer',
    load: () => import('./definitions/ping.js'),
  },
  {
    name: 'find',
    aliases: ['discover'],
    summary: 'Names of the nodes that match a filter',
    load: () => import('./definitions/find.js'),
  },
  {
    name: 'rpc',
    aliases: ['req'],
    summary: 'Run an action of an agent on many nodes',
    load: () => import('./definitions/rpc.js'),
  },
  {
    name: 'job',
    summary: 'List, show, follow or cancel what an earlier rpc began',
    load: () => import('./definitions/job.js'),
  },
  {
    name: 'listen',
    summary: 'Print replies that rpc --reply-to sends here',
    load: () => import('./definitions/listen.js'),
  },
  {
    name: 'inventory',
    summary: 'All about one node, or the collectives of many',
    load: () => import('./definitions/inventory.js'),
  },
  {
    name: 'facts',
    summary: 'The values of a fact, and how many nodes have each',
    load: () => import('./definitions/facts.js'),
  },
  applicationEntry(
    { name: 'puppet', summary: 'Run Puppet, and see how it fares' },
    () => import('@troupe/agent-puppetd/application/commands'),
  ),
  applicationEntry(
    { name: 'notify', summary: 'Tell people, and see what could not be told yet' },
    () => import('@troupe/agent-notify/application/commands'),
  ),
  {
    name: 'plugin',
    summary: 'What agents there are, and what they can do',
    load: () => import('./definitions/plugin.js'),
  },
  {
    name: 'describe-filter',
    aliases: ['describe_filter'],
    summary: 'Say in English which nodes a filter means',
    load: () => import('./definitions/describe-filter.js'),
  },
  {
    name: 'enroll',
    summary: 'Let new machines in: enrolment tokens',
    load: () => import('./definitions/enroll.js'),
  },
  {
    name: 'keys',
    summary: "A person's key and certificate",
    load: () => import('./definitions/keys.js'),
  },
  {
    name: 'policy',
    summary: 'Check policies, and say which line decides',
    load: () => import('./definitions/policy.js'),
  },
  {
    name: 'audit',
    summary: 'Say whether an audit is whole',
    load: () => import('./definitions/audit.js'),
  },
  {
    name: 'broker',
    summary: 'Make the configuration of a broker',
    load: () => import('./definitions/broker.js'),
  },
  {
    name: 'config',
    summary: 'The configuration in use, and where each value is from',
    load: () => import('./definitions/config.js'),
  },
  {
    name: 'doctor',
    summary: 'What is wrong between here and the nodes',
    load: () => import('./definitions/doctor.js'),
  },
  {
    name: 'completion',
    summary: 'Completion for bash, zsh or fish',
    load: () => import('./definitions/completion.js'),
  },
  { name: 'version', summary: 'The version', load: () => import('./definitions/version.js') },
  {
    name: 'help',
    summary: 'Help on a command, an action (help rpc AGENT ACTION), discovery, exit-codes',
    load: () => import('./definitions/help.js'),
  },
];
