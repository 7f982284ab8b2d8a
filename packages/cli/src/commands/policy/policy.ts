import { existsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { JsonOutput } from '@troupe/client/application';
import { compilePattern, type Facts, type FilterNode, messageOf, TroupeError } from '@troupe/core';
import { loadToken } from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';
import {
  callerName,
  checkPolicyFile,
  type DaemonConfig,
  type Decision,
  decidePolicy,
  factsOfHost,
  type PolicyNames,
  type PolicyOptions,
  type PolicyProblems,
  PolicyStore,
  parseFactText,
  policyOptionsOf,
  readPolicy,
} from '@troupe/daemon';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { withClient } from '../../call/with-client.js';
import type { GlobalOptions } from '../../command-line/options.js';
import { readClientConfig } from '../../config/client-config.js';
import { nodeConfigIfAny, nodeConfigPlace } from '../../config/node-config.js';
import { ExitCode } from '../../exit.js';
import { UsageError } from '../../failure.js';
import { cutLines } from '../../output/footer.js';
import { counted } from '../../output/wording.js';
import type { Screen } from '../../terminal/screen.js';
import { knownNames } from './known-names.js';

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

/** Checks policy files: a file with an error denies all calls, a file that is not read denies or allows none. */
export async function checkPolicies(
  screen: Screen,
  given: readonly string[],
  options: PolicyCheckOptions,
): Promise<ExitCode> {
  const config = nodeConfigIfAny(options.mcod);
  // Policies that are named may be for other hosts.
  const facts = config && given.length === 0 ? { facts: () => factsOfHost(config) } : {};
  const names = { callers: callersOf(options, config), ...(await knownNames(options)), ...facts };
  const paths = given.length > 0 ? given : [folderOf(options, config)];
  for (const path of paths) checkExists(path);
  const all = paths.map((path) => problemsIn(path, names));
  const problems = {
    files: all.flatMap(({ files }) => files),
    errors: [...new Set(all.flatMap(({ errors }) => errors))],
    unread: [...new Set(all.flatMap(({ unread }) => unread))],
    warnings: [...new Set(all.flatMap(({ warnings }) => warnings))],
  };
  if (screen.json) addProblems(screen.json, problems);
  else printProblems(screen, problems);
  return problems.errors.length + problems.unread.length > 0 ? ExitCode.error : ExitCode.ok;
}

function addProblems(json: JsonOutput, { files, errors, unread, warnings }: PolicyProblems): void {
  const faults = [...errors, ...unread];
  for (const message of faults) json.result({ level: 'fault', message });
  for (const message of warnings) json.result({ level: 'warn', message });
  json.summarize({ faults: faults.length, warnings: warnings.length }, { files });
}

function printProblems(screen: Screen, { files, errors, unread, warnings }: PolicyProblems): void {
  for (const fault of [...errors, ...unread]) screen.print(screen.paint('red', fault));
  for (const warning of warnings) screen.print(`${screen.paint('yellow', 'warning:')} ${warning}`);
  const fault =
    errors.length > 0 ? `, ${counted(errors.length, 'error')}: a policy with an error denies all calls` : '';
  const notRead = unread.length > 0 ? `, ${counted(unread.length, 'file')} not read` : '';
  screen.note(`${counted(files.length, 'policy file')} read${notRead}${fault}`);
}

// A groups file applies to every policy in its folder.
function problemsIn(path: string, names: PolicyNames): PolicyProblems {
  if (isFolder(path)) return storeOf({ folder: path, ...names }).check();
  if (basename(path) === 'groups') return storeOf({ folder: dirname(path), ...names }).check();
  return checkPolicyFile(path, names);
}

type Question = Pick<PolicyExplainOptions, 'caller' | 'agent' | 'action'>;

/** The decision of a policy, or of the callers pattern, which comes before all policies. */
type CallDecision = Omit<Decision, 'by'> & { readonly by: Decision['by'] | 'callers' };

/** Evaluates a call, and prints which line decides. */
export async function explainPolicy(
  screen: Screen,
  given: string | undefined,
  options: PolicyExplainOptions,
): Promise<ExitCode> {
  const config = nodeConfigIfAny(options.mcod);
  const callers = callersOf(options, config);
  const names = { callers, ...(await knownNames(options)) };
  const { agent, action } = options;
  // As the lines of policies: with choria= and cert= or without.
  const caller = callerName(
    options.caller,
    (message) => new TroupeError('POLICY_INVALID', `--caller: ${message}`),
  );
  const question = { caller, agent, action };
  const host = await hostOf(screen, options);
  const { decision, problems } = await decisionOn(question, host, policiesOf(given, options, config), names);
  const found: CallDecision = callers.test(caller) ? decision : noCaller(caller, callers);
  const warnings = warningsFor(found, problems);
  if (screen.json) screen.json.result({ ...question, ...found, warnings });
  else explain(screen, question, found, warnings);
  if (found.by === 'fault') return ExitCode.error;
  return found.allowed ? ExitCode.ok : ExitCode.failed;
}

/** The policies that decide: a single file, or those of a daemon. */
type Policies = { readonly file: string } | Pick<PolicyOptions, 'folder' | 'withoutPolicy'>;

function policiesOf(
  given: string | undefined,
  { withoutPolicy, mcod }: PolicyExplainOptions,
  config: DaemonConfig | undefined,
): Policies {
  if (given === undefined) {
    if (config === undefined) throw noPolicies(mcod);
    const { folder } = policyOptionsOf(config);
    if (folder !== undefined) checkExists(folder);
    return policyOptionsOf({
      security: config.security,
      authorization: { ...config.authorization, ...(withoutPolicy && { without_policy: withoutPolicy }) },
    });
  }
  checkExists(given);
  if (!isFolder(given)) return { file: given };
  return { folder: given, withoutPolicy: config?.security.mode === 'token' ? 'token' : 'refuse' };
}

async function decisionOn(
  question: Question,
  host: FilterNode,
  policies: Policies,
  names: PolicyNames,
): Promise<{ readonly decision: Decision; readonly problems: PolicyProblems }> {
  if (!('file' in policies)) {
    const store = new PolicyStore({ ...policies, ...names });
    return { decision: await store.decide(question, host), problems: store.check() };
  }
  const { file } = policies;
  const problems = checkPolicyFile(file, names);
  const [unread] = problems.unread;
  if (unread !== undefined)
    return { decision: { allowed: false, by: 'fault', reason: unread, steps: [] }, problems };
  const decision = await decidePolicy(readPolicy(file, names), question, host);
  const agent = basename(file, '.policy');
  if (agent === question.agent || agent === 'default') return { decision, problems };
  const other = `${file}: mcod uses this file for the agent "${agent}" only, not for "${question.agent}"`;
  return { decision, problems: { ...problems, warnings: [...problems.warnings, other] } };
}

// What is wrong with the file that decides, and files that somebody may believe to decide.
function warningsFor(
  { reason, file }: CallDecision,
  { errors, unread, warnings }: PolicyProblems,
): readonly string[] {
  return [
    ...[...errors, ...unread].filter((message) => message !== reason),
    ...warnings.filter((message) => file !== undefined && message.startsWith(`${file}:`)),
  ];
}

function noCaller(caller: string, callers: RegExp): CallDecision {
  const reason = `"${caller}" does not match the callers pattern ${callers}: mcod denies the call before it reads a policy`;
  return { allowed: false, by: 'callers', reason, steps: [] };
}

function explain(
  screen: Screen,
  { caller, agent, action }: Question,
  { allowed, by, reason, steps }: CallDecision,
  warnings: readonly string[],
): void {
  const outcome = allowed ? screen.paint('green', 'allowed') : screen.paint('red', 'denied');
  screen.print(`${outcome}: ${caller} → ${agent} ${action}`);
  screen.print(`   ${by === 'fault' ? 'cannot be evaluated: ' : ''}${reason}`);
  const others = steps.filter(({ finding }) => finding !== 'matches');
  if (others.length > 0) screen.print('\nLines that do not match this call, and why:');
  for (const { line, text, finding } of others)
    screen.print(`   ${String(line).padStart(4)}  ${text}  ${screen.paint('dim', `(${finding})`)}`);
  if (warnings.length > 0) screen.print('');
  for (const warning of warnings) screen.print(`${screen.paint('yellow', 'warning:')} ${warning}`);
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
    for (const line of cutLines([reply], true))
      screen.warn(`${line}: conditions on what is missing do not match`);
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

function storeOf(options: PolicyNames & { folder: string }): PolicyStore {
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
  const folder = config?.authorization.policies;
  if (folder === undefined) throw noPolicies(mcod);
  return folder;
}

function noPolicies(mcod: string | undefined): UsageError {
  const file = mcod ?? nodeConfigPlace;
  const why = existsSync(file) ? `${file} does not set authorization.policies` : `${file} does not exist`;
  return new UsageError(
    `no policy file or folder given, and ${why}: "mco policy init" writes a first policy`,
  );
}

function callersOf({ callers }: PolicyCheckOptions, config: DaemonConfig | undefined): RegExp {
  const pattern = callers ?? callersOfToken(config) ?? config?.security.callers.match ?? '/\\.mcollective$/';
  return compilePattern(pattern, '--callers');
}

// A machine with an enrolment token obeys the callers that its token names.
function callersOfToken(config: DaemonConfig | undefined): string | undefined {
  if (config?.security.mode !== 'token') return undefined;
  try {
    return loadToken(config.security).claims.callers;
  } catch {
    // Only the user of mcod may read it.
    return undefined;
  }
}
