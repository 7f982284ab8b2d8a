import type { ActionDdl, Ddl, InputDdl, OutputDdl } from '@troupe/core';
import { rowLines, wrap } from '@troupe/core/internal';
import { aligned } from './record.js';

/** An agent's DDL as a page for people. */
export function agentDoc(ddl: Ddl, width: number): string {
  const { name, description, author, license, version, url, timeout } = ddl.metadata;
  const title = `${name} agent, version ${version}`;
  const metadata = [
    { label: 'Author', value: author },
    { label: 'License', value: license },
    { label: 'URL', value: url },
    { label: 'Timeout', value: `${timeout} s` },
  ];
  return [
    title,
    '='.repeat(title.length),
    '',
    ...wrap(description, width),
    '',
    ...aligned(metadata, width, 3, { isWrapped: true }),
    '',
    'Actions:',
    '',
    ...rowLines(
      ddl.actions.map(({ action, description: text }) => [action, text]),
      { width, margin: 3 },
    ),
    '',
    ...ddl.actions.flatMap((action) => [actionDoc(ddl, action, width), '']),
  ]
    .join('\n')
    .trimEnd();
}

/** One action with its inputs and outputs. */
export function actionDoc(ddl: Ddl, action: ActionDdl, width: number): string {
  const title = `${ddl.metadata.name} ${action.action}`;
  const inputs = Object.entries(action.input);
  const outputs = Object.entries(action.output);
  return [
    title,
    '-'.repeat(title.length),
    ...indented(action.description, 3, width),
    '',
    ...aligned(
      [
        { label: 'Changes Hosts', value: changes(action) },
        { label: 'Timeout', value: `${action.timeout ?? ddl.metadata.timeout} s` },
      ],
      width,
      3,
      { isWrapped: true },
    ),
    '',
    ...(inputs.length === 0 ? ['   No inputs.'] : ['   Inputs:']),
    ...inputs.flatMap(([name, input]) => ['', `      ${name}`, ...inputLines(input, width)]),
    ...(action.additional_inputs
      ? ['', '      Other inputs are passed to the action, which checks them itself.']
      : []),
    '',
    ...(outputs.length === 0 ? ['   No outputs.'] : ['   Outputs:', '']),
    ...outputLines(outputs, width),
  ].join('\n');
}

/** What an input is for and what it takes. */
export function inputLines(input: InputDdl, width: number): readonly string[] {
  const { description, type, optional, list, validation, maxlength, secret } = input;
  const rows = [
    { label: 'Type', value: type },
    { label: 'Required', value: optional ? 'no' : 'yes' },
    ...(input.default === undefined || input.default === null
      ? []
      : [{ label: 'Default', value: input.default }]),
    ...(list ? [{ label: 'One Of', value: list.join(', ') }] : []),
    ...(validation === undefined || type !== 'string' ? [] : [{ label: 'Validation', value: validation }]),
    ...(maxlength === undefined || maxlength === 0 || type !== 'string'
      ? []
      : [{ label: 'Max Length', value: maxlength }]),
    ...(secret ? [{ label: 'Secret', value: 'yes: never written to a log or an audit log' }] : []),
  ];
  return [...indented(description, 9, width), ...aligned(rows, width, 12)];
}

/** The outputs with their descriptions. */
export function outputLines(
  outputs: readonly (readonly [string, OutputDdl])[],
  width: number,
): readonly string[] {
  return rowLines(
    outputs.map(([name, { description }]) => [name, description]),
    { width, margin: 6 },
  );
}

function indented(text: string, margin: number, width: number): readonly string[] {
  return wrap(text, width - margin).map((line) => `${' '.repeat(margin)}${line}`);
}

function changes({ mutating, dry_run: dryRun }: ActionDdl): string {
  if (mutating === false) return 'no';
  const unless = dryRun === undefined ? '' : `, except with ${dryRun}=true`;
  return `${mutating === undefined ? 'yes (assumed: the DDL does not declare it)' : 'yes'}${unless}`;
}
