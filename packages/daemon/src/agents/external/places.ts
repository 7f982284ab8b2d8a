import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Ddl, parseDdl, TroupeError } from '@troupe/core';
import { isErrno } from '@troupe/core/durable-file';
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
  /** The configuration makes this agent the provision agent of the host. */
  readonly isProvision?: boolean;
}

/** The name of the provision agent. */
const provision = 'provision';

// What a program from elsewhere must not stand in for. The provision agent may be one that the configuration names as such.
const deniedNames = new Set([
  'rpcutil',
  'discovery',
  'node',
  provision,
  'choria_util',
  'choria_provision',
  'choria_registry',
  'scout',
]);

/** Separates the entries of a configuration that are sound from those that contradict themselves or others, which the schema cannot tell. */
export function soundEntries(entries: readonly ExternalEntry[]): {
  readonly sound: readonly ExternalEntry[];
  readonly faults: readonly { readonly where: string; readonly error: TroupeError }[];
} {
  const first = entries.findIndex(({ role }) => role === provision);
  const faultAt = (entry: ExternalEntry, index: number) =>
    entry.role === provision && index !== first ? 'only one agent can have role: provision' : faultOf(entry);
  const faults = entries.flatMap((entry, index) => {
    const fault = faultAt(entry, index);
    const where = `external_agents.${index}`;
    return fault === undefined
      ? []
      : [{ where, error: new TroupeError('CONFIG_INVALID', `${where}: ${fault}`) }];
  });
  return { sound: entries.filter((entry, index) => faultAt(entry, index) === undefined), faults };
}

function faultOf({ ddl, folder, command, config, role }: ExternalEntry): string | undefined {
  if ((ddl === undefined) === (folder === undefined)) return 'set exactly one of ddl and folder';
  return folder !== undefined && (command ?? config ?? role) !== undefined
    ? 'command, config and role cannot be combined with folder'
    : undefined;
}

/**
 * The places of all agents that the entries name, relative to the folder of the configuration. A folder that cannot be read is
 * passed to `failed`; one that does not exist yet has no agents.
 */
export async function listPlaces(
  entries: readonly ExternalEntry[],
  configFile: string,
  failed: (folder: string, error: unknown) => void = () => {},
): Promise<Place[]> {
  const base = dirname(resolve(configFile));
  const places: Place[] = [];
  for (const { ddl, folder, command, config, role } of entries) {
    if (folder !== undefined) places.push(...(await placesIn(resolve(base, folder), failed)));
    if (ddl === undefined) continue;
    places.push({
      ddlFile: resolve(base, ddl),
      ...(command !== undefined && { command: resolve(base, command) }),
      ...(config !== undefined && { configFile: resolve(base, config) }),
      isNamed: true,
      ...(role === provision && { isProvision: true }),
    });
  }
  return places;
}

// FOLDER/NAME.json and FOLDER/NAME/NAME.json, as Choria has them.
async function placesIn(folder: string, failed: (folder: string, error: unknown) => void): Promise<Place[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (!isErrno(error, 'ENOENT')) failed(folder, unreadableFolder(folder, error));
    return [];
  });
  return entries
    .filter(({ name }) => !name.startsWith('.') && !name.endsWith('.schema.json'))
    .flatMap((entry) => {
      if (entry.name.endsWith('.json')) return [join(folder, entry.name)];
      return entry.isDirectory() ? [join(folder, entry.name, `${entry.name}.json`)] : [];
    })
    .sort()
    .map((ddlFile) => ({ ddlFile, isNamed: false }));
}

function unreadableFolder(folder: string, cause: unknown): TroupeError {
  const reason = systemReasonOf(cause);
  return new TroupeError('FILE_UNREADABLE', `external_agents: cannot read the folder ${folder}: ${reason}`, {
    cause,
  });
}

/** Reads a place's DDL; nothing where a file in a folder is not that of an external agent. Throws FILE_UNREADABLE, DDL_INVALID, AGENT_INVALID. */
export async function readPlace({ ddlFile, isNamed, isProvision }: Place): Promise<Ddl | undefined> {
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
  if (isProvision) {
    checkProvision(ddl, ddlFile);
    return ddl;
  }
  if (deniedNames.has(name)) {
    const advice =
      name === provision
        ? 'set role: provision for it in external_agents, if it is the provision agent of this host'
        : 'rename the external agent';
    throw new TroupeError('AGENT_INVALID', `${ddlFile}: the name "${name}" is reserved: ${advice}`);
  }
  return ddl;
}

// With another name, a machine with an enrolment token would not serve it.
function checkProvision({ metadata, actions }: Ddl, ddlFile: string): void {
  if (metadata.name !== provision) {
    throw new TroupeError(
      'AGENT_INVALID',
      `${ddlFile}: role: provision requires the name "${provision}", but the DDL has the name "${metadata.name}"`,
    );
  }
  if (!actions.some(({ action }) => action === 'status')) {
    throw new TroupeError(
      'AGENT_INVALID',
      `${ddlFile}: role: provision requires the action status: use the DDL that comes with Troupe`,
    );
  }
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

/**
 * Who else can write a file of an external agent, in words; nothing if nobody can. `name` is the one in its DDL, by which
 * its program is found; by default, the name of the DDL's file.
 */
export function placeFault(place: Place, name = basename(place.ddlFile, '.json')): string | undefined {
  const { ddlFile, configFile } = place;
  const files = [ddlFile, ...commandsOf(place, name)];
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
