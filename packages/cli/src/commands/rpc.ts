import { localDdl, resolveDdl } from '@troupe/client';
import { isEmptyFilter } from '@troupe/core';
import { type Command, Option } from 'commander';
import { callNodes, emptyReport, findNodes, type Setting } from '../calling.js';
import { confirm } from '../confirmation.js';
import { describe } from '../description.js';
import { ExitCode } from '../exit.js';
import { UsageError } from '../failure.js';
import { Interruption } from '../interruption.js';
import {
  addTo,
  type DiscoveryOptions,
  type FilterOptions,
  type GlobalOptions,
  groups,
  type OutputOptions,
  type TimeOptions,
  type VolumeOptions,
  withDiscovery,
  withFilter,
  withOutput,
  withTime,
  withVolume,
} from '../options.js';
import { showPlan } from '../output/plan.js';
import { presenterOf } from '../output/presenter.js';
import { sayWhatGoesOn } from '../output/unfinished.js';
import { counted } from '../output/wording.js';
import { selectionOf } from '../selection.js';
import { readConfig, withClient } from '../session.js';
import type { Shell } from '../shell.js';
import { type Work, workOfWords } from '../work.js';

type RpcOptions = GlobalOptions &
  FilterOptions &
  DiscoveryOptions &
  VolumeOptions &
  TimeOptions &
  OutputOptions & { readonly stream?: true; readonly yes?: true; readonly dryRun?: true };

export function define(command: Command, shell: Shell): void {
  describe(command, 'Runs an action of an agent on all nodes that match a filter and have the agent.', [
    ['Is everybody well?', 'mco rpc rpcutil ping'],
    [
      'Run Puppet on the web servers, five at a time, and watch',
      'mco rpc puppetd runonce foreground=true -C role::web --batch 5 --stream',
    ],
    [
      'What would be asked, and of whom',
      'mco rpc puppetd disable message="moving house" -F country=mt --dry-run',
    ],
    [
      'One command after the other, on the nodes that did the first',
      'mco rpc puppetd enable -C role::web --json --display ok |\n    mco rpc puppetd runonce --nodes -',
    ],
    ['What an action needs', 'mco help rpc puppetd runonce'],
  ]);
  command
    .argument('<agent>', 'the agent: mco plugin list')
    .argument('<action>', 'its action: mco plugin doc AGENT')
    .argument('[inputs...]', "the action's inputs, each as NAME=VALUE");
  withOutput(withTime(withVolume(withDiscovery(withFilter(command)))));
  addTo(command, groups.request, [
    new Option('-y, --yes', 'change all nodes without being asked'),
    new Option('--dry-run', 'send nothing: show who would be asked, and what the DDL says'),
  ]);
  addTo(command, groups.output, [
    new Option('--stream', "an action's output as it comes, each line after the name of its node"),
  ]);
  command.action(
    shell.action((agent: string, action: string, words: string[]) =>
      rpc(shell, { agent, action, words }, command.optsWithGlobals<RpcOptions>()),
    ),
  );
}

interface Words {
  readonly agent: string;
  readonly action: string;
  readonly words: readonly string[];
}

async function rpc({ screen }: Shell, words: Words, options: RpcOptions): Promise<ExitCode> {
  const config = readConfig(options);
  const filter = await selectionOf(options);
  const isUnfiltered = isEmptyFilter(filter);
  // What can be known without a network is said without one.
  const ddl = await localDdl(config.ddl_dirs, words.agent);
  const prepared = ddl && workOfWords(ddl, words.action, words.words);
  if (prepared && isUnfiltered) refuseUnasked(prepared, screen.isInteractive, options);
  return withClient(screen, config, async (client) => {
    const collective = options.target ?? client.mainCollective;
    const work =
      prepared ?? workOfWords(await resolveDdl(client, words.agent, collective), words.action, words.words);
    if (!prepared && isUnfiltered) refuseUnasked(work, screen.isInteractive, options);
    const presenter = await presenterOf(options, {
      screen,
      agent: words.agent,
      action: words.action,
      ddl: work.action.ddl,
    });
    const interruption = new Interruption(screen);
    const setting: Setting = { screen, client, collective, filter, presenter, interruption, options };
    try {
      return await runOn(setting, work, options);
    } finally {
      interruption.stop();
    }
  });
}

async function runOn(setting: Setting, work: Work, options: RpcOptions): Promise<ExitCode> {
  const { screen, presenter, interruption } = setting;
  const found = await findNodes(setting, work.ddl.metadata.name);
  if (interruption.isInterrupted) {
    screen.warn('mco: interrupted before anything was sent');
    return ExitCode.interrupted;
  }
  if (options.dryRun) return showPlan(screen, work, found, options);
  if (found.nodes.length === 0) {
    const report = emptyReport(setting, work, found);
    presenter.end(report);
    return report.exitCode;
  }
  if (isToBeConfirmed(work, options) && isEmptyFilter(setting.filter)) {
    const question = `${nameOf(work)} changes hosts, and there is no filter. Run it on ${found.nodes.length === 1 ? 'the only node' : `all ${counted(found.nodes.length)}`}?`;
    if (!(await confirm(screen, question, refusal(work)))) {
      screen.warn('mco: nothing was sent');
      return ExitCode.error;
    }
  }
  const report = await callNodes(setting, work, found);
  if (interruption.isInterrupted) sayWhatGoesOn(screen, report, options);
  return report.exitCode;
}

function isToBeConfirmed({ action, input }: Work, options: RpcOptions): boolean {
  return action.isMutating(input) && !options.yes && !options.dryRun;
}

// Where nobody can be asked, this is known before anybody is connected.
function refuseUnasked(work: Work, isInteractive: boolean, options: RpcOptions): void {
  if (!isInteractive && isToBeConfirmed(work, options)) throw new UsageError(refusal(work));
}

function refusal(work: Work): string {
  return `${nameOf(work)} changes hosts, and there is no filter: add one (-F -C -I -W -S --nodes), or --yes for all nodes`;
}

function nameOf({ ddl, action }: Work): string {
  return `${ddl.metadata.name} ${action.name}`;
}
