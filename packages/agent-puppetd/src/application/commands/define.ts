// Types alone: the program that shows these commands has commander, and a node has neither it nor the client.

import type { CommandLine, Session } from '@troupe/client/application';
import { readDuration } from '@troupe/core/internal';
import type { Command } from 'commander';
import type { RunInput } from '../run-input.js';

/** The name under which a command line shows these commands, and what they are for. */
export const name = 'puppet';
export const summary = 'Run Puppet and show its status';

/** Adds the subcommands of `mco puppet` to a command of that name. */
export function define(command: Command, line: CommandLine): void {
  const add = (usage: string, text: string, more = '', examples: readonly string[] = []) => {
    const shown = examples.map((words) => `  mco puppet ${words}`);
    const parts = [
      more === '' ? `${text}.` : `${text}. ${more}`,
      ...(shown.length > 0 ? ['', 'Examples:', ...shown] : []),
    ];
    const added = command.command(usage).summary(text).description(parts.join('\n'));
    return line.withNodes(added).optionsGroup('Run:');
  };
  // What a command does is loaded when it is used, so that help and completion cost nothing.
  const run = (added: Command, work: (session: Session) => Promise<number>) =>
    line.run(added, async (session) => work((await import('./plain.js')).guarded(session)));
  const state = () => import('./state.js');
  const runs = () => import('./runs.js');
  const does = (added: Command, work: (session: Session) => Promise<number>) =>
    added.action(() => run(added, work));

  does(add('count', 'Count Puppet agents by status'), async (session) => (await state()).showCount(session));
  does(add('status', 'Show the status of each Puppet agent'), async (session) =>
    (await state()).showStatus(session),
  );
  does(
    add(
      'summary',
      'Show the statistics of the last Puppet runs as histograms',
      'Each line shows how many nodes have which value, from the minimum on the left to the maximum on the right.',
      ['summary -F os.family=Debian'],
    ),
    async (session) => (await import('./summary.js')).showSummary(session),
  );
  does(add('enable', 'Enable Puppet'), async (session) => (await state()).enable(session));

  const disabling = add('disable', 'Disable Puppet until it is enabled again').argument(
    '[message]',
    "reason, shown in Puppet's status",
  );
  disabling.action((message?: string) =>
    run(disabling, async (session) => (await state()).disable(session, message)),
  );

  const once = withRun(
    add(
      'runonce',
      'Run Puppet once on all matching nodes',
      'The runs start in the background, after the random delay (splay) that is configured on the nodes. With --foreground, mco shows their output and waits until they end.',
      ['runonce -I web1.example.net --foreground', 'runonce -F role=web --tags app --noop'],
    ),
  )
    .option('--foreground', 'show the output of the runs and wait until they end')
    .option('--force', 'start immediately, without the configured random delay')
    .option('--splay', 'wait for a random time before the run')
    .option('--no-splay', 'do not wait before the run')
    .option(
      '--splaylimit <duration>',
      'maximum random wait: seconds, or 90s, 5m, 1h (default: as Puppet on the node is configured)',
      seconds('--splaylimit'),
    );
  once.action(() => {
    const { foreground, force, splay, splaylimit } = once.opts();
    const input = given({ foreground, force, splay, splaylimit });
    return run(once, async (session) => (await runs()).runOnce(session, { ...runInput(once), ...input }));
  });

  const all = withRun(
    add(
      'runall',
      'Run Puppet on all nodes, a limited number at a time',
      'When a run ends, the next one starts. Nodes that come online meanwhile are included if the options select them. Disabled nodes are skipped; nodes that are offline or do not reply are reported. After Ctrl-C, no further runs start, and the runs in progress continue on their nodes.\nExit codes: see mco help exit-codes.',
      ['runall 10', 'runall 50 --per-server 10 -F datacenter=ams --rerun 3600'],
    ),
  )
    .argument('<concurrency>', 'maximum number of runs at a time', whole('concurrency'))
    .option('--per-server <n>', 'maximum number of runs at a time per Puppet server', whole('--per-server'))
    .option(
      '--retries <n>',
      'number of retries for a node that cannot start a run (default: 2)',
      whole('--retries', 0),
    )
    .option(
      '--rerun <duration>',
      'repeat until stopped, with this time between the starts of two rounds (longer if a round takes longer): seconds, or 90s, 5m, 1h (default: one round)',
      seconds('--rerun'),
    );
  all.action((concurrency: number) => {
    const { perServer, retries, rerun } = all.opts();
    const input = { ...runInput(all), force: true };
    return run(all, async (session) =>
      (await runs()).runEverywhere(session, { concurrency, input, ...given({ perServer, retries, rerun }) }),
    );
  });

  const spread = withRun(
    add(
      'schedule',
      'Run Puppet on all nodes in turn, evenly spread over time, until stopped',
      'Nodes that come online join the schedule if the options select them. The schedule keeps no state, because nodes record when they last ran. It can be stopped and restarted at any time, and two schedules at once do not double the number of runs.',
      ['schedule --interval 30 --concurrency 100'],
    ),
  )
    .option('--interval <minutes>', 'time in which each node runs once', minutes('--interval'), 30 * 60)
    .option('--concurrency <n>', 'maximum number of runs at a time', whole('--concurrency'))
    .option('--per-server <n>', 'maximum number of runs at a time per Puppet server', whole('--per-server'))
    .option('--for <minutes>', 'stop after this time', minutes('--for'));
  spread.action(() => {
    const { interval, concurrency, perServer, for: duration } = spread.opts();
    const input = { ...runInput(spread), force: true };
    return run(spread, async (session) =>
      (await runs()).runSchedule(session, {
        interval,
        input,
        ...given({ concurrency, perServer, duration }),
      }),
    );
  });

  const single = add(
    'resource',
    'Manage a single resource, if the nodes permit it',
    'Nodes permit the resources that plugins.puppetd.resource in their mcod configuration allows.',
    ['resource service nginx ensure=running -C web', 'resource host db ip=192.0.2.7 --noop'],
  )
    .argument('<type>', 'resource type, such as service')
    .argument('<name>', 'resource title')
    .argument('[properties...]', 'properties to set, each as NAME=VALUE')
    .option('--noop', 'report what would change without changing it');
  single.action((type: string, title: string, words: string[]) =>
    run(single, async (session) =>
      (await import('./resource.js')).manageResource(
        session,
        type,
        title,
        words,
        single.opts().noop === true,
      ),
    ),
  );
}

