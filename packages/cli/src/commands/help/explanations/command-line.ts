import type { Explanations } from './explanation.js';

/** What is wrong with what was typed. */
export const commandLine = {
  USAGE_INVALID: {
    summary: 'the command line is wrong: nothing was sent',
    meaning:
      'The program does not understand its command line, or refuses it as unsafe. Nothing was sent to any node. ' +
      'The message names the word that is wrong.',
    causes: [
      'A misspelt command or option, a missing argument, or options that exclude each other.',
      'A node is named as an argument: `mco ping` and `mco find` take nodes by `-I NAME`, facts by `-F NAME=VALUE`.',
      'An action that changes hosts is called without a filter, and there is no terminal to ask on.',
    ],
    actions: [
      '`mco help COMMAND` lists the arguments and options of a command; the other programs have `--help`.',
      'To call all nodes from a script, say so with `--yes`.',
    ],
  },
  INPUT_INVALID: {
    summary: 'the DDL of the agent does not allow this input',
    meaning:
      'The call was checked against the DDL of the agent before anything was sent: the action does not exist, or an ' +
      'input is missing, unknown, of the wrong type, too long, or does not match its validation.',
    causes: [
      'A misspelt action or input.',
      'A value that the DDL does not allow: the message quotes the rule.',
      'The DDL on this machine is older or newer than the agent on the nodes.',
    ],
    actions: [
      '`mco help rpc AGENT ACTION` shows each input with its type and validation.',
      '`mco plugin list` shows which version of the DDL is on this machine; `mco inventory NODE` shows the agents of a node.',
    ],
  },
  FILTER_INVALID: {
    summary: 'a filter cannot be read, or names what does not exist',
    meaning: 'The filter (`-F`, `-C`, `-A`, `-I`, `-W`, `-S`) is malformed, so it selects nothing.',
    causes: [
      'A fact filter without an operator: write `-F os.family=Debian`.',
      'A compound filter (`-S`) with an open bracket or quote, or with operators of another language.',
      'The shell changed the filter: quote it in single quotes.',
      'A data function that no DDL describes, or an output that it does not have.',
    ],
    actions: [
      '`mco describe-filter` with the same options says in words what the filter means, without the network.',
      '`mco plugin list --data` lists the data functions.',
    ],
  },
  NOT_CONFIRMED: {
    summary: 'you were asked to confirm, and the answer was no',
    meaning: 'The action changes hosts and no filter was given, so `mco` asked. Nothing was sent.',
    causes: ['The answer was not `y` or `yes`, or it was Ctrl-C or Ctrl-D.'],
    actions: ['Add a filter, answer `y`, or say `--yes`.'],
  },
  INTERRUPTED: {
    summary: 'stopped by Ctrl-C or SIGTERM',
    meaning:
      'The program was told to stop. Actions that nodes have begun continue there; the replies until then are printed.',
    causes: ['Ctrl-C, a timeout of the calling script, or a service manager.'],
    actions: [
      '`mco job list` shows what still runs; `mco job attach ID` waits for the rest; `mco job cancel ID` stops it on the nodes.',
    ],
  },
} as const satisfies Explanations;
