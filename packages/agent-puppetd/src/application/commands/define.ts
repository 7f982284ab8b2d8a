// Types alone: whoever shows these commands brings commander, and a node has neither it nor the client.

import type { CommandLine, Session } from '@troupe/client/application';
import type { Command } from 'commander';
import type { RunInput } from '../run-input.js';

/** The name under which a command line shows these commands, and what they are for. */
export const name = 'puppet';
export const summary = 'Run Puppet, and see how it fares';

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

  does(add('count', 'Counts the Puppet agents by what they are doing'), async (session) =>
    (await state()).showCount(session),
  );
  does(add('status', 'Says what each Puppet agent is doing'), async (session) =>
    (await state()).showStatus(session),
  );
  does(
    add(
      'summary',
      'Shows how the figures of the last runs are spread over the nodes',
      'Each line draws how many nodes have a value, from the least on the left to the most on the right.',
      ['summary -F os.family=Debian'],
    ),
    async (session) => (await import('./summary.js')).showSummary(session),
  );
  does(add('enable', 'Lets Puppet run again'), async (session) => (await state()).enable(session));

  const disabling = add('disable', 'Keeps Puppet from running until it is enabled').argument(
    '[message]',
    'why, for whoever finds Puppet disabled',
  );
  disabling.action((message?: string) =>
    run(disabling, async (session) => (await state()).disable(session, message)),
  );

  const once = withRun(
    add(
      'runonce',
      'Runs Puppet once on all nodes that match',
      'They run in the background, after a random wait where one is configured; with --foreground their output is shown and their ends are waited for.',
      ['runonce -I web1.example.net --foreground', 'runonce -F role=web --tags app --noop'],
    ),
  )
    .option('--foreground', 'show the output of the runs and wait for their ends')
    .option('--force', 'at once, without the random wait that is configured')
    .option('--splay', 'wait for a random time first')
    .option('--no-splay', 'do not')
    .option('--splaylimit <seconds>', 'the longest random wait', seconds('--splaylimit'));
  once.action(() => {
    const { foreground, force, splay, splaylimit } = once.opts();
    const input = given({ foreground, force, splay, splaylimit });
    return run(once, async (session) => (await runs()).runOnce(session, { ...runInput(once), ...input }));
  });

  const all = withRun(
    add(
      'runall',
      'Runs Puppet on all nodes, so many at a time',
      'The end of a run, as its node tells it, begins the next. Nodes that are disabled are skipped, those that are gone are reported. Ctrl-C begins no other; what has begun goes on.',
      ['runall 10', 'runall 50 --per-server 10 -F datacenter=ams --rerun 3600'],
    ),
  )
    .argument('<concurrency>', 'the most runs at a time', whole('concurrency'))
    .option('--per-server <n>', 'the most runs at a time with the same Puppet server', whole('--per-server'))
    .option(
      '--retries <n>',
      'how often a node that cannot begin is asked again (default: 2)',
      whole('--retries', 0),
    )
    .option('--rerun <seconds>', 'again and again, each round taking so long at least', seconds('--rerun'));
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
      'Runs Puppet on all nodes in turn, evenly, until it is stopped',
      'It keeps nothing: nodes know when they ran. It may be stopped and started at any time, and two at once do not double the load.',
      ['schedule --interval 30 --concurrency 100'],
    ),
  )
    .option('--interval <minutes>', 'the time in which each node runs once', minutes('--interval'), 30 * 60)
    .option('--concurrency <n>', 'the most runs at a time', whole('--concurrency'))
    .option('--per-server <n>', 'the most runs at a time with the same Puppet server', whole('--per-server'))
    .option('--for <minutes>', 'end after this time', minutes('--for'));
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
    'Brings one resource into a state, where the nodes allow it',
    "What they allow is in their daemon's configuration: plugins.puppetd.resource.",
    ['resource service nginx ensure=running -C web', 'resource host db ip=192.0.2.7 --noop'],
  )
    .argument('<type>', 'such as service')
    .argument('<name>', 'its title')
    .argument('[properties...]', 'each as NAME=VALUE')
    .option('--noop', 'only say what would be changed');
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
    .option('--environment <name>', 'the environment to run')
    .option('--tags, --tag <tags>', 'apply only what carries one of these tags, separated by commas')
    .option('--noop', 'only say what would be changed')
    .option('--no-noop', 'change it, even where puppet.conf says noop')
    .option('--server <host>', 'ask this Puppet server, where the nodes allow that')
    .option('--use_cached_catalog', 'apply the catalog of the last run')
    .option('--no-use_cached_catalog', 'ask for a new one')
    .option('--ignoreschedules', 'apply resources outside their schedules too');
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
      throw new Error(`${what}: "${text}" is no number from ${least} on`);
    return value;
  };
}

function seconds(what: string): (text: string) => number {
  return whole(what);
}

function minutes(what: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value > 0)) throw new Error(`${what}: "${text}" is no number of minutes`);
    return value * 60;
  };
}
