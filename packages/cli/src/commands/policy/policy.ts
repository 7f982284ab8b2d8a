import { existsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { JsonOutput } from '@troupe/client/application';
import { compilePattern, type Facts, type FilterNode, messageOf, TroupeError } from '@troupe/core';
import { readRegularFileSync } from '@troupe/core/regular-file';
import {
  type DaemonConfig,
  type Decision,
  decidePolicy,
  type PolicyNames,
  PolicyStore,
  parseFactText,
  readPolicy,
} from '@troupe/daemon';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { withClient } from '../../call/with-client.js';
import type { GlobalOptions } from '../../command-line/options.js';
import { readClientConfig } from '../../config/client-config.js';
import { neededOfNode, nodeConfigIfAny } from '../../config/node-config.js';
import { ExitCode } from '../../exit.js';
import { UsageError } from '../../failure.js';
import { counted } from '../../output/wording.js';
import type { Screen } from '../../terminal/screen.js';
import { knownActions } from './known-actions.js';

/** The options of mco policy check. */
export interface PolicyCheckOptions extends GlobalOptions {
  readonly json?: true;
  readonly callers?: string;
  readonly mcod?: string;
}

/** The options of mco policy explain. */
export interface PolicyExplainOptions extends PolicyCheckOptions {
  readonly caller: string;
  readonly agent: string;
  readonly action: string;
  readonly withoutPolicy?: 'allow' | 'refuse';
  readonly node?: string;
  readonly facts?: readonly string[];
  readonly fact?: readonly string[];
  readonly class?: readonly string[];
  readonly target?: string;
}

interface PolicyProblems {
  readonly files: readonly string[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Checks policy files: a file with an error denies all calls, a warning has no effect. */
export async function checkPolicies(
  screen: Screen,
  given: readonly string[],
  options: PolicyCheckOptions,
): Promise<ExitCode> {
  const config = nodeConfigIfAny(options.mcod);
  const names = { callers: callersOf(options, config), actions: await knownActions(options) };
  const paths = given.length > 0 ? given : [folderOf(options, config)];
  for (const path of paths) checkExists(path);
  const all = paths.map((path) => problemsIn(path, names));
  const problems = {
    files: all.flatMap(({ files }) => files),
    errors: [...new Set(all.flatMap(({ errors }) => errors))],
    warnings: [...new Set(all.flatMap(({ warnings }) => warnings))],
  };
  if (screen.json) addProblems(screen.json, problems);
  else printProblems(screen, problems);
  return problems.errors.length > 0 ? ExitCode.error : ExitCode.ok;
}

function addProblems(json: JsonOutput, { files, errors, warnings }: PolicyProblems): void {
  for (const message of errors) json.result({ level: 'fault', message });
  for (const message of warnings) json.result({ level: 'warn', message });
  json.summarize({ faults: errors.length, warnings: warnings.length }, { files });
}

function printProblems(screen: Screen, { files, errors, warnings }: PolicyProblems): void {
  for (const error of errors) screen.print(screen.paint('red', error));
  for (const warning of warnings) screen.print(`${screen.paint('yellow', 'warning:')} ${warning}`);
  const fault =
    errors.length > 0 ? `, ${counted(errors.length, 'error')}: a policy with an error denies all calls` : '';
  screen.note(`${counted(files.length, 'policy file')} read${fault}`);
}

// A groups file applies to every policy in its folder.
function problemsIn(path: string, names: PolicyNames): PolicyProblems {
  if (isFolder(path)) return storeOf({ folder: path, ...names }).check();
  if (basename(path) === 'groups') return storeOf({ folder: dirname(path), ...names }).check();
  try {
    return { files: [path], errors: [], warnings: readPolicy(path, names).warnings };
  } catch (error) {
    return { files: [path], errors: [messageOf(error)], warnings: [] };
  }
}

/** The decision of a policy, or of the callers pattern, which comes before all policies. */
type CallDecision = Omit<Decision, 'by'> & { readonly by: Decision['by'] | 'callers' };

/** Evaluates a call, and prints which line decides. */
export async function explainPolicy(
  screen: Screen,
  given: string | undefined,
  options: PolicyExplainOptions,
): Promise<ExitCode> {
  const config = nodeConfigIfAny(options.mcod);
  const path = given ?? folderOf(options, config);
  checkExists(path);
  const callers = callersOf(options, config);
  const { caller, agent, action } = options;
  const question = { caller, agent, action };
  const host = await hostOf(screen, options);
  const decision: CallDecision = !callers.test(caller)
    ? noCaller(caller, callers)
    : isFolder(path)
      ? await storeOf({
          folder: path,
          callers,
          withoutPolicy: options.withoutPolicy ?? config?.authorization.without_policy ?? 'allow',
        }).decide(question, host)
      : await decidePolicy(readPolicy(path, { callers }), question, host);
  if (screen.json) screen.json.result({ ...question, ...decision });
  else explain(screen, question, decision);
  if (decision.by === 'fault') return ExitCode.error;
  return decision.allowed ? ExitCode.ok : ExitCode.failed;
}

function noCaller(caller: string, callers: RegExp): CallDecision {
  const reason = `"${caller}" does not match the callers pattern ${callers}: mcod denies the call before it reads a policy`;
  return { allowed: false, by: 'callers', reason, steps: [] };
}

function explain(
  screen: Screen,
  { caller, agent, action }: Pick<PolicyExplainOptions, 'caller' | 'agent' | 'action'>,
  { allowed, by, reason, steps }: CallDecision,
): void {
  const outcome = allowed ? screen.paint('green', 'allowed') : screen.paint('red', 'denied');
  screen.print(`${outcome}: ${caller} → ${agent} ${action}`);
  screen.print(`   ${by === 'fault' ? 'cannot be evaluated: ' : ''}${reason}`);
  const others = steps.filter(({ finding }) => finding !== 'matches');
  if (others.length === 0) return;
  screen.print('\nLines that do not match this call, and why:');
  for (const { line, text, finding } of others)
    screen.print(`   ${String(line).padStart(4)}  ${text}  ${screen.paint('dim', `(${finding})`)}`);
}

async function hostOf(screen: Screen, options: PolicyExplainOptions): Promise<FilterNode> {
  if (options.node !== undefined) return hostOfNode(screen, options.node, options);
  const files = (options.facts ?? []).map(factsIn);
  const single = (options.fact ?? []).map(factOf);
  return {
    identity: '',
    facts: Object.fromEntries([...files, ...single].flatMap(Object.entries)),
    classes: options.class ?? [],
    agents: [options.agent],
  };
}

async function hostOfNode(screen: Screen, node: string, options: PolicyExplainOptions): Promise<FilterNode> {
  return withClient(screen, readClientConfig(options), async (client) => {
    const collective = options.target ?? client.mainCollective;
    const reply = await client
      .agent(rpcutil)
      .inventory({}, { targets: [node], collective })
      .one();
    if (!reply.ok)
      throw new UsageError(`cannot read the facts of ${node}: ${reply.state}: ${reply.statusmsg}`);
    const { facts, classes, agents } = reply.data;
    return {
      identity: node,
      facts: (facts ?? {}) as Facts,
      classes: (classes ?? []) as string[],
      agents: (agents ?? []) as string[],
    };
  });
}

function factsIn(file: string): Facts {
  try {
    return parseFactText(
      readRegularFileSync(file).toString('utf8'),
      /\.(ya?ml|json|txt)$/.test(file) ? file : `${file}.yaml`,
    );
  } catch (error) {
    throw new UsageError(`--facts: ${messageOf(error)}`);
  }
}

// Filters compare texts and find os.family under that very name too, so a flat fact serves.
function factOf(word: string): Facts {
  const at = word.indexOf('=');
  if (at < 1) throw new UsageError(`--fact: "${word}" is not a fact of the form NAME=VALUE`);
  return { [word.slice(0, at)]: word.slice(at + 1) };
}

function storeOf(options: PolicyNames & { folder: string; withoutPolicy?: 'allow' | 'refuse' }): PolicyStore {
  return new PolicyStore({ withoutPolicy: 'refuse', ...options });
}

function checkExists(path: string): void {
  if (existsSync(path)) return;
  throw new TroupeError('FILE_UNREADABLE', `${path} does not exist: specify a policy file or a folder`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function folderOf({ mcod }: PolicyCheckOptions, config: DaemonConfig | undefined): string {
  return neededOfNode(config?.authorization.policies, mcod, 'policy file or folder');
}

function callersOf({ callers }: PolicyCheckOptions, config: DaemonConfig | undefined): RegExp {
  return compilePattern(callers ?? config?.security.callers.match ?? '/\\.mcollective$/', '--callers');
}
