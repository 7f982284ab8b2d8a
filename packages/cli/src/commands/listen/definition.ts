import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, groups, withTarget } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { positive, seconds } from '../../command-line/values.js';
import type { ListenOptions } from './listen.js';

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    'Prints the replies that go to a session of yours, until Ctrl-C: those of requests that mco rpc --reply-to SESSION sent.',
    [
      ['In one terminal', 'mco listen nightly --jsonl >> replies.jsonl'],
      ['In another, or from a timer', 'mco rpc puppetd runonce -C role::web --reply-to nightly'],
    ],
  );
  command.argument('<session>', 'a name of your choice: a-z, 0-9, "_", "-"');
  withTarget(command);
  addTo(command, groups.output, [
    new Option('--jsonl', 'a line of JSON for each reply'),
    new Option('-j, --json', 'the same as --jsonl'),
    new Option('--count <n>', 'end after so many results').argParser(positive),
    new Option('--for <seconds>', 'end after so long').argParser(seconds),
  ]);
  command.action(
    shell.action(async (session: string) =>
      (await import('./listen.js')).listen(shell, session, command.optsWithGlobals<ListenOptions>()),
    ),
  );
}
