import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson, withTarget } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { PluginOptions } from './plugin.js';
import type { ConformanceOptions, GenerateOptions, ImportOptions, ValidateOptions } from './plugin-author.js';

export function define(command: Command, shell: Shell): void {
  command.description('Lists and documents agents, and generates, validates and tests new ones.');
  const list = command
    .command('list')
    .summary('List the agents with a DDL (agent description) on this machine');
  describe(
    list,
    'Lists the agents, or with --data the data plugins, that have a DDL (agent description) on this machine.',
    [
      ['All agents', 'mco plugin list'],
      ['Data plugins for filters, such as -S "fstat(\'/etc/motd\').size > 0"', 'mco plugin list --data'],
    ],
  );
  withJson(list).addOption(new Option('--data', 'list data plugins'));
  list.action(
    shell.action(async () => {
      const options = list.optsWithGlobals<PluginOptions & { readonly data?: true }>();
      if (options.data) return (await import('./data-plugin.js')).listData(shell, options);
      return (await import('./plugin.js')).listAgents(shell, options);
    }),
  );

  const doc = command.command('doc').summary('Show the documentation of an agent');
  describe(
    doc,
    'Shows the actions, inputs and outputs of an agent from its DDL (agent description). A DDL that is not on this machine is fetched from a node.',
    [
      ['An agent', 'mco plugin doc puppetd'],
      ['One of its actions', 'mco plugin doc puppetd runonce'],
      ['A data plugin', 'mco plugin doc data/fstat'],
    ],
  );
  doc
    .argument('[agent]', 'name of the agent; see mco plugin list')
    .argument('[action]', 'name of one of its actions');
  withTarget(withJson(doc)).action(
    shell.action(async (agent: string | undefined, action: string | undefined) => {
      const options = doc.optsWithGlobals<PluginOptions>();
      if (agent?.startsWith('data/')) {
        const { documentData } = await import('./data-plugin.js');
        return documentData(shell, agent.slice('data/'.length), options);
      }
      const { document, listAgents } = await import('./plugin.js');
      return agent === undefined
        ? listAgents(shell, options)
        : document(shell.screen, agent, action, options);
    }),
  );

  defineGenerate(command, shell);
  defineValidate(command, shell);
  defineConformance(command, shell);
  defineImport(command, shell);
}

function defineGenerate(command: Command, shell: Shell): void {
  const generate = command.command('generate').summary('Generate a new agent');
  describe(
    generate,
    'Generates a folder with a working agent that can be built, tested and loaded: its DDL (agent description), code, a test and a README.\nExit codes: 0 generated; 1 error.',
    [
      ['In JavaScript, in the folder dice', 'mco plugin generate agent dice'],
      ['In TypeScript', 'mco plugin generate agent dice --language typescript'],
    ],
  );
  generate
    .argument('<kind>', 'kind of plugin: agent')
    .argument('<name>', 'name of the agent: lowercase letters, digits and "_"');
  addTo(generate, 'Agent:', [
    new Option('--language <language>', 'programming language of the agent')
      .choices(['javascript', 'typescript', 'python'])
      .default('javascript'),
    new Option('--description <text>', 'description of the agent'),
    new Option('--author <text>', 'author of the agent'),
    new Option('--license <text>', 'license of the agent (default: Apache-2.0)'),
    new Option(
      '-o, --output <folder>',
      'empty or new folder to write to (default: a folder with the name of the agent)',
    ),
  ]);
  withJson(generate).action(
    shell.action(async (kind: string, name: string) =>
      (await import('./plugin-author.js')).generate(
        shell.screen,
        kind,
        name,
        generate.optsWithGlobals<GenerateOptions>(),
      ),
    ),
  );
}

function defineValidate(command: Command, shell: Shell): void {
  const validate = command
    .command('validate')
    .summary('Check an agent or a DDL (agent description) for errors');
  describe(
    validate,
    'Checks DDLs (agent descriptions), and agents against their DDLs. Runs code of the agent: its setup, or its check whether it is supported on this machine.\nExit codes: 0 valid, possibly with warnings; 1 invalid.',
    [
      ['The agent in this folder', 'mco plugin validate .'],
      ['Several DDLs', 'mco plugin validate ddl/*.json'],
    ],
  );
  validate.argument('<paths...>', 'DDL, module of an agent, or folder with either');
  addTo(validate, 'Agent:', [
    new Option(
      '--section <file>',
      "YAML file with the agent's section of the daemon configuration, for agents that need it",
    ),
  ]);
  withJson(validate).action(
    shell.action(async (paths: readonly string[]) =>
      (await import('./plugin-author.js')).validate(
        shell.screen,
        paths,
        validate.optsWithGlobals<ValidateOptions>(),
      ),
    ),
  );
}

function defineConformance(command: Command, shell: Shell): void {
  const conformance = command.command('conformance').summary('Test a provision agent against its contract');
  describe(
    conformance,
    'Tests an agent that replaces @troupe/agent-provision against the contract of the provision agent: how it handles the lease and the record of a node and, with --host-actions, what its actions do. The agent gets a folder, a CA and a substitute for Puppet; texts in the section can contain {folder}, {puppet}, {ca_port} and {certname}.\nExit codes: 0 no rule is broken; 1 a rule is broken, or error.',
    [
      ['The lease and the record', 'mco plugin conformance ./provision.json'],
      [
        'Everything; the section directs the agent into {folder}',
        'mco plugin conformance ./provision.json --section test.yaml --host-actions',
      ],
    ],
  );
  conformance.argument('<path>', 'DDL, module of an agent, or folder with either');
  addTo(conformance, 'Agent:', [
    new Option(
      '--section <file>',
      "YAML file with the agent's section of the daemon configuration, with placeholders",
    ),
    new Option(
      '--host-actions',
      'also test the actions that change the host: the section must direct them into {folder}',
    ),
  ]);
  withJson(conformance).action(
    shell.action(async (path: string) =>
      (await import('./plugin-author.js')).conformance(
        shell.screen,
        path,
        conformance.optsWithGlobals<ConformanceOptions>(),
      ),
    ),
  );
}

function defineImport(command: Command, shell: Shell): void {
  const importing = command.command('import').summary('Convert an MCollective DDL from Ruby to JSON');
  describe(
    importing,
    'Converts the Ruby DDL (agent description) of an agent or a data plugin to JSON. The file is parsed, not executed.\nExit codes: 0 converted; 1 the file cannot be read, or has Ruby code that would have to be executed.',
    [['The DDL of an agent', 'mco plugin import agent/package.ddl -o package.json']],
  );
  importing.argument('<file>', 'Ruby DDL: NAME.ddl');
  addTo(importing, 'Output:', [
    new Option('-o, --output <file>', 'write to this file, which must not exist (default: standard output)'),
  ]);
  importing.action(
    shell.action(async (file: string) =>
      (await import('./plugin-author.js')).importDdl(
        shell.screen,
        file,
        importing.optsWithGlobals<ImportOptions>(),
      ),
    ),
  );
}
