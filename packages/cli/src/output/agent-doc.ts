import type { ActionDdl, Ddl, InputDdl, OutputDdl } from '@troupe/core';
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
    description,
    '',
    ...aligned(metadata, width),
    '',
    'Actions:',
    '',
    ...ddl.actions.map(({ action, description: text }) => `   ${action.padEnd(widest(ddl))}  ${text}`),
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
    `   ${action.description}`,
    '',
    ...aligned(
      [
        { label: 'Changes Hosts', value: changes(action) },
        { label: 'Timeout', value: `${action.timeout ?? ddl.metadata.timeout} s` },
      ],
      width,
    ),
    '',
    ...(inputs.length === 0 ? ['   No inputs.'] : ['   Inputs:']),
    ...inputs.flatMap(([name, input]) => ['', `      ${name}`, ...inputLines(input, width)]),
    ...(action.additional_inputs
      ? ['', '      Other inputs are passed to the action, which checks them itself.']
      : []),
    '',
    ...(outputs.length === 0 ? ['   No outputs.'] : ['   Outputs:', '']),
    ...outputLines(outputs),
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
  return [`         ${description}`, ...aligned(rows, width, 12)];
}

/** The outputs with their descriptions. */
export function outputLines(outputs: readonly (readonly [string, OutputDdl])[]): readonly string[] {
  const longest = Math.max(0, ...outputs.map(([name]) => name.length));
  return outputs.map(([name, { description }]) => `      ${name.padEnd(longest)}  ${description}`);
}

function changes({ mutating, dry_run: dryRun }: ActionDdl): string {
  if (mutating === false) return 'no';
  const unless = dryRun === undefined ? '' : `, except with ${dryRun}=true`;
  return `${mutating === undefined ? 'yes (assumed: the DDL does not declare it)' : 'yes'}${unless}`;
}

function widest({ actions }: Ddl): number {
  return Math.max(...actions.map(({ action }) => action.length));
}
