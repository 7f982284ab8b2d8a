import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentConfig, parseConfig, suggestion } from '@troupe/core';
import { systemReasonOf } from '@troupe/core/internal';
import { readRegularFile } from '@troupe/core/regular-file';
import type { GlobalOptions } from '../../command-line/options.js';
import { ExitCode } from '../../exit.js';
import { UsageError } from '../../failure.js';
import { counted } from '../../output/wording.js';
import type { Screen } from '../../terminal/screen.js';
import { type Finding, testConformance } from './conformance/conformance.js';
import { generateAgent } from './generate.js';
import { importRubyDdl } from './ruby-ddl/index.js';
import { type AgentValidation, validateAgent } from './validate.js';

/** The options of mco plugin generate. */
export type GenerateOptions = GlobalOptions & {
  readonly json?: true;
  readonly language: 'javascript' | 'typescript' | 'python';
  readonly description?: string;
  readonly author?: string;
  readonly license?: string;
  readonly output?: string;
};

/** The options of mco plugin validate. */
export type ValidateOptions = GlobalOptions & { readonly json?: true; readonly section?: string };

/** The options of mco plugin conformance. */
export type ConformanceOptions = GlobalOptions & {
  readonly json?: true;
  readonly section?: string;
  readonly hostActions?: true;
};

/** The options of mco plugin import. */
export type ImportOptions = GlobalOptions & { readonly output?: string };

/** Generates a new agent, and prints the next steps. */
export async function generate(
  screen: Screen,
  kind: string,
  name: string,
  options: GenerateOptions,
): Promise<ExitCode> {
  if (kind !== 'agent') {
    throw new UsageError(
      `unknown kind of plugin "${kind}"${suggestion(kind, ['agent'])}: use mco plugin generate agent NAME`,
    );
  }
  const { language, description, author, license, output: folder = name } = options;
  const files = await generateAgent(folder, name, {
    language,
    ...(description === undefined ? {} : { description }),
    ...(author === undefined ? {} : { author }),
    ...(license === undefined ? {} : { license }),
  });
  const paths = files.map((file) => join(folder, file));
  if (screen.json) {
    screen.json.result({ name, folder, files: paths });
    return ExitCode.ok;
  }
  for (const path of paths) screen.print(path);
  const test = language === 'python' ? 'python3 -m unittest' : 'npm install && npm test';
  screen.note(`\nTo test it:  cd ${folder} && ${test}`);
  screen.note(`To load it into a daemon: see ${join(folder, 'README.md')}`);
  return ExitCode.ok;
}

/** Validates agents and DDLs, and prints the result for each. */
export async function validate(
  screen: Screen,
  paths: readonly string[],
  options: ValidateOptions,
): Promise<ExitCode> {
  const config = options.section === undefined ? undefined : await sectionIn(options.section);
  const validations: (AgentValidation & { path: string })[] = [];
  for (const path of paths)
    validations.push({ path, ...(await validateAgent(path, config === undefined ? {} : { config })) });
  for (const validation of validations) {
    const { path, name = null, faults, warnings } = validation;
    if (screen.json) screen.json.result({ path, name, faults, warnings });
    else printValidation(screen, validation);
  }
  return validations.every(({ faults }) => faults.length === 0) ? ExitCode.ok : ExitCode.error;
}

function printValidation(
  screen: Screen,
  { path, name, faults, warnings }: AgentValidation & { path: string },
): void {
  for (const fault of faults) screen.print(`${screen.paint('red', 'error:')} ${path}: ${fault}`);
  for (const warning of warnings) screen.print(`${screen.paint('yellow', 'warning:')} ${path}: ${warning}`);
  if (faults.length > 0) return;
  const doubts = warnings.length > 0 ? ` (${counted(warnings.length, 'warning')})` : '';
  screen.print(`${screen.paint('green', 'valid:')} ${path}: ${name}${doubts}`);
}

/** Tests an agent against its contract, and prints a line for each rule. */
export async function conformance(
  screen: Screen,
  path: string,
  { section, hostActions }: ConformanceOptions,
): Promise<ExitCode> {
  const findings = await testConformance(path, {
    section: section === undefined ? {} : await sectionIn(section),
    withHostActions: hostActions ?? false,
    onFinding: (finding) => {
      const { rule, title, outcome, reason = null } = finding;
      if (screen.json) screen.json.result({ rule, title, outcome, reason });
      else printFinding(screen, finding);
    },
  });
  const count = (outcome: Finding['outcome']) => findings.filter((each) => each.outcome === outcome).length;
  const [passed, broken, skipped] = [count('passed'), count('broken'), count('skipped')];
  if (!screen.json) screen.print(`\n${passed} passed, ${broken} broken, ${skipped} skipped`);
  return broken === 0 ? ExitCode.ok : ExitCode.error;
}

function printFinding(screen: Screen, { rule, title, outcome, reason }: Finding): void {
  const color = { passed: 'green', broken: 'red', skipped: 'yellow' } as const;
  screen.print(`${screen.paint(color[outcome], outcome.padEnd(7))} ${rule}: ${title}`);
  if (reason !== undefined) screen.print(`        ${reason}`);
}

/** Prints a Ruby DDL as JSON, or writes it. */
export async function importDdl(screen: Screen, file: string, { output }: ImportOptions): Promise<ExitCode> {
  const { ddl, notes } = importRubyDdl(await textOf(file), file);
  const text = `${JSON.stringify(ddl, undefined, 2)}\n`;
  if (output === undefined) screen.print(text.trimEnd());
  else {
    try {
      await writeFile(output, text, { flag: 'wx' });
    } catch (error) {
      throw new UsageError(`--output: cannot write ${output}: ${systemReasonOf(error)}`);
    }
  }
  for (const note of notes) screen.note(`- ${note}`);
  return ExitCode.ok;
}

async function sectionIn(file: string): Promise<AgentConfig> {
  return parseConfig(await textOf(file), { type: 'object' }, file);
}

async function textOf(file: string): Promise<string> {
  try {
    return (await readRegularFile(file)).toString('utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${systemReasonOf(error)}`);
  }
}
