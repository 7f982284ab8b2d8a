import type { Explanations } from './explanation.js';

/** Errors of the command line. */
export const commandLine = {
  USAGE_INVALID: {
    summary: 'the command line is not valid; no request was sent',
    meaning:
      'The command line is not valid, or is refused as unsafe. No request was sent to any node. ' +
      'The message names the wrong argument.',
    causes: [
      'A misspelt command or option, a missing argument, or options that exclude each other.',
      'A node is given as an argument: `mco ping` and `mco find` take nodes as `-I NAME`, facts as `-F NAME=VALUE`.',
      'An action that changes hosts is called without a filter, and there is no terminal to ask on.',
    ],
    actions: [
      '`mco help COMMAND` lists the arguments and options of a command; the other programs have `--help`.',
      'To call all nodes from a script, add `--yes`.',
    ],
  },
  INPUT_INVALID: {
    summary: 'the DDL of the agent does not allow this input',
    meaning:
      'The call was checked against the DDL of the agent before it was sent: the action does not exist, or an ' +
      'input is missing, unknown, of the wrong type, too long, or does not match its validation.',
    causes: [
      'A misspelt action or input.',
      'A value that the DDL does not allow. The message quotes the rule.',
      'The DDL on this machine is older or newer than the agent on the nodes.',
    ],
    actions: [
      '`mco help rpc AGENT ACTION` shows each input with its type and validation.',
      '`mco plugin list` shows which version of the DDL is on this machine; `mco inventory NODE` shows the agents of a node.',
    ],
  },
  FILTER_INVALID: {
    summary: 'a filter is not valid',
    meaning:
      'The filter (`-F`, `-C`, `-A`, `-I`, `-W`, `-S`) cannot be parsed, or uses a data function that does not exist.',
    causes: [
      'A fact filter without an operator: write `-F os.family=Debian`.',
      'A compound filter (`-S`) with an open bracket or quote.',
      'An operator of another language, such as `&&`, `*` or `,`. The message says what to write; a name or value that contains it must be in quotes.',
      'The shell changed the filter: quote it in single quotes.',
      'A data function without a DDL on this machine, or an output that it does not have.',
    ],
    actions: [
      '`mco describe-filter` with the same options explains in English which nodes the filter matches; it does not connect.',
      '`mco plugin list --data` lists the data functions.',
    ],
  },
  NOT_CONFIRMED: {
    summary: 'the call was not confirmed',
    meaning:
      'The action changes hosts and no filter was given, so `mco` asked for confirmation. No request was sent. `troupe-emulate` asks before it lets agents act on its own host (`--real-agents`).',
    causes: [
      'The answer was not `y` or `yes` (for `troupe-emulate`: not `yes`), or it was Ctrl-C or Ctrl-D.',
    ],
    actions: ['Add a filter, answer `y`, or add `--yes`.'],
  },
  INTERRUPTED: {
    summary: 'stopped by Ctrl-C or SIGTERM',
    meaning:
      'The program received a signal to stop. Actions that nodes have started continue there; replies that arrived before the signal are printed.',
    causes: ['Ctrl-C, a timeout of the calling script, or a service manager.'],
    actions: [
      '`mco job list --running` lists the requests that are still running; `mco job attach ID` waits for the remaining replies; `mco job cancel ID` cancels the action on the nodes.',
    ],
  },
} as const satisfies Explanations;
