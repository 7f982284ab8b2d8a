import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { gather } from '../../command-line/values.js';
import type { PolicyCheckOptions, PolicyExplainOptions } from './policy.js';

export function define(command: Command, shell: Shell): void {
  command.description('Checks the policies that say who may call what, and says which line decides.');
  const check = command.command('check').summary('Say what is wrong with policy files');
  describe(
    check,
    'Reads policies as mcod does. A file that cannot be used to its last line denies everything that it is for.\nExit codes: 0 all can be used (warnings are shown); 1 one cannot.',
    [
      ['The policies of the daemon on this machine', 'mco policy check'],
      ['One file, with the groups file beside it', 'mco policy check policies/puppetd.policy'],
      ['A folder with AGENT.policy, default.policy and groups', 'mco policy check policies'],
    ],
  );
  check.argument('[paths...]', "files or folders; else the folder of mcod's configuration");
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

  const explain = command.command('explain').summary('Say which line allows or denies a call');
  describe(
    explain,
    'Judges one call as mcod does, and says which line decides and what the lines before it lacked. Facts and classes are none unless told; --node takes those of a node.\nExit codes: 0 allowed; 2 denied; 1 the policy cannot be used, or something is missing.',
    [
      [
        'On this machine, whatever its facts',
        'mco policy explain --caller rip.mcollective --agent puppetd --action runonce',
      ],
      [
        'As web1 would judge it with the policies of a folder',
        'mco policy explain policies --caller ci-7.mcollective --agent puppetd --action runonce --node web1.example.net',
      ],
    ],
  );
  explain.argument('[path]', "a policy file or a folder of them; else the folder of mcod's configuration");
  addTo(explain, 'Call:', [
    new Option('--caller <name>', 'who calls: the name of a certificate').makeOptionMandatory(),
    new Option('--agent <name>', 'the agent').makeOptionMandatory(),
    new Option('--action <name>', 'the action').makeOptionMandatory(),
  ]);
  addTo(explain, 'Host:', [
    new Option('--node <identity>', 'ask this node for its facts and classes').conflicts([
      'facts',
      'fact',
      'class',
    ]),
    new Option('-T, --target <collective>', 'where that node is; else the first of the configuration'),
    new Option('--facts <file>', 'facts of the host: YAML, JSON or NAME=VALUE; repeatable').argParser(gather),
    new Option('--fact <name=value>', 'a fact of the host; repeatable').argParser(gather),
    new Option('--class <name>', 'a class of the host; repeatable').argParser(gather),
  ]);
  withJson(withPolicies(explain));
  addTo(explain, 'Policies:', [
    new Option(
      '--without-policy <answer>',
      "what holds for an agent that no policy is for; else as mcod's configuration says",
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
    new Option('--mcod <file>', "mcod's configuration (default: /etc/troupe/mcod.yaml)"),
    new Option('--callers <pattern>', "names of callers: /regex/; else as mcod's configuration says"),
  ]);
}
