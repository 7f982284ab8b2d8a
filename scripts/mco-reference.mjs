// npm run reference: makes docs/reference/mco.md, exit-codes.md and the codes of docs/troubleshooting.md
// from the definitions of the commands.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { noArguments } from './command-line.mjs';
import { root } from './setup.mjs';

const cli = (file) => import(pathToFileURL(join(root, 'packages/cli/dist/src', file)).href);

/** The pages by their file: the text that each must have. */
export async function references() {
  const { newShell } = await cli('program.js');
  const { Screen } = await cli('terminal/screen.js');
  const { exitCodeMeanings } = await cli('exit.js');
  const { sections } = await cli('commands/help/explanations/index.js');
  const shell = newShell(new Screen());
  const commands = [];
  for (const command of shell.program.commands) commands.push(await shell.load(command));
  return new Map([
    ['docs/reference/mco.md', commandsPage(shell.program, commands)],
    ['docs/reference/exit-codes.md', exitCodesPage(exitCodeMeanings)],
    ['docs/troubleshooting.md', troubleshootingPage(sections())],
  ]);
}

function commandsPage(program, commands) {
  const list = commands.map(
    (command) => `- [\`mco ${command.name()}\`](#mco-${command.name()}): ${command.summary()}`,
  );
  return `# The commands of mco

Made by \`npm run reference\` from the definitions of the commands; \`mco help COMMAND\` prints the same text. See also:
[example sessions](../transcripts/README.md), [exit codes](exit-codes.md), [JSON output](json/README.md) and
[compatibility](stability.md). Commands that packages provide (\`applications\` in the configuration) are not on this page:
\`mco help COMMAND\` describes them.

${list.join('\n')}

## Global options

${optionTable(program.options)}

${commands.map((command) => commandText(command, 2)).join('\n')}`
    .trimEnd()
    .concat('\n');
}

function commandText(command, level) {
  const inner = command.commands.filter((one) => !one._hidden);
  const aliases =
    command.aliases().length > 0
      ? `Also: ${command
          .aliases()
          .map((name) => `\`mco ${name}\``)
          .join(', ')}.\n\n`
      : '';
  const options = command.options.filter(({ hidden }) => !hidden);
  return [
    `${'#'.repeat(level)} ${pathOf(command)}\n`,
    `${descriptionText(command.description())}\n`,
    `${aliases}\`\`\`\n${pathOf(command)} ${command.usage()}\n\`\`\`\n`,
    ...(command.registeredArguments.length > 0 ? [argumentTable(command.registeredArguments)] : []),
    ...(options.length > 0 ? [optionTable(options)] : []),
    ...inner.map((one) => commandText(one, level + 1)),
  ].join('\n');
}

function pathOf(command) {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

// The examples become a code block.
function descriptionText(description) {
  const [text = '', examples] = description.split(/\nExamples:\n/);
  const words = escaped(text.trim());
  if (examples === undefined) return words;
  return `${words}\n\n\`\`\`sh\n${examples.replace(/^ {2}/gm, '').trim()}\n\`\`\``;
}

function argumentTable(args) {
  const rows = args.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
    return [`\`${name}\``, argument.required ? 'required' : 'optional', escaped(argument.description)];
  });
  return table(['argument', '', ''], rows);
}

function optionTable(options) {
  const groups = [...new Set(options.map(({ helpGroupHeading = 'Options:' }) => helpGroupHeading))];
  const rows = groups.flatMap((group) =>
    options
      .filter(({ hidden, helpGroupHeading = 'Options:' }) => !hidden && helpGroupHeading === group)
      .map((option) => {
        const choices = option.argChoices ? ` (${option.argChoices.join(', ')})` : '';
        return [
          group.replace(/:$/, ''),
          `\`${option.flags.replaceAll('|', '\\|')}\``,
          `${escaped(option.description)}${choices}`,
        ];
      }),
  );
  return table(['', 'option', ''], rows);
}

// Pads the columns to one width, so that the table is readable as text.
function table(head, rows) {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line), ''].join('\n');
}

// Escapes what Markdown would take for markup.
function escaped(text) {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*').replaceAll('_', '\\_');
}

function exitCodesPage(meanings) {
  const rows = meanings.map(([code, meaning]) => [String(code), escaped(meaning)]);
  const states = [
    ['`ok`', 'yes', 'ok'],
    ['`failed` (status 1 to 5), `denied`, `timeout`, `expired`, `cancelled`, `unknown`', 'yes', 'failure: 2'],
    ['`offline`, `no-reply`', 'no', 'missing reply: 5; 3 or 4 if no node replied'],
    ['`ddl-mismatch`', 'yes', 'failure: 2'],
    ['`not-asked`', 'no', 'missing reply; with `--max-failures` a failure came first: 2'],
  ];
  return `# Exit codes of mco

Made by \`npm run reference\` from the same table as \`mco help exit-codes\`. 0 to 4 are MCollective's; they are the same in every output
mode (text, \`--json\`, \`--jsonl\`, \`--table\`, \`--senders\`). In [JSON](json/README.md) the exit code is also \`statistics.exit_code\`.

${table(['code', 'meaning'], rows)}
If several conditions apply, the first one in this order determines the exit code: interrupted or terminated (130, 143); no node to
call (1); no node replied (3, 4); a node failed (2); a node did not reply (5); all replies are ok (0). So a failure takes precedence over a
missing reply.

The \`state\` of each node in JSON counts as follows:

${table(['state', 'replied', 'counts as'], states)}
If no nodes are named on the command line, they are found by a discovery, or by the request itself. A node that is online and does not respond to
discovery counts as a missing reply. If the request itself is the discovery, such a node may match the filter and run the action; so if it is
the only one, the exit code is 3, not 1.

Commands that call no nodes (\`config\`, \`plugin\`, \`doctor\`, \`keys\`, …) exit with 0 or 1. \`mco policy explain\` exits with 2 if the call is denied,
\`mco audit verify\` if a line was altered or is missing.

In a script:

\`\`\`sh
mco rpc puppetd runonce -C role::web
case $? in
  0) echo 'succeeded on all nodes' ;;
  5) echo 'some nodes did not reply' ;;
  *) exit 1 ;;
esac
\`\`\`
`;
}

// Symptoms are written by hand: only the text between the marks is generated.
function troubleshootingPage(sections) {
  const begin = '<!-- made by scripts/mco-reference.mjs -->\n';
  const text = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf('<!-- end -->');
  return `${text.slice(0, from)}\n${sections.map(sectionText).join('\n')}\n${text.slice(to)}`;
}

function sectionText({ title, entries }) {
  return [`### ${title}\n`, ...entries.map(entryText)].join('\n');
}

function entryText({ name, aliases, explanation: { summary, meaning, causes, actions } }) {
  const others = aliases.map((alias) => `\`${alias}\` in JSON. `).join('');
  const what = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}`;
  const list = (items) => items.map((item) => `- ${item}\n`).join('');
  return [
    `#### ${name}\n`,
    `${others}${what}. ${meaning}\n`,
    `Likely causes:\n\n${list(causes)}`,
    `What to do:\n\n${list(actions)}`,
  ].join('\n');
}

if (process.argv[1] === join(root, 'scripts/mco-reference.mjs')) {
  noArguments(
    'mco-reference',
    'Usage: node scripts/mco-reference.mjs\n\nGenerates mco.md, exit-codes.md and troubleshooting.md.',
  );
  for (const [file, text] of await references()) {
    writeFileSync(join(root, file), text);
    process.stdout.write(`${file}\n`);
  }
}
