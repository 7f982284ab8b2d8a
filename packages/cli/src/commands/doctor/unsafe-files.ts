import { basename, dirname, join } from 'node:path';
import type { Client } from '@troupe/client';
import { entriesFault, entriesOf, type Look } from '@troupe/core/trusted-path';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { nameList, namesBy } from '../../output/naming.js';
import { plainLine } from '../../output/plain.js';
import { about, type Finding } from './finding.js';

/** A file that a daemon loads, and the key of its configuration that names it. */
export interface NamedFile {
  readonly key: string;
  readonly path: string;
}

/** Entries of a node by their paths; nothing where there is no file. */
export type KnownEntries = Map<string, ReturnType<Look>>;

/** If others can write these, a daemon does not start. */
const fatalKeys = new Set(['configuration', 'state_dir', 'authorization.policies']);

/** The items of a daemon's configuration that name files. */
const items = ['state_dir', 'authorization', 'external_agents', 'agents', 'facts'] as const;

/** What tells the user of a daemon: the owner of this folder. */
const selfPath = '/proc/self/fd';

/** The longest path that a data plugin can be asked for. */
const longestPath = 200;

/** Levels of folders and links, one of which is asked for at a time. */
const mostWaves = 60;

/**
 * Lists the nodes with files that others can write: mcod refuses them, earlier versions did not. It needs only what
 * daemons of all versions have, rpcutil with the data plugin fstat.
 */
export async function unsafeFileFindings(
  client: Client,
  collective: string,
  nodes: readonly string[],
): Promise<readonly Finding[]> {
  const report = about('files');
  const files = await filesOf(client, collective, nodes);
  const known = await entriesOfNodes(client, collective, files);
  const checked = [...files].filter(([node]) => known.has(node));
  const faults = checked.flatMap(([sender, list]) =>
    faultsOf(list, known.get(sender)).map((fault) => ({ sender, ...fault })),
  );
  const unknown = nodes.filter((node) => !known.has(node));
  const findings = [...namesBy(faults, ({ key, words }) => `${key}: ${plainLine(words)}`)].map(
    ([words, names]) => {
      const isFatal = fatalKeys.has(words.slice(0, words.indexOf(':')));
      const line = `${nameList([...new Set(names)], false)}: ${words}`;
      return isFatal
        ? report.fault(`${line} (mcod does not start)`)
        : report.warn(`${line} (mcod does not load it)`);
    },
  );
  if (unknown.length > 0)
    findings.push(report.warn(`cannot check who can write the files of ${nameList(unknown, false)}`));
  return findings;
}

/** What is wrong with the files of a node, as far as its entries are known. */
export function faultsOf(
  files: readonly NamedFile[],
  known: KnownEntries = new Map(),
): readonly { readonly key: string; readonly words: string }[] {
  const { uid = 0, gid = 0 } = known.get(selfPath) ?? {};
  const trust = {
    uids: [...new Set([uid, 0])],
    hasGroup: (group: number) => group === 0 || group === gid,
    isRemote: true,
  };
  const faults = files.map(({ key, path }) => {
    const { entries, isWhole } = entriesOf(path, (part) => known.get(part));
    return { key, words: entriesFault(entries, trust, { isWhole }) };
  });
  return faults.flatMap(({ key, words }) => (words === undefined ? [] : [{ key, words }]));
}

async function filesOf(
  client: Client,
  collective: string,
  nodes: readonly string[],
): Promise<ReadonlyMap<string, readonly NamedFile[]>> {
  const agent = client.agent(rpcutil);
  const where = { targets: nodes, collective };
  const [stats, ...values] = await Promise.all([
    agent.daemon_stats({}, where).all(),
    ...items.map((item) => agent.get_config_item({ item }, where).all()),
  ]);
  const files = new Map<string, readonly NamedFile[]>();
  for (const { sender, ok, data } of stats) {
    if (!ok || typeof data.configfile !== 'string') continue;
    const config = Object.fromEntries(
      items.map((item, index) => [
        item,
        values[index]?.find((result) => result.sender === sender)?.data.value,
      ]),
    );
    files.set(sender, namedFiles(data.configfile, config));
  }
  return files;
}

