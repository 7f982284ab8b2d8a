import { applicationEntry } from './application/command-line.js';
import type { CommandEntry } from './command-line/shell.js';

/** The commands, in the order of the help text. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'ping',
    summary: 'Check which nodes respond, and how fast',
    load: () => import('./commands/ping/definition.js'),
  },
  {
    name: 'find',
    aliases: ['discover'],
    summary: 'List the nodes that match a filter',
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
    summary: 'List, show, attach to or cancel earlier requests',
    load: () => import('./commands/job/definition.js'),
  },
  {
    name: 'listen',
    summary: 'Print the replies to requests sent with mco rpc --reply-to',
    load: () => import('./commands/listen/definition.js'),
  },
  {
    name: 'inventory',
    summary: 'Show the inventory of a node or of many nodes',
    load: () => import('./commands/inventory/definition.js'),
  },
  {
    name: 'facts',
    summary: 'Count the nodes with each value of a fact',
    load: () => import('./commands/facts/definition.js'),
  },
  {
    name: 'node',
    summary: 'Pause and resume nodes, and forget nodes that no longer exist',
    load: () => import('./commands/node/definition.js'),
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
    summary: 'List, document, generate and validate agents',
    load: () => import('./commands/plugin/definition.js'),
  },
  {
    name: 'describe-filter',
    aliases: ['describe_filter'],
    summary: 'Explain in English which nodes a filter matches',
    load: () => import('./commands/describe-filter/definition.js'),
  },
  {
    name: 'enroll',
    summary: 'Create enrolment (enrollment) tokens for new machines',
    load: () => import('./commands/enroll/definition.js'),
  },
  {
    name: 'keys',
    summary: "Create a caller's private key and certificate",
    load: () => import('./commands/keys/definition.js'),
  },
  {
    name: 'policy',
    summary: 'Write, check and explain policy files',
    load: () => import('./commands/policy/definition.js'),
  },
  {
    name: 'audit',
    summary: 'Verify an audit log',
    load: () => import('./commands/audit/definition.js'),
  },
  {
    name: 'broker',
    summary: 'Generate a broker configuration',
    load: () => import('./commands/broker/definition.js'),
  },
  {
    name: 'config',
    summary: 'Show or check the client configuration',
    load: () => import('./commands/config/definition.js'),
  },
  {
    name: 'doctor',
    summary: 'Diagnose problems between this client and the nodes',
    load: () => import('./commands/doctor/definition.js'),
  },
  {
    name: 'support',
    summary: 'Write an archive with diagnostics for support',
    load: () => import('./commands/support/definition.js'),
  },
  {
    name: 'completion',
    summary: 'Generate a completion script for bash, zsh or fish',
    load: () => import('./commands/completion/definition.js'),
  },
  { name: 'version', summary: 'Print the version', load: () => import('./commands/version/definition.js') },
  {
    name: 'help',
    summary: 'Show help on a command, an action or an error',
    load: () => import('./commands/help/definition.js'),
  },
];
