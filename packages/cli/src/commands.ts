import { applicationEntry } from './application/command-line.js';
import type { CommandEntry } from './command-line/shell.js';

/** The commands, in the order of the help text. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'ping',
    summary: 'Who is there, and how fast they answer',
    load: () => import('./commands/ping/definition.js'),
  },
  {
    name: 'find',
    aliases: ['discover'],
    summary: 'Names of the nodes that match a filter',
    load: () => import('./commands/find/definition.js'),
  },
  {
    name: 'rpc',
    aliases: ['req'],
    summary: 'Run an action of an agent on many nodes',
    load: () => import('./commands/rpc/definition.js'),
  },
  {
    name: 'job',
    summary: 'List, show, follow or cancel what an earlier rpc began',
    load: () => import('./commands/job/definition.js'),
  },
  {
    name: 'listen',
    summary: 'Print replies that rpc --reply-to sends here',
    load: () => import('./commands/listen/definition.js'),
  },
  {
    name: 'inventory',
    summary: 'All about one node, or the collectives of many',
    load: () => import('./commands/inventory/definition.js'),
  },
  {
    name: 'facts',
    summary: 'The values of a fact, and how many nodes have each',
    load: () => import('./commands/facts/definition.js'),
  },
  applicationEntry(
    { name: 'puppet', summary: 'Run Puppet and show its status' },
    () => import('@troupe/agent-puppetd/application/commands'),
  ),
  applicationEntry(
    { name: 'notify', summary: 'Send notifications, and show undelivered messages' },
    () => import('@troupe/agent-notify/application/commands'),
  ),
  {
    name: 'plugin',
    summary: 'What agents there are, and what they can do',
    load: () => import('./commands/plugin/definition.js'),
  },
  {
    name: 'describe-filter',
    aliases: ['describe_filter'],
    summary: 'Say in English which nodes a filter means',
    load: () => import('./commands/describe-filter/definition.js'),
  },
  {
    name: 'enroll',
    summary: 'Let new machines in: enrolment tokens',
    load: () => import('./commands/enroll/definition.js'),
  },
  {
    name: 'keys',
    summary: "A person's key and certificate",
    load: () => import('./commands/keys/definition.js'),
  },
  {
    name: 'policy',
    summary: 'Check policies, and say which line decides',
    load: () => import('./commands/policy/definition.js'),
  },
  {
    name: 'audit',
    summary: 'Say whether an audit is whole',
    load: () => import('./commands/audit/definition.js'),
  },
  {
    name: 'broker',
    summary: 'Make the configuration of a broker',
    load: () => import('./commands/broker/definition.js'),
  },
  {
    name: 'config',
    summary: 'The configuration in use, and where each value is from',
    load: () => import('./commands/config/definition.js'),
  },
  {
    name: 'doctor',
    summary: 'What is wrong between here and the nodes',
    load: () => import('./commands/doctor/definition.js'),
  },
  {
    name: 'support',
    summary: 'Write an archive that helps to find a fault',
    load: () => import('./commands/support/definition.js'),
  },
  {
    name: 'completion',
    summary: 'Completion for bash, zsh or fish',
    load: () => import('./commands/completion/definition.js'),
  },
  { name: 'version', summary: 'The version', load: () => import('./commands/version/definition.js') },
  {
    name: 'help',
    summary: 'Help on a command, an action (help rpc AGENT ACTION), an error (help CODE)',
    load: () => import('./commands/help/definition.js'),
  },
];