/** The files that the configuration of a daemon names. */
export function namedFiles(
  configFile: string,
  config: Readonly<Record<string, unknown>>,
): readonly NamedFile[] {
  const folder = dirname(configFile);
  const { policies } = (config.authorization ?? {}) as { policies?: unknown };
  const { paths } = (config.facts ?? {}) as { paths?: unknown };
  const texts = (value: unknown): string[] =>
    (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string');
  const external = Array.isArray(config.external_agents) ? config.external_agents : [];
  const found = [
    { key: 'configuration', path: configFile },
    ...texts(config.state_dir).map((path) => ({ key: 'state_dir', path })),
    ...texts(policies).map((path) => ({ key: 'authorization.policies', path })),
    ...texts(config.agents)
      .filter((specifier) => /^[./]/.test(specifier))
      .map((path) => ({ key: 'agents', path })),
    ...external.flatMap((entry: Readonly<Record<string, unknown>> | null) => {
      const { ddl, folder: all, command, config: own } = entry ?? {};
      const beside = texts(command ?? ddl).map((path) => join(dirname(path), basename(path, '.json')));
      return [...texts(all), ...texts(ddl), ...texts(own), ...beside].map((path) => ({
        key: 'external_agents',
        path,
      }));
    }),
    ...texts(paths).map((path) => ({ key: 'facts.paths', path })),
  ];
  // From which folder a daemon was started, it does not tell.
  return found
    .map(({ key, path }) => ({
      key,
      path: path.startsWith('/') || path === configFile ? path : join(folder, path),
    }))
    .filter(({ path }) => path.startsWith('/'));
}

// Each wave asks for the next folder or link of each path.
async function entriesOfNodes(
  client: Client,
  collective: string,
  files: ReadonlyMap<string, readonly NamedFile[]>,
): Promise<ReadonlyMap<string, KnownEntries>> {
  const known = new Map([...files.keys()].map((node) => [node, new Map() as KnownEntries]));
  for (let wave = 0; wave < mostWaves; wave += 1) {
    const wanted = [...known].flatMap(([sender, entries]) =>
      [...nextOf(files.get(sender) ?? [], entries)].map((path) => ({ sender, path })),
    );
    if (wanted.length === 0) break;
    const results = await Promise.all(
      [...namesBy(wanted, ({ path }) => path)].map(async ([path, targets]) => {
        const call = client
          .agent(rpcutil)
          .get_data({ source: 'fstat', query: path }, { targets, collective });
        return (await call.all()).map((result) => ({ ...result, path }));
      }),
    );
    for (const { sender, ok, data, path } of results.flat())
      if (ok) known.get(sender)?.set(path, entryOf(path, data));
      else known.delete(sender);
  }
  return known;
}

function nextOf(files: readonly NamedFile[], known: KnownEntries): ReadonlySet<string> {
  const next = new Set<string>();
  const look: Look = (path) => {
    if (!known.has(path) && path.length <= longestPath) next.add(path);
    return known.get(path);
  };
  for (const { path } of files) entriesOf(path, look);
  look(selfPath);
  return next;
}

function entryOf(path: string, data: Readonly<Record<string, unknown>>): ReturnType<Look> {
  const { present, type, mode, uid, gid, target } = data;
  if (present !== 1 || typeof mode !== 'string' || typeof uid !== 'number' || typeof gid !== 'number')
    return undefined;
  const entry = { path, mode: Number.parseInt(mode, 8), uid, gid };
  if (type === 'symlink') return { ...entry, kind: 'link', target: String(target) };
  if (type === 'directory') return { ...entry, kind: 'folder' };
  return { ...entry, kind: type === 'file' ? 'file' : 'other' };
}
