import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { type ClientConfig, findClientConfig } from '@troupe/client';
import { collectDaemon } from '@troupe/daemon/support';
import {
  brokerReport,
  certificateReport,
  configReport,
  SupportArchive,
  supportFileName,
  writtenConfigReport,
} from '@troupe/host/support';
import type { GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import { nodeConfigPlace } from '../../config/node-config.js';
import { ExitCode } from '../../exit.js';
import { remoteFindings } from '../doctor/doctor.js';

/** The options of mco support. */
export interface SupportOptions extends GlobalOptions {
  readonly json?: true;
  readonly output?: string;
  readonly lines: number;
  readonly local?: true;
  readonly daemonConfig?: string;
  readonly include?: readonly string[];
}

/** Configurations of other programs that are included if they exist. */
const otherConfigs = ['/etc/troupe/provisioner.yaml', '/etc/troupe/broker.yaml'];

/** Writes an archive with diagnostics for support, and prints its contents. */
export async function support({ screen }: Shell, options: SupportOptions): Promise<ExitCode> {
  const now = new Date();
  const name = supportFileName(now);
  const file = options.output ?? `${name}.tar.gz`;
  const archive = new SupportArchive(name, now);
  await archive.collectMachine('mco');
  await collectClient(archive, options);
  const daemonConfig = options.daemonConfig ?? (existsSync(nodeConfigPlace) ? nodeConfigPlace : undefined);
  if (daemonConfig !== undefined)
    await collectDaemon(archive, { config: daemonConfig, lines: options.lines });
  for (const other of [...otherConfigs.filter((place) => existsSync(place)), ...(options.include ?? [])])
    await archive.collect(
      `other/${basename(other)}.json`,
      `configuration file ${other} without secrets`,
      () => writtenConfigReport(other),
    );
  await archive.write(file);
  if (screen.json) {
    for (const entry of archive.entries) screen.json.result(entry);
    screen.json.summarize(
      { failures: archive.entries.filter(({ failure }) => failure !== undefined).length },
      { file },
    );
  } else screen.print(archive.summary(file));
  return ExitCode.ok;
}

async function collectClient(archive: SupportArchive, options: SupportOptions): Promise<void> {
  let config: ClientConfig | undefined;
  await archive.collect('client/configuration.json', 'configuration of mco with defaults', () => {
    const file = findClientConfig(options.config);
    config = readClientConfig({ config: file });
    return configReport(file, config);
  });
  if (!config) return;
  const { security, broker } = config;
  await archive.collect(
    'client/certificates.json',
    'certificates and revocation lists of mco, with their expiry',
    () => certificateReport(security),
  );
  await archive.collect(
    'client/brokers.json',
    'result of a connection to each broker of mco from this machine',
    () => brokerReport(broker, security),
  );
  if (options.local) return;
  await archive.collect(
    'client/doctor.json',
    'findings of mco doctor: brokers, nodes, clocks, versions',
    () => remoteFindings(options),
  );
}
