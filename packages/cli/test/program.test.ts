import { expect } from 'chai';
import type { Command } from 'commander';
import { describe, it } from 'mocha';
import { commands } from '../src/commands.js';
import { newShell } from '../src/program.js';
import { captured } from './captured.js';
import { mco } from './mco.js';

describe('the command line', () => {
  const bad: readonly [argv: readonly string[], line: string][] = [
    [['pnig'], 'mco: unknown command pnig (did you mean ping?) [USAGE_INVALID]'],
    [['rpc', 'a', 'b', '--jsno'], 'mco: unknown option --jsno (did you mean --json?) [USAGE_INVALID]'],
    [['rpc', 'rpcutil'], 'mco: missing argument <action> (see mco rpc --help) [USAGE_INVALID]'],
    [
      ['rpc', 'a', 'b', '--limit', '0'],
      'mco: --limit <n|n%>: "0" is neither a number of nodes, such as 5, nor a percentage, such as 10% [USAGE_INVALID]',
    ],
    [
      ['rpc', 'a', 'b', '--display', 'some'],
      'mco: --display <which>: "some" Allowed choices are ok, failed, all, none. [USAGE_INVALID]',
    ],
    [
      ['rpc', 'a', 'b', '-1', '--limit', '3'],
      'mco: -1, --one cannot be used with --limit <n|n%> [USAGE_INVALID]',
    ],
    [
      ['rpc', 'a', 'b', '--timeout'],
      'mco: -t, --timeout <duration> needs a value (see mco rpc --help) [USAGE_INVALID]',
    ],
    [
      ['find', 'role=web'],
      'mco: too many arguments: role=web (to select nodes by a fact: -F role=web) [USAGE_INVALID]',
    ],
    [
      ['facts', 'os', 'uptime>5'],
      "mco: too many arguments: uptime>5 (to select nodes by a fact: -F 'uptime>5') [USAGE_INVALID]",
    ],
    [['ping', 'web1'], 'mco: too many arguments: web1 (to select nodes by name: -I web1) [USAGE_INVALID]'],
    [
      ['puppet', 'status', 'web1', 'web2'],
      'mco: too many arguments: web1 web2 (to select nodes by name: -I web1 -I web2) [USAGE_INVALID]',
    ],
    [
      ['config', 'show', 'x'],
      'mco: too many arguments: x (mco config show takes no arguments) [USAGE_INVALID]',
    ],
    [
      ['rpc', 'a', 'b', '--format', 'x'],
      'mco: unknown option --format: for another output, use --json, --jsonl, --table or --senders [USAGE_INVALID]',
    ],
    [
      ['find', '-W', '--target', 'x'],
      'mco: -W needs a value, but "--target" follows: to give it as the value, write --with=--target [USAGE_INVALID]',
    ],
    [
      ['rpc', 'a', 'b', '-t', 'soon'],
      'mco: -t, --timeout <duration>: "soon" is not a duration greater than 0: use a number of seconds, or 90s, 5m, 1h [USAGE_INVALID]',
    ],
    [
      ['help', 'pign'],
      'mco: no help on "pign" (did you mean "ping"?): mco help lists the commands, mco help errors the error codes [USAGE_INVALID]',
    ],
    [['help', 'plugin', 'x'], 'mco: mco plugin has no subcommand "x"; see mco help plugin [USAGE_INVALID]'],
    [
      ['describe-filter', '-F', 'x'],
      'mco: "x" is not a fact filter: write FACT=VALUE, with one of = != =~ !~ < <= > >= [FILTER_INVALID]',
    ],
    [
      ['ping', '--config', '/nowhere.yaml'],
      'mco: cannot read the configuration /nowhere.yaml: ENOENT: no such file or directory [FILE_UNREADABLE]',
    ],
    [['completion'], 'mco: no shell given: use mco completion bash, zsh or fish [USAGE_INVALID]'],
    [
      ['job', 'show', 'x', '-c', '/nowhere.yaml'],
      'mco: "x" is not a request id: an id has 32 hexadecimal digits (0-9, a-f) [USAGE_INVALID]',
    ],
  ];
  for (const [argv, line] of bad) {
    it(`${argv.join(' ')}: ${line}`, async () => {
      expect(await mco(...argv)).to.deep.equal({ code: 1, stdout: '', stderr: `${line}\n` });
    });
  }

  it('takes -y for all commands that ask before they change all nodes', async () => {
    for (const words of [['rpc'], ['puppet', 'disable'], ['puppet', 'runonce']])
      expect((await mco(...words, '--help')).stdout).to.match(/-y, --yes /);
  });

  it('gives the same short option one meaning in all commands', async () => {
    const meanings = new Map<string, Set<string>>();
    const shell = newShell(captured().screen);
    for (const command of shell.program.commands) await shell.load(command);
    const visit = (command: Command) => {
      for (const { short, long, hidden } of command.options)
        if (short && !hidden && long) meanings.set(short, (meanings.get(short) ?? new Set()).add(long));
      command.commands.forEach(visit);
    };
    visit(shell.program);
    const double = [...meanings].filter(([, longs]) => longs.size > 1);
    expect(double.map(([short, longs]) => [short, ...longs])).to.deep.equal([]);
  });

  it('still takes -r for --reply-to', async () => {
    const { stderr } = await mco('rpc', 'a', 'b', '-r', 's', '--table');
    expect(stderr).to.match(
      /--table cannot be used with .*--reply-to|--reply-to .*cannot be used with --table/,
    );
  });

  it('prints its version with -V', async () => {
    expect(await mco('-V')).to.deep.equal(await mco('--version'));
  });

  it('shows the place of a fault in a filter below the filter', async () => {
    const { stderr } = await mco('describe-filter', '-S', 'web and (role=db');
    const [first, filter = '', caret = ''] = stderr.split('\n');
    expect(first).to.match(/^mco: .* \[FILTER_INVALID\]$/);
    expect(filter).to.equal('  web and (role=db');
    expect(filter[caret.indexOf('^')]).to.equal('(');
  });

  it('prints the stack trace of an error with --verbose', async () => {
    const { stderr } = await mco('ping', '-v', '--config', '/nowhere.yaml');
    expect(stderr).to.match(/^mco: cannot read .*\n.*\n {4}at /);
  });

  it('prints its version', async () => {
    const { code, stdout } = await mco('--version');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^mco \d+\.\d+\.\d+\n$/);
    expect((await mco('version')).stdout).to.equal(stdout);
  });

  it('lists its commands, each with a summary that fits', async () => {
    const { code, stdout } = await mco('--help');
    expect(code).to.equal(0);
    for (const { name } of commands) expect(stdout).to.match(new RegExp(`^ {2}${name} {2,}\\S`, 'm'));
    expect(stdout.split('\n').filter((line) => line.length > 100)).to.deep.equal([]);
  });

  for (const { name } of commands) {
    it(`has help on ${name}, for people with 80 columns`, async () => {
      const asked = await mco('help', name);
      expect(asked).to.deep.equal(await mco(name, '--help'));
      expect(asked.code).to.equal(0);
      expect(asked.stdout).to.match(new RegExp(`^Usage: mco ${name}`));
      expect(asked.stdout).to.match(/^General:\n {2}-h, --help/m);
      expect(asked.stdout.split('\n').filter((line) => line.length > 80)).to.deep.equal([]);
    });
  }

  it('groups the options of rpc', async () => {
    const { stdout } = await mco('help', 'rpc');
    const headings = stdout.match(/^[A-Z]\w*:$/gm);
    expect(headings).to.deep.equal([
      'Examples:',
      'Arguments:',
      'Filter:',
      'Discovery:',
      'Request:',
      'Output:',
      'General:',
    ]);
    expect(stdout).to.not.include('--wf');
  });

  it('lists the exit codes', async () => {
    const { code, stdout } = await mco('help', 'exit-codes');
    expect(code).to.equal(0);
    expect(stdout.match(/^ +\d+ {2}/gm)?.map(Number)).to.deep.equal([0, 1, 2, 3, 4, 5, 130, 143]);
  });

  it('shows the inputs of an action from its DDL', async () => {
    const { stdout } = await mco('help', 'rpc', 'rpcutil', 'get_fact');
    expect(stdout).to.include('rpcutil get_fact\n----------------\n   Reads one fact\n');
    expect(stdout).to.match(
      /^ {6}fact\n {9}Name of the fact: a path [^\n]*\n[^\n]*\n +Type: string\n +Required: yes\n +Validation: /m,
    );
  });

  it('explains in English which nodes a filter matches', async () => {
    const { stdout } = await mco('describe-filter', '-C', 'web', '-S', 'country=mt or country=de');
    expect(stdout).to.equal(
      'Nodes where:\n  - the class web is present\n  - the fact country is "mt" or the fact country is "de"\n',
    );
    expect((await mco('describe_filter')).stdout).to.equal('All nodes.\n');
  });
});
