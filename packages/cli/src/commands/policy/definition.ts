import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { gather } from '../../command-line/values.js';
import type { PolicyInitOptions } from './init.js';
import type { PolicyCheckOptions, PolicyExplainOptions } from './policy.js';

export function define(command: Command, shell: Shell): void {
  command.description(
    'Writes a first policy, checks policy files, which define who may call which actions, and explains their decisions.',
  );
  const init = command.command('init').summary('Write a first policy');
  describe(
    init,
    'Creates a folder with a default.policy that allows you to call every agent and denies everyone else, and prints what to do next. An existing policy is never changed. Without a policy, nodes refuse all agents except rpcutil and discovery.\nExit codes: 0 created; 1 a default.policy exists, or another error.',
    [
      ['For this host, with the name in your certificate', 'mco policy init'],
      [
        'For two callers, to be distributed with Puppet',
        'mco policy init site/files/policies --caller rip.mcollective --caller provisioner.mcollective',
      ],
    ],
  );
  init.argument(
    '[folder]',
    "folder to create (default: the one in mcod's configuration, else /etc/troupe/policies)",
  );
  addTo(init, 'Policies:', [
    new Option(
      '--caller <name>',
      'caller to allow; repeatable (default: the name in your certificate)',
    ).argParser(gather),
    new Option('--mcod <file>', 'configuration file of mcod (default: /etc/troupe/mcod.yaml)'),
  ]);
  withJson(init).action(
    shell.action(async (folder: string | undefined) =>
      (await import('./init.js')).initPolicies(
        shell.screen,
        folder,
        init.optsWithGlobals<PolicyInitOptions>(),
      ),
    ),
  );

  const check = command.command('check').summary('Check policy files for errors');
  describe(
    check,
    'Reads policy files as mcod does. A policy file with an error in any line denies every call that it applies to. Also reports files that look like policies but have the wrong name, and lines that can never match.\nExit codes: 0 all files are valid, possibly with warnings; 1 a file is invalid, or is not read because of its name.',
    [
      ['The policies of the daemon on this machine', 'mco policy check'],
      ['One file, with the groups file in the same folder', 'mco policy check policies/puppetd.policy'],
      ['A folder with AGENT.policy, default.policy and groups', 'mco policy check policies'],
    ],
  );
  check.argument('[paths...]', "policy files or folders (default: the folder in mcod's configuration)");
  withJson(withPolicies(check));
  check.action(
    shell.action(async (paths: readonly string[]) =>
      (await import('./policy.js')).checkPolicies(
        shell.screen,
        paths,
        check.optsWithGlobals<PolicyCheckOptions>(),
      ),
    ),
  );

  const explain = command.command('explain').summary('Explain which line allows or denies a call');
  describe(
    explain,
    'Evaluates one call as mcod does, and shows which line decides and why the lines before it do not match. Without --fact, --facts and --class the host has no facts and no classes; --node uses the facts and classes of a node.\nExit codes: 0 allowed; 2 denied; 1 a policy file is invalid, or a value is missing.',
    [
      [
        'The policies on this machine, without facts',
        'mco policy explain --caller rip.mcollective --agent puppetd --action runonce',
      ],
      [
        'The policies in a folder, with the facts and classes of web1',
        'mco policy explain policies --caller ci-7.mcollective --agent puppetd --action runonce --node web1.example.net',
      ],
    ],
  );
  explain.argument(
    '[path]',
    "policy file, or folder with policy files (default: the folder in mcod's configuration)",
  );
  addTo(explain, 'Call:', [
    new Option('--caller <name>', 'name of the caller, as in its certificate').makeOptionMandatory(),
    new Option('--agent <name>', 'name of the agent').makeOptionMandatory(),
    new Option('--action <name>', 'name of the action').makeOptionMandatory(),
  ]);
  addTo(explain, 'Host:', [
    new Option('--node <identity>', 'use the facts and classes of this node; queries the node').conflicts([
      'facts',
      'fact',
      'class',
    ]),
    new Option(
      '-T, --target <collective>',
      'collective of that node (default: the first one in the configuration)',
    ),
    new Option(
      '--facts <file>',
      'file with facts of the host: YAML, JSON or NAME=VALUE lines; repeatable',
    ).argParser(gather),
    new Option('--fact <name=value>', 'fact of the host; repeatable').argParser(gather),
    new Option('--class <name>', 'class of the host; repeatable').argParser(gather),
  ]);
  withJson(withPolicies(explain));
  addTo(explain, 'Policies:', [
    new Option(
      '--without-policy <answer>',
      'decision if authorization.policies is not set: allow permits the call, refuse denies it (default: authorization.without_policy in the configuration of mcod)',
    ).choices(['allow', 'refuse']),
  ]);
  explain.action(
    shell.action(async (path: string | undefined) =>
      (await import('./policy.js')).explainPolicy(
        shell.screen,
        path,
        explain.optsWithGlobals<PolicyExplainOptions>(),
      ),
    ),
  );
}

function withPolicies(command: Command): Command {
  return addTo(command, 'Policies:', [
    new Option('--mcod <file>', 'configuration file of mcod (default: /etc/troupe/mcod.yaml)'),
    new Option(
      '--callers <pattern>',
      "names of callers: /regex/ (default: security.callers.match in mcod's configuration)",
    ),
  ]);
}
