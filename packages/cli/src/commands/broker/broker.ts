import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ClientConfig } from '@troupe/client';
import {
  type BrokerConfigOptions,
  type BrokerKind,
  brokerConfig,
  brokerKinds,
  type GeneratedConfig,
  loadOwn,
  suggestion,
} from '@troupe/core';
import { makeFolder, replaceFile } from '@troupe/core/durable-file';
import { systemReasonOf, validitiesOfLists } from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { readNodes } from '../../call/nodes-list.js';
import type { GlobalOptions } from '../../command-line/options.js';
import { clientConfigIfAny } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { UsageError } from '../../failure.js';
import type { Screen } from '../../terminal/screen.js';
import { newcomerAccount } from './newcomers.js';

/** The options of mco broker config. */
export interface BrokerOptions extends GlobalOptions {
  readonly json?: true;
  readonly port?: number;
  readonly listen?: string;
  readonly memory?: number;
  readonly members?: readonly string[];
  readonly newcomers?: string;
  readonly newcomersCollective?: string;
  readonly collective?: readonly string[];
  readonly certificate: string;
  readonly key: string;
  readonly ca?: string;
  readonly callersCa?: string;
  readonly crl?: string;
  readonly caller?: readonly string[];
  readonly node?: readonly string[];
  readonly nodes?: string;
  readonly folder?: string;
  readonly output?: string;
}

/** Generates the configuration of a broker, and prints what to do with it. */
export async function makeBrokerConfig(
  screen: Screen,
  kind: string,
  options: BrokerOptions,
): Promise<ExitCode> {
  if (!isKind(kind)) {
    throw new UsageError(
      `unknown broker "${kind}"${suggestion(kind, brokerKinds)}; known brokers: ${brokerKinds.join(', ')}`,
    );
  }
  const config = clientConfigIfAny(options);
  const members = await membersOf(options.members ?? []);
  const nodes = [
    ...new Set([
      ...(options.node ?? []),
      ...(options.nodes ? await readNodes(options.nodes) : []),
      ...Object.values(members).flat(),
    ]),
  ];
  if (kind !== 'mosquitto' && nodes.length === 0)
    throw new UsageError(`${kind} needs the name of every node: use --node or --nodes`);
  const newcomers = await newcomersOf(options);
  const made = configOf(kind, { nodes, members, ...(newcomers && { newcomers }) }, options, config);
  if (screen.json) {
    for (const file of made.files) screen.json.result(file);
    screen.json.summarize(null, { notes: made.notes, escape: made.escape });
  } else if (options.output === undefined) print(screen, made);
  else await write(screen, made, options.output);
  if (options.output === undefined && options.folder === undefined)
    screen.note(
      `- The files refer to each other in the folder ${defaultFolders[kind]}; use --folder for another one.`,
    );
  for (const note of made.notes) screen.note(`- ${note}`);
  return ExitCode.ok;
}

async function membersOf(options: readonly string[]): Promise<Record<string, readonly string[]>> {
  const members: Record<string, readonly string[]> = {};
  for (const option of options) {
    const [, collective, file] = /^([^=]+)=(.+)$/.exec(option) ?? [];
    if (collective === undefined || file === undefined)
      throw new UsageError(`--members ${option}: write the name of a collective and a file: eu=eu-nodes.txt`);
    members[collective] = [...(members[collective] ?? []), ...(await readNodes(file, '--members'))];
  }
  return members;
}

async function newcomersOf({
  newcomers: file,
  newcomersCollective: collective,
}: BrokerOptions): Promise<BrokerConfigOptions['newcomers']> {
  if (file === undefined) {
    if (collective === undefined) return undefined;
    throw new UsageError('--newcomers-collective needs --newcomers');
  }
  const { name: account, ca } = await newcomerAccount(file);
  return { account, ca, ...(collective !== undefined && { collective }) };
}

function isKind(kind: string): kind is BrokerKind {
  return (brokerKinds as readonly string[]).includes(kind);
}

/** The default folders of the files. */
const defaultFolders: Record<BrokerKind, string> = {
  mosquitto: '/etc/mosquitto',
  nats: '/var/lib/nats',
  rabbitmq: '/etc/rabbitmq',
};

// Brokers take relative paths from where they are started, which is nowhere in particular.
function configOf(
  kind: BrokerKind,
  accounts: Pick<BrokerConfigOptions, 'nodes' | 'members' | 'newcomers'>,
  options: BrokerOptions,
  config: ClientConfig | undefined,
): GeneratedConfig {
  const ca = options.ca ?? config?.security.ca;
  if (ca === undefined)
    throw new UsageError('no CA for nodes: use --ca, or set security.ca in the client configuration');
  const callersCa = options.callersCa ?? (options.ca === undefined ? config?.security.callers.ca : undefined);
  const crl = options.crl ?? config?.security.crl;
  const output = options.output === undefined ? undefined : resolve(options.output);
  return brokerConfig(kind, {
    ca: resolve(ca),
    certificate: resolve(options.certificate),
    key: resolve(options.key),
    callers: options.caller ?? [ownName(config)],
    ...accounts,
    collectives: options.collective ?? config?.collectives ?? ['mcollective'],
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.listen === undefined ? {} : { address: options.listen }),
    ...(options.memory === undefined ? {} : { memoryMebibytes: options.memory }),
    ...(callersCa === undefined ? {} : { callersCa: resolve(callersCa) }),
    ...(crl === undefined ? {} : { crl: resolve(crl), ...crlEndOf(crl) }),
    folder: options.folder ?? output ?? defaultFolders[kind],
  });
}

// The file is on the broker's machine, which need not be this one.
function crlEndOf(file: string): { readonly crlEnd?: Date } {
  if (!existsSync(file)) return {};
  try {
    const ends = validitiesOfLists(readRegularFileSync(file).toString('utf8')).flatMap(({ to }) => to ?? []);
    return ends.length === 0 ? {} : { crlEnd: new Date(Math.min(...ends)) };
  } catch (error) {
    throw new UsageError(`--crl: cannot read ${file}: ${systemReasonOf(error)}`);
  }
}

function ownName(config: ClientConfig | undefined): string {
  if (config?.security.mode !== 'x509')
    throw new UsageError('no callers: use --caller, or set security.certificate in the client configuration');
  return loadOwn(config.security).name;
}

function print(screen: Screen, { files }: GeneratedConfig): void {
  for (const [index, { name, text }] of files.entries())
    screen.print(`${index > 0 ? '\n' : ''}# ==> ${name}\n${text.trimEnd()}`);
}

// The broker reads them as another user; they contain no secret.
async function write(screen: Screen, { files }: GeneratedConfig, folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    for (const { name, text } of files) await replaceFile(join(folder, name), text, { mode: 0o644 });
  } catch (error) {
    throw new UsageError(`--output: cannot write to ${folder}: ${systemReasonOf(error)}`);
  }
  for (const { name } of files) screen.print(join(folder, name));
}
