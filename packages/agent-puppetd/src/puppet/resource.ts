import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TroupeError } from '@troupe/core';
import { makeFolder } from '@troupe/core/durable-file';
import { CapturedOutput, runProgram } from '@troupe/host';
import type { PuppetConfig } from './config.js';
import { readIfPresent } from './file.js';
import { type ReportHead, readReport } from './report.js';
import type { PuppetSettings } from './setting-names.js';
import { findExecutable } from './settings.js';
import { parseSummary, type ResourceCounts } from './summary.js';
import { isRecord } from './yaml.js';

/** A resource and its desired state. */
export interface ResourceRequest {
  /** Such as `service`. */
  readonly type: string;
  readonly title: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly noop?: boolean;
}

/** What Puppet made of a single resource. */
export interface ResourceVerdict {
  readonly ok: boolean;
  readonly changed: boolean;
  /** One line for people. */
  readonly reason: string;
  readonly messages: readonly ResourceMessage[];
}

export interface ResourceMessage {
  readonly level: string;
  readonly source: string;
  readonly message: string;
}

const typePattern = /^[a-z][a-z0-9_]*(::[a-z][a-z0-9_]*)*$/i;
const propertyPattern = /^[a-z][a-z0-9_]*$/;
const mostMessages = 100;

/**
 * Has Puppet apply a catalog of one resource, which leaves no trace in its record of runs. The catalog is JSON in a
 * file, so that no text is taken for Puppet's language or for an option. Throws INPUT_INVALID.
 */
export async function applyResource(
  config: PuppetConfig,
  settings: PuppetSettings,
  stateDir: string,
  request: ResourceRequest & { readonly signal?: AbortSignal },
): Promise<ResourceVerdict> {
  const catalog = catalogOf(request, settings);
  await makeFolder(stateDir, 0o700);
  const folder = await mkdtemp(join(stateDir, 'resource-'));
  try {
    await writeFile(join(folder, 'catalog.json'), JSON.stringify(catalog), { mode: 0o600 });
    const [, ...words] = config.command;
    const args = [...words, ...applyArguments(config, folder, request.noop ?? false)];
    const output = new CapturedOutput(1024 * 1024);
    const { code } = await runProgram({
      command: await findExecutable(config),
      args,
      env: config.env,
      stdout: output,
      stderr: output,
      // It is not stopped in the middle of its work for what it prints: further output is discarded.
      mostOutput: Number.POSITIVE_INFINITY,
      killGrace: 5_000,
      ...(request.signal && { signal: request.signal }),
    });
    const messages = await readMessages(join(folder, 'log.jsonl'));
    const report = await readReport(join(folder, 'lastrunreport'));
    const counts = parseSummary((await readIfPresent(join(folder, 'lastrunfile'))) ?? '')?.resources;
    return judge(request, { report, counts, messages, code, output: output.text });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function applyArguments(config: PuppetConfig, folder: string, noop: boolean): string[] {
  const confdir = config.confdir === undefined ? [] : ['--confdir', config.confdir];
  // What Puppet knows of its last run must stay that of the agent's.
  const own = [
    'lastrunfile',
    'lastrunreport',
    'resourcefile',
    'classfile',
    'statefile',
    'transactionstorefile',
  ];
  return [
    'apply',
    ...['--catalog', join(folder, 'catalog.json'), '--color=false', '--verbose'],
    ...['--logdest', join(folder, 'log.jsonl'), '--logdest', 'console', '--reports', 'none'],
    ...confdir,
    ...config.extraArgs,
    ...own.flatMap((setting) => [`--${setting}`, join(folder, setting)]),
    ...(noop ? ['--noop'] : ['--no-noop']),
  ];
}

function catalogOf({ type, title, properties }: ResourceRequest, settings: PuppetSettings): unknown {
  if (!typePattern.test(type)) throw invalid('resource type', type);
  if (title === '') throw invalid('resource title', title);
  for (const [name, value] of Object.entries(properties)) {
    if (!propertyPattern.test(name)) throw invalid('property name', name);
    if (value === null || value === undefined) throw invalid(`value of the property ${name}`, String(value));
  }
  const capitalized = type
    .split('::')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join('::');
  return {
    name: settings.certname,
    version: 1,
    environment: 'production',
    resources: [{ type: capitalized, title, exported: false, tags: [], parameters: properties }],
    edges: [],
    classes: [],
  };
}

interface ApplyResult {
  readonly report: ReportHead | undefined;
  readonly counts: ResourceCounts | undefined;
  readonly messages: readonly ResourceMessage[];
  readonly code: number | null;
  /** What Puppet printed. */
  readonly output: string;
}

// With a catalog from a file Puppet exits 0 even if the resource failed: only the report tells.
function judge(
  { type, title }: ResourceRequest,
  { report, counts, messages, code, output }: ApplyResult,
): ResourceVerdict {
  const name = `${type}[${title}]`;
  const about = messages.filter(({ source }) => source !== 'Facter').slice(0, mostMessages);
  if (code !== 0 || !report?.transactionCompleted || report.status === 'failed') {
    const fault = about.findLast(({ level }) => level === 'err')?.message;
    const why = fault ?? output.trimEnd().split('\n').at(-1) ?? '';
    const reason = `${name} failed: ${why || `Puppet exited with code ${code}`}`.slice(0, 1000);
    return { ok: false, changed: report?.status === 'changed', reason, messages: about };
  }
  // A type that it does not know is passed over as if it were a class.
  if (counts?.total === 0) {
    return {
      ok: false,
      changed: false,
      reason: `Puppet on this host does not have the resource type ${type}`,
      messages: about,
    };
  }
  const changed = report.status === 'changed';
  const unchanged = report.noopPending
    ? `${name} would be changed`
    : `${name} is already in the desired state`;
  return { ok: true, changed, reason: changed ? `${name} was changed` : unchanged, messages: about };
}

async function readMessages(path: string): Promise<ResourceMessage[]> {
  const lines = (await readIfPresent(path))?.split('\n') ?? [];
  return lines.flatMap((line) => {
    const entry = parse(line);
    if (!isRecord(entry)) return [];
    const { level, source, message } = entry;
    return [{ level: String(level), source: String(source), message: String(message).slice(0, 2000) }];
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined; // The last line of a process that was killed.
  }
}

function invalid(what: string, value: string): TroupeError {
  return new TroupeError('INPUT_INVALID', `Invalid ${what}: ${JSON.stringify(value.slice(0, 80))}`);
}
