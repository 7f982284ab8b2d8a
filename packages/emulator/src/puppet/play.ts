import { appendFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runFiles } from '@troupe/agent-puppetd/puppet';
import { messageOf } from '@troupe/core';
import { absent } from '@troupe/core/durable-file';
import type { HostPaths } from './host-paths.js';

/** One run of the emulated Puppet: all that it must know, as JSON, since another process may play it. */
export interface Play {
  readonly paths: HostPaths;
  /** The port of the CA on every master. */
  readonly port: number;
  /** The folder of the run. */
  readonly folder: string;
  readonly command: readonly string[];
  /** Milliseconds that a run takes. */
  readonly takes: number;
  /** The environment in which every run fails. */
  readonly failsIn?: string;
  /** What production writes as the daemon's configuration. */
  readonly finalConfig: string;
}

/** What an emulated Puppet notes of its runs on the host's disk. */
export interface RunLine {
  readonly event: 'begin' | 'end';
  readonly id: string;
  readonly environment: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly exitCode?: number;
}

/** Plays a run with all that a real one does to the outside: fetches the certificate, changes files, leaves a report. */
export async function play(run: Play): Promise<void> {
  const { folder, paths } = run;
  const id = wordAfter(run.command, '--job-id') ?? '';
  const environment = wordAfter(run.command, '--environment') ?? 'production';
  const note = (line: Pick<RunLine, 'event' | 'exitCode'>) =>
    appendFileSync(paths.puppetRuns, `${JSON.stringify({ id, environment, time: Date.now(), ...line })}\n`);
  note({ event: 'begin' });
  const startedAt = new Date().toISOString();
  const lines: string[] = [];
  let exitCode = 2;
  try {
    await keepCertificate(run);
    if (run.takes > 0) await delay(run.takes);
    if (environment === run.failsIn)
      throw new Error(
        'Could not retrieve catalog from remote server: Error 500 on SERVER: the code is broken',
      );
    lines.push(`Info: Applying configuration version '1' of the environment ${environment}`);
    for (const file of await apply(run, environment)) lines.push(`Notice: File[${file}]/content: changed`);
    lines.push('Notice: Applied catalog in 0.00 seconds');
  } catch (error) {
    exitCode = 1;
    lines.push(`Error: ${messageOf(error)}`);
  }
  const texts = reportOf({
    certname: paths.puppet.certname,
    environment,
    id,
    startedAt,
    isGood: exitCode === 2,
  });
  await writeFile(join(folder, runFiles.output), `${lines.join('\n')}\n`);
  await put(paths.puppet.lastrunreport, texts.report);
  await put(paths.puppet.lastrunfile, texts.summary);
  await writeFile(join(folder, runFiles.reportHead), texts.report);
  await writeFile(join(folder, runFiles.reportTail), texts.report);
  await writeFile(join(folder, runFiles.summary), texts.summary);
  // Last and whole, as the shell that watches a real Puppet has it.
  const exit = join(folder, runFiles.exitCode);
  await writeFile(`${exit}.tmp`, `${exitCode}`);
  await rename(`${exit}.tmp`, exit);
  // A run whose end nobody recorded counts as one that was killed.
  note({ event: 'end', exitCode });
}

async function apply({ paths, finalConfig }: Play, environment: string): Promise<string[]> {
  if (environment === 'bootstrap') {
    await put(paths.siteFact, JSON.stringify({ site_role: 'emulated' }));
    return [paths.siteFact];
  }
  if ((await readFile(paths.siteFact, 'utf8').catch(absent)) === undefined)
    throw new Error('the fact site_role is missing: the environment bootstrap was not applied');
  // In one step, as Puppet replaces files.
  await put(`${paths.config}.new`, finalConfig);
  await rename(`${paths.config}.new`, paths.config);
  return [paths.config];
}

async function keepCertificate({ paths, port }: Play): Promise<void> {
  const { certname, hostcert, localcacert } = paths.puppet;
  if ((await readFile(hostcert, 'utf8').catch(absent)) !== undefined) return;
  const [ca, hosts] = await Promise.all([readFile(localcacert, 'utf8'), readFile(paths.hostsFile, 'utf8')]);
  const line = hosts.split('\n').find((words) => words.split(/\s+/).slice(1).includes('puppet'));
  const host = line?.trim().split(/\s+/)[0];
  if (!host) throw new Error('getaddrinfo: Name or service not known: puppet');
  const { status, text } = await get({ host, port, ca, path: `/puppet-ca/v1/certificate/${certname}` });
  if (status !== 200)
    throw new Error(
      `Couldn't fetch certificate from CA server; you might still need to sign this agent's certificate (${certname}).`,
    );
  await put(hostcert, text);
}

function get(options: { host: string; port: number; ca: string; path: string }) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = request({ ...options, servername: 'puppet', agent: false, timeout: 30_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => {
        text += piece;
      });
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on('timeout', () => asked.destroy(new Error('no reply from the Puppet server')));
    asked.on('error', reject);
    asked.end();
  });
}

function reportOf(run: {
  certname: string;
  environment: string;
  id: string;
  startedAt: string;
  isGood: boolean;
}) {
  const { certname, environment, id, startedAt, isGood } = run;
  const report = [
    '---',
    `host: ${certname}`,
    `time: '${startedAt}'`,
    'configuration_version: 1',
    'report_format: 12',
    `status: ${isGood ? 'changed' : 'failed'}`,
    `transaction_completed: ${isGood}`,
    'noop: false',
    'noop_pending: false',
    `environment: ${environment}`,
    'logs: []',
    'metrics: {}',
    `job_id: ${id}`,
    'cached_catalog_status: not_used',
  ];
  const summary = {
    version: { config: 1 },
    resources: { changed: isGood ? 1 : 0, failed: isGood ? 0 : 1, total: 1 },
    time: { total: 0, last_run: Math.floor(Date.now() / 1000) },
  };
  return { report: `${report.join('\n')}\n`, summary: JSON.stringify(summary) };
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

function wordAfter(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option);
  return at < 0 ? undefined : words[at + 1];
}