function withRun(command: Command): Command {
  return command
    .option('--environment <name>', 'Puppet environment of the runs')
    .option('--tags, --tag <tags>', 'apply only resources with one of these tags (comma-separated)')
    .option('--noop', 'report what would change without changing it')
    .option('--no-noop', 'apply changes even if puppet.conf sets noop')
    .option('--server <host>', 'use this Puppet server, if the nodes permit it')
    .option('--use_cached_catalog', 'apply the cached catalog')
    .option('--no-use_cached_catalog', 'request a new catalog from the server')
    .option('--ignoreschedules', 'apply resources even outside their schedules');
}

function runInput(command: Command): RunInput {
  const { environment, tag, noop, server, use_cached_catalog, ignoreschedules } = command.opts();
  return given({ environment, tags: tag, noop, server, use_cached_catalog, ignoreschedules });
}

function given<T extends Record<string, unknown>>(options: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

function whole(what: string, least = 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least)
      throw new Error(`${what}: "${text}" is not a whole number of at least ${least}`);
    return value;
  };
}

function seconds(what: string): (text: string) => number {
  return (text) => {
    const value = readDuration(text);
    if (value === undefined || value < 1)
      throw new Error(
        `${what}: "${text}" is not a duration of a second or more: use a number of seconds, or 90s, 5m, 1h`,
      );
    return Math.round(value);
  };
}

function minutes(what: string): (text: string) => number {
  return (text) => {
    const value = readDuration(/[a-z]$/.test(text) ? text : `${text}m`);
    if (!value)
      throw new Error(`${what}: "${text}" is not a duration: write a number of minutes, or 90s, 5m, 1h`);
    return value;
  };
}
