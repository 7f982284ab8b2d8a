import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson, withTarget } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { PluginOptions } from './plugin.js';
import type { GenerateOptions, ImportOptions, ValidateOptions } from './plugin-author.js';

export function define(command: Command, shell: Shell): void {
  command.description('What agents there are, what they can do, and how a new one is made.');
  const list = command.command('list').summary('Agents whose DDL is on this machine');
  describe(list, 'Lists the agents, or with --data the data plugins, whose DDL is on this machine.', [
    ['All agents', 'mco plugin list'],
    ['What a filter can ask: -S "fstat(\'/etc/motd\').size > 0"', 'mco plugin list --data'],
  ]);
  withJson(list).addOption(new Option('--data', 'data plugins'));
  list.action(
    shell.action(async () => {
      const options = list.optsWithGlobals<PluginOptions & { readonly data?: true }>();
      if (options.data) return (await import('./data-plugin.js')).listData(shell, options);
      return (await import('./plugin.js')).listAgents(shell, options);
    }),
  );

  const doc = command.command('doc').summary('What an agent can do, from its DDL');
  describe(doc, "Shows an agent's DDL as a page. A DDL that is not on this machine is fetched from a node.", [
    ['An agent', 'mco plugin doc puppetd'],
    ['One of its actions', 'mco plugin doc puppetd runonce'],
    ['A data plugin', 'mco plugin doc data/fstat'],
  ]);
  doc.argument('[agent]', 'the agent, as in mco plugin list').argument('[action]', 'one of its actions');
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
  defineImport(command, shell);
}

function defineGenerate(command: Command, shell: Shell): void {
  const generate = command.command('generate').summary('Make a new agent that works at once');
  describe(
    generate,
    'Makes a folder with an agent that can be built, tested and loaded: its DDL, its code, a test and a README.\nExit codes: 0 made; 1 not.',
    [
      ['In JavaScript, in the folder dice', 'mco plugin generate agent dice'],
      ['In TypeScript', 'mco plugin generate agent dice --language typescript'],
    ],
  );
  generate
    .argument('<kind>', 'agent')
    .argument('<name>', 'the name of the agent: lower-case letters, digits and "_"');
  addTo(generate, 'Agent:', [
    new Option('--language <language>', 'what it is written in')
      .choices(['javascript', 'typescript', 'python'])
      .default('javascript'),
    new Option('--description <text>', 'what it is for'),
    new Option('--author <text>', 'who made it'),
    new Option('--license <text>', 'its licence (default: Apache-2.0)'),
    new Option('-o, --output <folder>', 'an empty or new folder; else one of its name'),
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
  const validate = command.command('validate').summary('Say what is wrong with an agent or a DDL');
  describe(
    validate,
    'Checks DDLs, and agents against theirs. The code of an agent is run: its set-up, or the check whether it applies.\nExit codes: 0 sound (warnings are shown); 1 not.',
    [
      ['The agent of this folder', 'mco plugin validate .'],
      ['DDLs', 'mco plugin validate ddl/*.json'],
    ],
  );
  validate.argument('<paths...>', "a DDL, an agent's module, or the folder of either");
  addTo(validate, 'Agent:', [
    new Option(
      '--section <file>',
      "its section of a daemon's configuration (YAML), for agents that need one",
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

function defineImport(command: Command, shell: Shell): void {
  const importing = command.command('import').summary("Turn MCollective's Ruby DDL into JSON");
  describe(
    importing,
    'Turns a DDL in Ruby, of an agent or a data plugin, into JSON. It is read and not run.\nExit codes: 0 done; 1 the file cannot be read, or holds what would have to be run.',
    [['Of an agent', 'mco plugin import agent/package.ddl -o package.json']],
  );
  importing.argument('<file>', 'NAME.ddl');
  addTo(importing, 'Output:', [
    new Option('-o, --output <file>', 'write it there, where no file is; else to standard output'),
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
