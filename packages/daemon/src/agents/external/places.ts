import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Ddl, parseDdl, TroupeError } from '@troupe/core';
import { systemReasonOf } from '@troupe/core/internal';
import { readRegularFile } from '@troupe/core/regular-file';
import { pathFault } from '@troupe/core/trusted-path';
import type { ExternalEntry } from '../../config.js';

/** Where an external agent is. */
export interface Place {
  readonly ddlFile: string;
  readonly command?: string;
  readonly configFile?: string;
  /** The configuration names this agent; otherwise it was found in a folder. */
  readonly isNamed: boolean;
}

// What a program from elsewhere must not stand in for.
const deniedNames = new Set([
  'rpcutil',
  'discovery',
  'provision',
  'choria_util',
  'choria_provision',
  'choria_registry',
  'scout',
]);

/** Checks what the schema of the configuration does not. Throws CONFIG_INVALID. */
export function checkEntries(entries: readonly ExternalEntry[]): void {
  for (const [index, { ddl, folder, command, config }] of entries.entries()) {
    const where = `external_agents.${index}`;
    if ((ddl === undefined) === (folder === undefined)) {
      throw new TroupeError('CONFIG_INVALID', `${where}: set exactly one of ddl and folder`);
    }
    if (folder !== undefined && (command ?? config) !== undefined) {
      throw new TroupeError('CONFIG_INVALID', `${where}: command and config cannot be combined with folder`);
    }
  }
}

/** The places of all agents that the entries name, relative to the folder of the configuration. */
export async function listPlaces(entries: readonly ExternalEntry[], configFile: string): Promise<Place[]> {
  const base = dirname(resolve(configFile));
  const places: Place[] = [];
  for (const { ddl, folder, command, config } of entries) {
    if (folder !== undefined) places.push(...(await placesIn(resolve(base, folder))));
    if (ddl === undefined) continue;
    places.push({
      ddlFile: resolve(base, ddl),
      ...(command !== undefined && { command: resolve(base, command) }),
      ...(config !== undefined && { configFile: resolve(base, config) }),
      isNamed: true,
    });
  }
  return places;
}

// FOLDER/NAME.json and FOLDER/NAME/NAME.json, as Choria has them.
async function placesIn(folder: string): Promise<Place[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter(({ name }) => !name.startsWith('.') && !name.endsWith('.schema.json'))
    .flatMap((entry) => {
      if (entry.name.endsWith('.json')) return [join(folder, entry.name)];
      return entry.isDirectory() ? [join(folder, entry.name, `${entry.name}.json`)] : [];
    })
    .sort()
    .map((ddlFile) => ({ ddlFile, isNamed: false }));
}

/** Reads a place's DDL; nothing where a file in a folder is not that of an external agent. Throws FILE_UNREADABLE, DDL_INVALID, AGENT_INVALID. */
export async function readPlace({ ddlFile, isNamed }: Place): Promise<Ddl | undefined> {
  let text: string;
  try {
    text = (await readRegularFile(ddlFile)).toString('utf8');
  } catch (cause) {
    if (!isNamed && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TroupeError('FILE_UNREADABLE', `cannot read the DDL ${ddlFile}: ${systemReasonOf(cause)}`, {
      cause,
    });
  }
  const ddl = parseDdl(text, ddlFile);
  const { name, provider } = ddl.metadata;
  if (!isNamed && provider !== 'external') return undefined;
  if (deniedNames.has(name)) {
    throw new TroupeError(
      'AGENT_INVALID',
      `${ddlFile}: the name "${name}" is reserved: rename the external agent`,
    );
  }
  return ddl;
}

const goSystems: Readonly<Record<string, string>> = { win32: 'windows', sunos: 'solaris' };
const goArchitectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', mipsel: 'mipsle' };

/** Where the program of an agent may be, the likeliest first: NAME, or NAME-GOOS_GOARCH as Go builds it. */
export function commandsOf({ ddlFile, command }: Place, name: string): string[] {
  const { platform, arch } = process;
  const suffix = `${goSystems[platform] ?? platform}_${goArchitectures[arch] ?? arch}`;
  const program = command ?? join(dirname(ddlFile), name);
  return [program, `${program}-${suffix}`, join(program, `${name}-${suffix}`)];
}

/** Who else can write a file of an external agent, in words; nothing if nobody can. */
export function placeFault(place: Place): string | undefined {
  const { ddlFile, configFile } = place;
  const files = [ddlFile, ...commandsOf(place, basename(ddlFile, '.json'))];
  if (configFile !== undefined) files.push(configFile);
  for (const file of files) {
    const fault = pathFault(file);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Changes when a file of the place changes; nothing when its DDL is gone. */
export async function stampOf(place: Place): Promise<string | undefined> {
  const { ddlFile, configFile } = place;
  const files = [ddlFile, ...commandsOf(place, basename(ddlFile, '.json'))];
  if (configFile !== undefined) files.push(configFile);
  const [ddl, ...others] = await Promise.all(files.map(stampOfFile));
  return ddl === undefined ? undefined : [ddl, ...others].join(' ');
}

async function stampOfFile(file: string): Promise<string | undefined> {
  const status = await stat(file).catch(() => undefined);
  return status?.isFile()
    ? `${status.ino}:${status.size}:${status.mtimeMs}:${status.mode}:${status.uid}:${status.gid}`
    : undefined;
}
