import { setTimeout as delay } from 'node:timers/promises';
import { type ClientConfig, findClientConfig } from '@troupe/client';
import { messageOf } from '@troupe/core';
import { validitiesOf } from '@troupe/core/internal';
import {
  type DaemonConfig,
  findUnsafeFiles,
  loadDaemonConfig,
  PolicyStore,
  policyOptionsOf,
  readStatusFile,
  statusFileOf,
} from '@troupe/daemon';
import { hasProcess } from '@troupe/host';
import { selectionOf } from '../../call/selection.js';
import type { FilterOptions, GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { checkBrokers } from './brokers.js';
import { daemonFindings } from './daemon.js';
import { about, type Finding } from './finding.js';
import { fleetFindings } from './fleet.js';
import { endFindings, ownCertificateFindings } from './own-certificate.js';
import { printFindings } from './print-findings.js';

/** The options of mco doctor. */
export type DoctorOptions = GlobalOptions &
  FilterOptions & {
    readonly json?: true;
    readonly local?: true;
    readonly daemonConfig: string;
    readonly statusFile?: string;
  };

/** Checks everything between this terminal and the nodes, and prints what is wrong. */
export async function doctor({ screen }: Shell, options: DoctorOptions): Promise<ExitCode> {
  const findings = options.local ? await localFindings(options) : await remoteFindings(options);
  printFindings(screen, findings);
  return findings.some(({ level }) => level === 'fault') ? ExitCode.error : ExitCode.ok;
}

async function localFindings(options: DoctorOptions): Promise<readonly Finding[]> {
  return [
    ...statusFindings(options),
    ...localEndFindings(options),
    ...(await fileFindings(options)),
    ...localPolicyFindings(options),
  ];
}

// The file may have been renewed since.
function beginOf({ security }: DaemonConfig, expires: number): number | undefined {
  return validitiesOf(security).find(({ kind, to }) => kind === 'certificate' && to === expires)?.from;
}

// The status says when the certificate in use ends; it does not know the other files.
function localEndFindings({ statusFile, daemonConfig }: DoctorOptions): readonly Finding[] {
  if (statusFile !== undefined) return [];
  try {
    const { security } = loadDaemonConfig(daemonConfig);
    return security.mode === 'x509' ? endFindings({ ...security, certificate: undefined }) : [];
  } catch {
    // That the configuration cannot be read is a finding already.
    return [];
  }
}

function statusFindings({ statusFile, daemonConfig }: DoctorOptions): readonly Finding[] {
  try {
    const file = statusFile ?? statusFileOf(loadDaemonConfig(daemonConfig));
    const begins = (expires: number) =>
      statusFile === undefined ? beginOf(loadDaemonConfig(daemonConfig), expires) : undefined;
    return daemonFindings(readStatusFile(file), { now: Date.now(), isAlive: hasProcess, begins });
  } catch (error) {
    return [about('daemon').fault(messageOf(error))];
  }
}

// A status file alone does not name the files of the daemon.
async function fileFindings({ statusFile, daemonConfig }: DoctorOptions): Promise<readonly Finding[]> {
  const report = about('files');
  if (statusFile !== undefined) return [];
  try {
    const { fatal, leftOut, doubtful } = await findUnsafeFiles(loadDaemonConfig(daemonConfig), daemonConfig);
    return [
      ...fatal.map((words) => report.fault(`${words} (mcod does not start)`)),
      ...leftOut.map((words) => report.warn(`${words} (mcod does not load it)`)),
      ...doubtful.map((words) => report.warn(words)),
    ];
  } catch {
    // That the configuration cannot be read is a finding already.
    return [];
  }
}

function localPolicyFindings({ statusFile, daemonConfig }: DoctorOptions): readonly Finding[] {
  const report = about('policies');
  if (statusFile !== undefined) return [];
  let config: DaemonConfig;
  try {
    config = loadDaemonConfig(daemonConfig);
  } catch {
    // That the configuration cannot be read is a finding already.
    return [];
  }
  const { errors, unread, warnings } = new PolicyStore(policyOptionsOf(config)).check();
  return [
    ...errors.map((words) => report.fault(words)),
    ...[...unread, ...warnings].map((words) => report.warn(words)),
  ];
}

/** What is wrong between this terminal and the nodes of a filter. */
export async function remoteFindings(options: GlobalOptions & FilterOptions): Promise<readonly Finding[]> {
  const report = about('configuration');
  const filter = await selectionOf(options);
  let config: ClientConfig;
  let file: string;
  try {
    file = findClientConfig(options.config);
    config = readClientConfig({ config: file });
  } catch (error) {
    return [report.fault(messageOf(error))];
  }
  const own = ownCertificateFindings(config);
  const begun = [report.ok(`${file} is valid`), ...own];
  // With a certificate that is not trusted, every connection would fail.
  if (own.some(({ level }) => level === 'fault')) return begun;
  const { findings, client } = await checkBrokers(config);
  if (!client) return [...begun, ...findings];
  try {
    const collective = options.target ?? client.mainCollective;
    return [...begun, ...findings, ...(await fleetFindings(client, collective, filter))];
  } finally {
    await Promise.race([client.close(), delay(1_000, undefined, { ref: false })]);
  }
}
