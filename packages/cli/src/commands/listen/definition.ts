import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, durationText, groups, withTarget } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { positive, seconds } from '../../command-line/values.js';
import type { ListenOptions } from './listen.js';

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    'Prints the replies to requests that were sent with mco rpc --reply-to SESSION, until Ctrl-C.',
    [
      ['In one terminal', 'mco listen nightly --jsonl >> replies.jsonl'],
      ['In another terminal, or from a timer', 'mco rpc puppetd runonce -C role::web --reply-to nightly'],
    ],
  );
  command.argument('<session>', 'the name chosen for --reply-to: a-z, 0-9, "_", "-"');
  withTarget(command);
  addTo(command, groups.output, [
    new Option('--jsonl', 'print each reply as a line of JSON'),
    new Option('-j, --json', 'same as --jsonl'),
    new Option('--count <n>', 'exit after this many results (default: never)').argParser(positive),
    new Option('--for <duration>', `exit after this time: ${durationText} (default: never)`).argParser(
      seconds,
    ),
  ]);
  command.action(
    shell.action(async (session: string) =>
      (await import('./listen.js')).listen(shell, session, command.optsWithGlobals<ListenOptions>()),
    ),
  );
}
