import { dirname } from 'node:path';
import {
  brokerReport,
  certificateReport,
  configReport,
  diskReport,
  journalTail,
  logTail,
  type SupportArchive,
  writtenConfigReport,
} from '@troupe/host/support';
import { checkDaemon, checkLines } from './check.js';
import { type DaemonConfig, loadDaemonConfig } from './config.js';
import { type DaemonStatus, readStatusFile } from './status/status.js';
import { statusFileOf } from './status/status-file.js';

/** Which data of a daemon is collected. */
export interface DaemonSupportOptions {
  /** The daemon's configuration. */
  readonly config: string;
  /** Lines of its log. */
  readonly lines: number;
}

/** Adds diagnostic data about the daemon on this machine to an archive. It reads only files, so the daemon need not run. */
export async function collectDaemon(
  archive: SupportArchive,
  { config: file, lines }: DaemonSupportOptions,
): Promise<void> {
  let config: DaemonConfig | undefined;
  await archive.collect('daemon/configuration.json', "mcod's configuration with its defaults", () => {
    config = loadDaemonConfig(file);
    return configReport(file, config);
  });
  if (!config) {
    await archive.collect('daemon/configuration-as-written.json', "mcod's configuration file as it is", () =>
      writtenConfigReport(file),
    );
    return;
  }
  await archive.collect('daemon/check.txt', 'what mcod --check reports', async () => {
    const lines = checkLines(await checkDaemon(file));
    return lines.length === 0 ? 'no errors\n' : `${lines.join('\n')}\n`;
  });
  const { state_dir: stateDir, log, audit, security, broker } = config;
  const statusFile = statusFileOf(config);
  let status: DaemonStatus | undefined;
  await archive.collect('daemon/status.json', `the last status that mcod wrote (${statusFile})`, () => {
    status = readStatusFile(statusFile);
    return status;
  });
  await archive.collect('daemon/log.txt', `the last ${lines} lines of mcod's log`, () =>
    log.file === undefined ? journalOf(status, lines) : logTail(log.file, lines),
  );
  await archive.collect(
    'daemon/certificates.json',
    'certificates and revocation lists of mcod, and when they expire',
    () => certificateReport(security),
  );
  await archive.collect(
    'daemon/brokers.json',
    'how each broker of mcod can be reached from this machine',
    () => brokerReport(broker, security),
  );
  const folders = [
    stateDir,
    ...[log.file, audit.file].flatMap((name) => (name === undefined ? [] : [dirname(name)])),
  ];
  await archive.collect('daemon/disk.json', 'free space of the folders that mcod writes to', () =>
    diskReport(folders),
  );
}

function journalOf(status: DaemonStatus | undefined, lines: number): Promise<string> {
  if (!status)
    throw new Error('log.file is not set, and without a status file the process in the journal is unknown');
  return journalTail(status.pid, lines);
}
