import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compilePattern,
  createLogger,
  type DataLookup,
  messageOf,
  silentLogger,
  TroupeError,
} from '@troupe/core';
import { codeOf, validitiesOf, validityState, withCode } from '@troupe/core/internal';
import { allowsUnsafeFiles } from '@troupe/core/trusted-path';
import { Agents } from './agents/agents.js';
import { Registry } from './agents/registry.js';
import { type DaemonConfig, loadDaemonConfig } from './config.js';
import { FactSource, factsOfHost } from './node/facts.js';
import { PolicyStore, policyOptionsOf } from './policy/index.js';
import { prepare } from './preparation.js';
import { faultsIn } from './start-faults.js';
import { findUnsafeFiles, unsafeFaults } from './unsafe-files.js';
import { fileWritingFault, folderWritingFault } from './writing-fault.js';

/** What a daemon would start without. */
export interface MissingPart {
  /** An agent, or a key of the configuration. */
  readonly what: string;
  readonly error: unknown;
}

/** What a check of a configuration found, all at once. */
export interface CheckResult {
  /** With these the daemon does not start. */
  readonly fatal: readonly unknown[];
  /** It starts without these. */
  readonly without: readonly MissingPart[];
  readonly warnings: readonly string[];
}

/** A result in lines, the worst first; none if there is nothing to say. */
export function checkLines({ fatal, without, warnings }: CheckResult): readonly string[] {
  const coded = (error: unknown) => withCode(messageOf(error), codeOf(error));
  return [
    ...fatal.map((error) => `does not start: ${coded(error)}`),
    ...without.map(({ what, error }) => `starts without ${what}: ${coded(error)}`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
}

/** Checks a daemon's configuration, its agents and policies, and who can write its files, by what a start does. */
export async function checkDaemon(file: string): Promise<CheckResult> {
  let config: DaemonConfig;
  try {
    config = loadDaemonConfig(file);
  } catch (error) {
    return { fatal: [error], without: [], warnings: [] };
  }
  const warnings: string[] = [];
  const log = warningsTo(warnings);
  const fatal = await startFaults(config, file, log);
  const { leftOut, doubtful } = await findUnsafeFiles(config, file);
  const {
    errors,
    unread,
    warnings: policyWarnings,
  } = new PolicyStore({
    ...policyOptionsOf(config),
    ...callersOf(config),
    facts: () => factsOfHost(config),
  }).check();
  return {
    fatal,
    without: [
      ...unwritable(config),
      ...(await unreadableFacts(config)),
      ...errors.map((fault) => ({ what: 'a policy', error: new TroupeError('POLICY_INVALID', fault) })),
      ...(await agentsLeftOut(config, file, log)),
    ],
    warnings: [
      ...(allowsUnsafeFiles() ? leftOut : []),
      ...doubtful,
      ...unread,
      ...policyWarnings,
      ...endsOf(config),
      ...warnings,
    ],
  };
}

// What has expired keeps mcod from connecting, but it starts.
function endsOf({ security }: DaemonConfig): readonly string[] {
  if (security.mode !== 'x509') return [];
  return validitiesOf(security)
    .map((validity) => validityState(validity))
    .flatMap(({ level, message }) => (level === 'ok' ? [] : [message]));
}

async function startFaults(
  config: DaemonConfig,
  file: string,
  log: ReturnType<typeof warningsTo>,
): Promise<readonly unknown[]> {
  try {
    const faults = unsafeFaults(config, file);
    const { facts } = await prepare({ config, log, faults, isTrial: true });
    await facts.close();
    return [];
  } catch (error) {
    return faultsIn(error);
  }
}

function unwritable({ state_dir, log, pid_file, audit, status_file }: DaemonConfig): readonly MissingPart[] {
  const files = { 'log.file': log.file, pid_file, 'audit.file': audit.file, status_file };
  const faults = [
    { what: 'state_dir', fault: folderWritingFault(state_dir, { isTrial: true }) },
    ...Object.entries(files).flatMap(([what, file]) =>
      file === undefined ? [] : [{ what, fault: fileWritingFault(file) }],
    ),
  ];
  return faults.flatMap(({ what, fault }) =>
    fault === undefined ? [] : [{ what, error: new TroupeError('FILE_UNREADABLE', fault) }],
  );
}

async function unreadableFacts({ facts: { paths } }: DaemonConfig): Promise<readonly MissingPart[]> {
  const source = new FactSource(paths, silentLogger);
  source.read();
  const { faults } = source.status();
  await source.close();
  return faults.map(({ source: what, reason }) => ({
    what: `facts of ${what}`,
    error: new TroupeError('FILE_UNREADABLE', reason),
  }));
}

// As at a start, but in a folder that is gone afterwards, and each agent knows that it is only checked.
async function agentsLeftOut(
  config: DaemonConfig,
  configFile: string,
  log: ReturnType<typeof warningsTo>,
): Promise<readonly MissingPart[]> {
  const trialFolder = await mkdtemp(join(tmpdir(), 'troupe-check-'));
  const builtIn = ['rpcutil', 'discovery', ...(config.security.mode === 'token' ? [] : ['node'])];
  const registry = new Registry(builtIn);
  const data = new Map<string, DataLookup>();
  const node = { identity: config.identity ?? 'checked.invalid', facts: () => ({}), classes: () => [] };
  const agents = new Agents({
    config,
    configFile,
    log,
    registry,
    data,
    node,
    reload: () => {},
    trialFolder,
  });
  try {
    await agents.load([]);
    return [...agents.faults].map(([what, error]) => ({ what: `the agent ${what}`, error }));
  } finally {
    await agents.close();
    await rm(trialFolder, { recursive: true, force: true });
  }
}

// What a start would log, except for what the result has already.
function warningsTo(warnings: string[]) {
  return createLogger({
    level: 'warn',
    format: 'json',
    destination: {
      write: (line) => {
        const { msg, reason, file } = JSON.parse(line) as Record<string, string | undefined>;
        if (isInResult(`${msg}`)) return;
        const where = file === undefined || reason?.includes(file) ? '' : ` ${file}`;
        warnings.push(`${msg}${where === '' ? '' : `:${where}`}${reason === undefined ? '' : `: ${reason}`}`);
      },
    },
  });
}

function isInResult(message: string): boolean {
  return /left out|expire|^cannot read facts/.test(message);
}

// Only a certificate proves a name; the pattern for a machine with a token is in the token.
function callersOf({ security }: DaemonConfig): { readonly callers?: RegExp } {
  if (security.mode !== 'x509') return {};
  try {
    return { callers: compilePattern(security.callers.match, 'security.callers.match') };
  } catch {
    // It is among what keeps the daemon from starting.
    return {};
  }
}
